import { DueHeap } from '../collect/scraper-heap.ts';
import type { RawMessage } from '../contract/message.ts';

/** The messages of one file, in its own order. */
export interface MessageStream {
  /** Event time at which it begins, epoch ms; -Infinity when that is not known. */
  readonly first: number;
  open(): AsyncIterator<readonly RawMessage[]>;
}

/** Messages, and for each of them the smallest time of those from it on. */
interface Chunk {
  readonly messages: readonly RawMessage[];
  readonly times: Float64Array;
}

interface Open {
  readonly nth: number;
  readonly first: number;
  readonly rest: AsyncIterator<readonly RawMessage[]>;
  /** Newest event time of each node so far: what is late in a file is late behind the same message when it is merged. */
  readonly newest: Map<string, number>;
  chunk: Chunk;
  at: number;
  /** What comes next: one clock that is fast may be the last word of a chunk. */
  ahead: Chunk;
}

const TAKEN_AT_ONCE = 256;
const NOTHING: Chunk = { messages: [], times: new Float64Array(0) };

/**
 * Several files as one stream by event time, each in its own order; of equal times the first file's come first. A node whose
 * clock jumps takes nobody along: a file stands at the smallest time to come, by the newest of each node. A file is opened when
 * its first message is due, so files that follow one another in time cost as little as one. Memory: two chunks and a time a
 * node of each file that is open. A message costs O(log open files).
 */
export async function* mergeStreams(streams: readonly MessageStream[]): AsyncGenerator<readonly RawMessage[]> {
  const unopened = streams
    .map((stream, nth) => ({ stream, nth }))
    .sort((a, b) => b.stream.first - a.stream.first || b.nth - a.nth);
  const due = new DueHeap<Open>();
  const open = new Set<Open>();
  let taken: RawMessage[] = [];
  const wait = (one: Open): void => {
    if (one.chunk === NOTHING) open.delete(one);
    else due.push(timeOf(one), one);
  };
  try {
    while (due.size > 0 || unopened.length > 0) {
      for (
        let next = unopened.at(-1);
        next !== undefined && next.stream.first <= due.next_due;
        next = unopened.at(-1)
      ) {
        unopened.pop();
        const { first } = next.stream;
        const rest = next.stream.open();
        const one = { nth: next.nth, first, rest, newest: new Map(), chunk: NOTHING, at: 0, ahead: NOTHING };
        open.add(one);
        one.ahead = await chunkOf(one);
        await advance(one);
        wait(one);
      }
      const now_due = due.next_due;
      const now: Open[] = [];
      while (due.size > 0 && due.next_due === now_due) now.push(due.pop() as Open);
      now.sort((a, b) => a.nth - b.nth);
      for (const one of now) {
        while (one.chunk !== NOTHING && timeOf(one) <= now_due) {
          taken.push(one.chunk.messages[one.at] as RawMessage);
          if (++one.at >= one.chunk.messages.length) await advance(one);
          if (taken.length < TAKEN_AT_ONCE) continue;
          yield taken;
          taken = [];
        }
        wait(one);
      }
    }
    if (taken.length > 0) yield taken;
  } finally {
    for (const { rest } of open) await rest.return?.();
  }
}

const timeOf = ({ chunk, at, ahead }: Open): number =>
  Math.min(chunk.times[at] as number, ahead.times[0] ?? Number.POSITIVE_INFINITY);

/** Stands on the first message of the next chunk. */
async function advance(one: Open): Promise<void> {
  one.chunk = one.ahead;
  one.at = 0;
  if (one.chunk !== NOTHING) one.ahead = await chunkOf(one);
}

async function chunkOf({ rest, newest, first }: Open): Promise<Chunk> {
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    const messages = next.value;
    if (messages.length === 0) continue;
    const times = new Float64Array(messages.length);
    messages.forEach(({ subject, event_time }, at) => {
      const before = newest.get(subject) ?? first;
      // What has no time stands where it was met.
      times[at] = event_time > before ? event_time : before;
      newest.set(subject, times[at] as number);
    });
    for (let at = times.length - 2; at >= 0; at--) times[at] = Math.min(times[at] as number, times[at + 1] as number);
    return { messages, times };
  }
  return NOTHING;
}
