import type { StepCounters } from '../run-topology.ts';

/** One of each step, from those of all groups. */
export function sumSteps(counters: readonly StepCounters[]): StepCounters[] {
  const sums = new Map<string, StepCounters>();
  for (const counter of counters) {
    const sum = sums.get(counter.id);
    if (sum === undefined) {
      sums.set(counter.id, { ...counter });
      continue;
    }
    sum.items_in += counter.items_in;
    sum.items_out += counter.items_out;
    sum.batches += counter.batches;
    sum.busy_ms += counter.busy_ms;
  }
  return [...sums.values()];
}
