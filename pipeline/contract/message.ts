/** A message as it came over the bus, or out of a file that replay reads. */
export type ContentType = 'application/vnd.gpu-vitals.scrape' | 'application/json' | 'text/plain';

export interface RawMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly content_type: ContentType;
  /** Sequence in the stream, from 1, and when the server stored the message (epoch ms). */
  readonly position: number;
  readonly arrived_at: number;
  /** Event time for text that carries none: the `Event-Time` header, else `arrived_at`. */
  readonly event_time: number;
  /** The fleet's clock at this message, where somebody who has read the whole stream has noted it; epoch ms. */
  readonly clock?: number;
  /** `traceparent` of the span that published it; only of sampled traces, and only where they are asked for. */
  readonly trace?: string;
}
