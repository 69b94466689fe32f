import { DueHeap } from '../collect/scraper-heap.ts';
import type { RawMessage } from '../contract/message.ts';

/** The messages of one file, in its own order. */
export interface MessageStream {
  /** Event time of its first message, epoch ms; -Infinity when that is not known. */
  readonly first: number;
  open(): AsyncIterator<readonly RawMessage[]>;
}

interface Open {
  readonly place: number;
  readonly rest: AsyncIterator<readonly RawMessage[]>;
  messages: readonly RawMessage[];
  at: number;
  /** Largest event time so far: what is late in a file is late behind the same message when it is merged. */
  reached: number;
}

const TAKEN_AT_ONCE = 256;

/**
 * Several files as one stream by event time, each in its own order; of equal times the first file's come first. A file is
 * opened when its first message is due, so files that follow one another in time cost as little as one. Memory: one chunk of
 * each file that is open. A message costs O(log open files).
 */
export async function* mergeStreams(streams: readonly MessageStream[]): AsyncGenerator<readonly RawMessage[]> {
  const unopened = streams
    .map((stream, place) => ({ stream, place }))
    .sort((a, b) => b.stream.first - a.stream.first || b.place - a.place);
  const open = new DueHeap<Open>();
  let taken: RawMessage[] = [];
  try {
    while (open.size > 0 || unopened.length > 0) {
      for (
        let next = unopened.at(-1);
        next !== undefined && next.stream.first <= open.next_due;
        next = unopened.at(-1)
      ) {
        unopened.pop();
        const opened = { place: next.place, rest: next.stream.open(), messages: [], at: 0, reached: next.stream.first };
        if (await advance(opened)) open.push(opened.reached, opened);
      }
      const due = open.next_due;
      const now: Open[] = [];
      while (open.size > 0 && open.next_due === due) now.push(open.pop() as Open);
      now.sort((a, b) => a.place - b.place);
      for (const one of now) {
        let more = true;
        while (more && one.reached === due) {
          taken.push(one.messages[one.at++] as RawMessage);
          more = await advance(one);
        }
        if (more) open.push(one.reached, one);
      }
      if (taken.length < TAKEN_AT_ONCE) continue;
      yield taken;
      taken = [];
    }
    if (taken.length > 0) yield taken;
  } finally {
    for (let left = open.pop(); left !== undefined; left = open.pop()) await left.rest.return?.();
  }
}

/** Stands on the next message; false: there is none. */
async function advance(one: Open): Promise<boolean> {
  while (one.at >= one.messages.length) {
    const { done, value } = await one.rest.next();
    if (done) return false;
    one.messages = value;
    one.at = 0;
  }
  const { event_time } = one.messages[one.at] as RawMessage;
  // What has no time stands where it was met.
  if (event_time > one.reached) one.reached = event_time;
  return true;
}
