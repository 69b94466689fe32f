import type { ContentType, RawMessage } from '../contract/message.ts';

/** Messages as few transferable arrays, so that handing them to a thread costs one copy of their bytes. */
export interface PackedMessages {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the bytes of each message end. */
  readonly ends: Uint32Array<ArrayBuffer>;
  /** position, arrived_at, event_time, clock of each. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Index into the content types. */
  readonly types: Uint8Array<ArrayBuffer>;
  readonly subjects: readonly string[];
  /** Of those that belong to a trace, by index; absent when none does. */
  readonly traces?: Readonly<Record<number, string>>;
}

/** A message whose place in the fleet's time is known. */
export type ClockedMessage = RawMessage & { readonly clock: number };

const TYPES: readonly ContentType[] = ['application/vnd.gpu-vitals.scrape', 'application/json', 'text/plain'];
const NUMBERS = 4;

export function packMessages(messages: readonly ClockedMessage[]): PackedMessages {
  const bytes = new Uint8Array(messages.reduce((sum, { data }) => sum + data.length, 0));
  const ends = new Uint32Array(messages.length);
  const numbers = new Float64Array(messages.length * NUMBERS);
  const types = new Uint8Array(messages.length);
  let traces: Record<number, string> | undefined;
  let end = 0;
  messages.forEach((message, i) => {
    if (message.trace !== undefined) {
      traces ??= {};
      traces[i] = message.trace;
    }
    bytes.set(message.data, end);
    end += message.data.length;
    ends[i] = end;
    types[i] = TYPES.indexOf(message.content_type);
    numbers[i * NUMBERS] = message.position;
    numbers[i * NUMBERS + 1] = message.arrived_at;
    numbers[i * NUMBERS + 2] = message.event_time;
    numbers[i * NUMBERS + 3] = message.clock;
  });
  const packed = { bytes, ends, numbers, types, subjects: messages.map(({ subject }) => subject) };
  return traces === undefined ? packed : { ...packed, traces };
}

/** What goes along instead of being copied again. */
export const buffersOf = ({ bytes, ends, numbers, types }: PackedMessages): ArrayBuffer[] => [
  bytes.buffer,
  ends.buffer,
  numbers.buffer,
  types.buffer,
];

export function unpackMessages({ bytes, ends, numbers, types, subjects, traces }: PackedMessages): ClockedMessage[] {
  return subjects.map((subject, i) => ({
    subject,
    data: bytes.subarray(ends[i - 1] ?? 0, ends[i]),
    content_type: TYPES[types[i] as number] as ContentType,
    position: numbers[i * NUMBERS] as number,
    arrived_at: numbers[i * NUMBERS + 1] as number,
    event_time: numbers[i * NUMBERS + 2] as number,
    clock: numbers[i * NUMBERS + 3] as number,
    ...(traces?.[i] === undefined ? {} : { trace: traces[i] }),
  }));
}
