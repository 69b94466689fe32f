import { parentPort, workerData } from 'node:worker_threads';
import { BrokenLaw } from './fuzz-target.ts';
import { type CaseCounts, type CaseRange, type Failure, feedOne, runCases } from './run-cases.ts';
import { findTarget } from './targets.ts';

/** What a thread runs: a range of cases, or one input. */
export interface FuzzThreadData {
  readonly target: string;
  readonly progress: Int32Array;
  readonly range?: CaseRange;
  readonly input?: Uint8Array;
}

/** `failure` is null when every law held. */
export type FuzzThreadWord = CaseCounts & { readonly failure: Failure | null };

const { target: name, progress, range, input } = workerData as FuzzThreadData;
const target = await findTarget(name);
if (target === null) throw new BrokenLaw(`there is no target ${name}`);

async function run(): Promise<FuzzThreadWord> {
  if (target === null || (range === undefined && input === undefined)) throw new BrokenLaw('nothing to run');
  if (range !== undefined) return runCases(target, range, (number) => Atomics.store(progress, 0, number));
  Atomics.store(progress, 0, 0);
  const bytes = input ?? new Uint8Array(0);
  const outcome = await feedOne(target, bytes);
  const failure = typeof outcome === 'string' ? { number: 0, input: bytes, what: outcome } : null;
  return { cases: 1, taken: outcome === true ? 1 : 0, slowest_ms: 0, failure };
}

parentPort?.postMessage({ done: await run() });
