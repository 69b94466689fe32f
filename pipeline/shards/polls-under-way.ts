import type { FleetTime } from '../../operators/core/run-fleet.ts';
import type { Picked } from '../run-topology.ts';

/** Messages of one push, until all shards that have any of them have answered. */
export interface Poll {
  readonly first: number;
  readonly last: number;
  /** The fleet's clock behind it. */
  readonly time: FleetTime;
  /** How many shards are asked. */
  readonly asked: number;
}

/** A poll to which all have answered, with what they have picked, by shard. */
export type AnsweredPoll = Poll & { readonly picked: readonly (Picked | undefined)[] };

export interface PollsUnderWay {
  readonly size: number;
  /** Position of the first message under way. */
  readonly first: number | null;
  /** Position of the last message that went through; 0 before the first. */
  readonly passed: number;
  /** Rejects at the first failure; nothing passes after it. */
  readonly failed: Promise<never>;
  begin(poll: Poll): number;
  answer(number: number, shard: number, picked: Picked): void;
  fail(error: unknown): void;
  /** Whether everything up to a position that was handed over went through. */
  reached(position: number): boolean;
  /** Resolves as soon as it holds; rejects at a failure. */
  until(condition: () => boolean): Promise<void>;
  /** Positions begin again. Called when nothing is under way. */
  rewind(position: number): void;
}

interface Waiter {
  readonly until: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Polls pass in their order, each when all have answered to it; `pass` takes it, and its failure fails all. */
export function pollsUnderWay(pass: (poll: AnsweredPoll) => void): PollsUnderWay {
  const polls: (Poll & { readonly number: number; readonly picked: (Picked | undefined)[]; left: number })[] = [];
  let waiters: Waiter[] = [];
  let begun = 0;
  let passed = 0;
  let failure: { readonly error: unknown } | null = null;
  let reject: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  failed.catch(() => undefined);

  const fail = (error: unknown): void => {
    if (failure !== null) return;
    failure = { error };
    reject(error);
    for (const waiter of waiters) waiter.reject(error);
    waiters = [];
  };
  return {
    failed,
    fail,
    get size() {
      return polls.length;
    },
    get first() {
      return polls[0]?.first ?? null;
    },
    get passed() {
      return passed;
    },
    begin(poll) {
      polls.push({ ...poll, number: ++begun, picked: [], left: poll.asked });
      return begun;
    },
    answer(number, shard, picked) {
      const answered = polls.find((poll) => poll.number === number);
      if (answered === undefined || failure !== null) return;
      answered.picked[shard] = picked;
      answered.left -= 1;
      try {
        for (let [poll] = polls; poll?.left === 0; [poll] = polls) {
          pass(poll);
          polls.shift();
          passed = poll.last;
        }
      } catch (error) {
        fail(error);
        return;
      }
      const met = waiters.filter((waiter) => waiter.until());
      waiters = waiters.filter((waiter) => !met.includes(waiter));
      for (const { resolve } of met) resolve();
    },
    reached: (position) => polls[0] === undefined || polls[0].first > position,
    until: (condition) =>
      new Promise((resolve, refuse) => {
        if (failure !== null) refuse(failure.error);
        else if (condition()) resolve();
        else waiters.push({ until: condition, resolve, reject: refuse });
      }),
    rewind(position) {
      passed = position;
    },
  };
}
