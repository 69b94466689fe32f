import type { RawMessage } from '../contract/message.ts';
import { type MessageStream, mergeStreams } from './merge-streams.ts';

/** Instant of what a node exposed, epoch ms; the text is null when nothing can be read in it. */
export type TextInstant = (node: string, text: Uint8Array | null) => number;

/** Reads a file from its beginning; what is refused before any row has a time is told at `start_ms`. */
export type FileReading = (start_ms: number, instantOf: TextInstant) => AsyncGenerator<readonly RawMessage[]>;

/** No row has such a time. */
const NO_TIME = -1;

/**
 * Files of one capture as one stream by event time, whatever they are called: a node each, an hour each, or both. Each is
 * opened twice, the first time for its beginning alone. Exposition texts get their instants then: those without times count
 * on where the file before, by name, has stopped.
 */
export async function* readTogether(
  files: readonly FileReading[],
  instantOf: TextInstant,
  start_ms: number,
): AsyncGenerator<readonly RawMessage[]> {
  const streams: MessageStream[] = [];
  for (const read of files) {
    const instants: number[] = [];
    const noted: TextInstant = (node, text) => {
      const ts = instantOf(node, text);
      instants.push(ts);
      return ts;
    };
    const first = (await firstTime(read(NO_TIME, noted))) ?? start_ms;
    const again = instants.values();
    streams.push({ first, open: () => read(first, () => again.next().value ?? first) });
  }
  let position = 0;
  for await (const messages of mergeStreams(streams)) {
    yield messages.map((message) => ({ ...message, position: ++position }));
  }
}

/** Where a file begins: the message of a node whose clock is fast may be its first, and all that its first chunk gives. */
async function firstTime(reading: AsyncGenerator<readonly RawMessage[]>): Promise<number | null> {
  let first: number | null = null;
  let timed = 0;
  for await (const messages of reading) {
    for (const { event_time } of messages) {
      if (event_time !== NO_TIME && (first === null || event_time < first)) first = event_time;
    }
    if (first !== null && ++timed === 2) break;
  }
  return first;
}
