import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { connectionOf, isMissing, managerOf, streamError } from './stream-manager.ts';
import { readHeaders } from './wire-headers.ts';

export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly position: number;
  /** Epoch ms. */
  readonly arrived_at: number;
}

/**
 * What a stream holds now, in order, headers included; ends at what was its end when the reading began. For tools:
 * every message's headers are read. Nothing when there is no such stream. Throws VitalsError.
 */
export async function* storedMessages(
  bus: Bus,
  stream: string,
  options: { readonly subject: string; readonly from: number },
): AsyncGenerator<StoredMessage> {
  try {
    const state = await bus.streamState(stream);
    if (state.messages === 0 || options.from > state.last_position) return;
    const consumer = await jetstream(connectionOf(bus)).consumers.get(stream, {
      filter_subjects: options.subject,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, options.from),
    });
    if ((await consumer.info(true)).num_pending === 0) return;
    const messages = await consumer.consume({ max_messages: 256 });
    try {
      for await (const message of messages) {
        if (message.seq > state.last_position) return;
        yield {
          subject: message.subject,
          data: message.data,
          headers: readHeaders(message),
          position: message.seq,
          arrived_at: Math.floor(message.info.timestampNanos / 1e6),
        };
        if (message.info.pending === 0) return;
      }
    } finally {
      messages.stop();
      await consumer.delete().catch(() => false);
    }
  } catch (cause) {
    if (isMissing(cause instanceof VitalsError ? cause.cause : cause)) return;
    throw streamError(cause, 'the stream cannot be read', stream);
  }
}

/** One message; null when there is none at this position. Throws VitalsError. */
export async function storedMessage(bus: Bus, stream: string, position: number): Promise<StoredMessage | null> {
  try {
    const message = await (await managerOf(bus)).streams.getMessage(stream, { seq: position });
    if (!message) return null;
    return {
      subject: message.subject,
      data: message.data,
      headers: readHeaders({ headers: message.header }),
      position: message.seq,
      arrived_at: message.time.getTime(),
    };
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw streamError(cause, `position ${position} cannot be read`, stream);
  }
}
