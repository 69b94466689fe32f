import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../pipeline/clock.ts';
import { BrokenLaw, type FuzzTarget } from './fuzz-target.ts';
import { makeCase } from './make-case.ts';

/** One case may cost so much, whatever its bytes are: none is longer than two mebibytes. */
export const CASE_LIMITS = { time_ms: 5_000, memory_bytes: 192 * 1_048_576 } as const;

export interface CaseRange {
  readonly seed: number;
  readonly from: number;
  /** The first that is not run. */
  readonly to: number;
}

export interface Failure {
  readonly number: number;
  readonly input: Uint8Array;
  readonly what: string;
}

export interface CaseCounts {
  readonly cases: number;
  readonly taken: number;
  /** Longest case. */
  readonly slowest_ms: number;
}

/**
 * Runs cases until one breaks a law: of its target, of time or of memory outside the heap (that of the heap is the
 * worker's). `began` hears of every case before it runs.
 */
export async function runCases(
  target: FuzzTarget,
  { seed, from, to }: CaseRange,
  began: (number: number) => void = () => {},
): Promise<CaseCounts & { readonly failure: Failure | null }> {
  let taken = 0;
  let slowest_ms = 0;
  for (let number = from; number < to; number++) {
    began(number);
    const input = makeCase(target, seed, number);
    const first = await timed(target, input);
    // A machine that is busy elsewhere is slow once.
    const { outcome, took_ms } = first.took_ms > CASE_LIMITS.time_ms ? await timed(target, input) : first;
    slowest_ms = Math.max(slowest_ms, took_ms);
    if (outcome === true) taken++;
    const what =
      typeof outcome === 'string'
        ? outcome
        : took_ms > CASE_LIMITS.time_ms
          ? `took ${Math.round(took_ms)} ms for ${input.length} bytes`
          : null;
    if (what !== null) return { cases: number - from + 1, taken, slowest_ms, failure: { number, input, what } };
  }
  return { cases: to - from, taken, slowest_ms, failure: null };
}

async function timed(
  target: FuzzTarget,
  input: Uint8Array,
): Promise<{ readonly outcome: boolean | string; readonly took_ms: number }> {
  const started = systemClock.monotonic();
  const outcome = await feedOne(target, input);
  return { outcome, took_ms: systemClock.monotonic() - started };
}

/** Taken, refused, or what law was broken. */
export async function feedOne(target: FuzzTarget, input: Uint8Array): Promise<boolean | string> {
  const before = getHeapStatistics().external_memory;
  try {
    const told = target.feed(input);
    const taken = typeof told === 'boolean' ? told : await told;
    let grown = getHeapStatistics().external_memory - before;
    if (grown > CASE_LIMITS.memory_bytes && target.streams === true) {
      await collectGarbage();
      grown = getHeapStatistics().external_memory - before;
    }
    if (grown > CASE_LIMITS.memory_bytes) return `took ${grown} bytes of memory for ${input.length} bytes`;
    return taken;
  } catch (error) {
    return told(error);
  }
}

/** What streams held is let go of only behind their last events. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
}

/** What broke, and where: a law by its words, anything else with its place. */
function told(error: unknown): string {
  if (error instanceof BrokenLaw) return error.message;
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const place = error.stack?.split('\n').find((line) => line.trim().startsWith('at ')) ?? '';
  return `threw ${error.name}: ${error.message.slice(0, 300)} ${place.trim()}`;
}
