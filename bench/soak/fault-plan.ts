import { draw, draws } from '../fleet/random.ts';

export type FaultTarget = 'engine' | 'questdb' | 'nats' | 'collector' | 'api';

export interface PlannedFault {
  /** After the beginning of the soak. */
  readonly at_ms: number;
  /** kill: SIGKILL, started again after `for_ms`. stop: SIGSTOP, SIGCONT after `for_ms`. */
  readonly kind: 'kill' | 'stop';
  readonly target: FaultTarget;
  readonly for_ms: number;
}

export interface FaultPlanOptions {
  readonly seed: number;
  readonly duration_ms: number;
  readonly every_ms: number;
  /** Nothing happens in the first and in the last of it. */
  readonly calm_ms: number;
}

const TURNS: readonly (readonly [PlannedFault['kind'], FaultTarget])[] = [
  ['kill', 'engine'],
  ['stop', 'collector'],
  ['kill', 'questdb'],
  ['stop', 'engine'],
  ['kill', 'nats'],
  ['stop', 'questdb'],
  ['kill', 'collector'],
  ['stop', 'nats'],
  ['kill', 'api'],
];
const FOR_MIN_MS = 2_000;
const FOR_MAX_MS = 8_000;
/** A tenth of the distance, to either side. */
const JITTER = 0.1;

/** Everybody's turn, one after the other; when exactly, and for how long, follows from the seed. */
export function planFaults({ seed, duration_ms, every_ms, calm_ms }: FaultPlanOptions): PlannedFault[] {
  const from = draws(seed);
  const faults: PlannedFault[] = [];
  for (let turn = 0; ; turn++) {
    const [kind, target] = TURNS[turn % TURNS.length] as (typeof TURNS)[number];
    const at_ms = Math.round(calm_ms + (turn + JITTER * (2 * draw(from) - 1)) * every_ms);
    const for_ms = Math.round(FOR_MIN_MS + draw(from) * (FOR_MAX_MS - FOR_MIN_MS));
    if (calm_ms + turn * every_ms > duration_ms - calm_ms) return faults;
    faults.push({ at_ms: Math.max(0, at_ms), kind, target, for_ms });
  }
}
