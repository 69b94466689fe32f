import { Worker } from 'node:worker_threads';
import type { FuzzTarget } from './fuzz-target.ts';
import type { FuzzThreadData, FuzzThreadWord } from './fuzz-thread.ts';
import { makeCase } from './make-case.ts';
import { minimise } from './minimise.ts';
import { CASE_LIMITS, type CaseRange, type Failure, feedOne } from './run-cases.ts';
import { type Watched, watchWorker } from './watch-worker.ts';

export interface TargetResult {
  readonly cases: number;
  readonly taken: number;
  readonly slowest_ms: number;
  readonly failure: (Failure & { readonly smallest: Uint8Array }) | null;
}

/** Of a worker's heap: any reader of a quarter of a mebibyte gets along with less. */
const HEAP_MIB = 384;
const TRIES_MAX = 3_000;
/** Where every try may cost seconds. */
const SLOW_TRIES_MAX = 24;
const SLOW_TRY_MS = 1_500;
const MINIMISE_MS = 20_000;

/** Runs cases of a target in a worker with limits; the input that breaks a law first is made as short as it can be. */
export async function fuzzOneTarget(target: FuzzTarget, range: CaseRange): Promise<TargetResult> {
  const watched = await inWorker({ target: target.name, range }, 4 * CASE_LIMITS.time_ms);
  if (watched.kind === 'done') {
    const { told } = watched;
    if (told.failure === null) return { ...told, failure: null };
    const fails = async (input: Uint8Array): Promise<boolean> => typeof (await feedOne(target, input)) === 'string';
    return {
      ...told,
      failure: {
        ...told.failure,
        smallest: await minimise(told.failure.input, fails, { tries_max: TRIES_MAX, time_ms: MINIMISE_MS }),
      },
    };
  }
  const number = Math.max(watched.number, range.from);
  const input = makeCase(target, range.seed, number);
  const fails = async (candidate: Uint8Array): Promise<boolean> => {
    const again = await inWorker({ target: target.name, input: candidate }, SLOW_TRY_MS);
    return again.kind !== 'done' || again.told.failure !== null;
  };
  const smallest = await minimise(input, fails, { tries_max: SLOW_TRIES_MAX, time_ms: 2 * MINIMISE_MS });
  const cases = number - range.from + 1;
  return { cases, taken: 0, slowest_ms: CASE_LIMITS.time_ms, failure: { number, input, what: watched.what, smallest } };
}

const inWorker = (
  work: Pick<FuzzThreadData, 'target' | 'range' | 'input'>,
  time_ms: number,
): Promise<Watched<FuzzThreadWord>> =>
  watchWorker<FuzzThreadWord>({
    time_ms,
    start: (progress) =>
      new Worker(new URL('fuzz-thread.js', import.meta.url), {
        workerData: { ...work, progress } satisfies FuzzThreadData,
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
      }),
  });
