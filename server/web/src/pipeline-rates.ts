import type { StepCounts, TopologyAnswer } from './pipeline-answer.ts';

/** What a step does now, from two of the engine's reports. */
export interface StepRate {
  readonly in_per_s: number;
  readonly out_per_s: number;
  readonly batches_per_s: number;
  /** Share of one core that the step takes, 0..1. */
  readonly busy_ratio: number;
  /** Of an item that came in, milliseconds; null when none came. */
  readonly item_ms: number | null;
  /** Of a batch, milliseconds; null when none came. */
  readonly batch_ms: number | null;
}

const DELTAS = ['items_in', 'items_out', 'batches', 'busy_ms'] as const;

/**
 * Rates by step between two reports of one engine; empty when they are not of the same one, or not apart. A counter that
 * went back began anew, and then its rate is told from nothing.
 */
export function stepRates(earlier: TopologyAnswer, later: TopologyAnswer): ReadonlyMap<string, StepRate> {
  const seconds = ((later.ts ?? 0) - (earlier.ts ?? 0)) / 1_000;
  if (!(seconds > 0) || earlier.worker !== later.worker || earlier.started_at !== later.started_at) return new Map();
  const before = new Map(earlier.steps.map((step) => [step.id, step]));
  return new Map(later.steps.map((step) => [step.id, rateOf(before.get(step.id), step, seconds)]));
}

function rateOf(earlier: StepCounts | undefined, later: StepCounts, seconds: number): StepRate {
  const [came, went, batches, busy_ms] = DELTAS.map((field) => {
    const delta = later[field] - (earlier?.[field] ?? 0);
    return delta < 0 ? later[field] : delta;
  }) as [number, number, number, number];
  return {
    in_per_s: came / seconds,
    out_per_s: went / seconds,
    batches_per_s: batches / seconds,
    busy_ratio: busy_ms / 1_000 / seconds,
    item_ms: came === 0 ? null : busy_ms / came,
    batch_ms: batches === 0 ? null : busy_ms / batches,
  };
}

/** What each step is for, from the drawing that the engine makes of itself. */
export function stepNotes(mermaid: string): ReadonlyMap<string, string> {
  const notes = new Map<string, string>();
  for (const [, id, note] of mermaid.matchAll(/^\s*(\w+)[[({]+"[^"]*?<small>([^"]*?)<\/small>"/gm)) {
    if (id !== undefined && note !== undefined) notes.set(id, note);
  }
  return notes;
}

/** Reports kept for rates: the newest, and those of the last `span_ms` of the engine's clock. */
export function keptReports(
  reports: readonly TopologyAnswer[],
  next: TopologyAnswer,
  span_ms: number,
): readonly TopologyAnswer[] {
  if (next.ts === undefined) return [];
  const newest = reports.at(-1);
  if (newest !== undefined && (newest.worker !== next.worker || newest.started_at !== next.started_at)) return [next];
  if (newest?.ts === next.ts) return reports;
  const since = next.ts - span_ms;
  return [...reports.filter(({ ts = 0 }) => ts >= since && ts < (next.ts ?? 0)), next];
}
