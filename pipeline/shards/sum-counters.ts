import type { Topology } from '../define-topology.ts';
import type { StepCounters } from '../run-topology.ts';
import type { ShardProgress } from './shard-messages.ts';

const NUMBERS = 4;

/** A topology's counters from those of the steps that ran here and those of all shards; time spent is summed over threads. */
export function sumCounters(
  topology: Topology,
  here: readonly StepCounters[],
  groups: Topology,
  told: readonly (ShardProgress | undefined)[],
): StepCounters[] {
  const sums = new Map(
    topology.nodes.map(({ id, kind }) => [id, { id, kind, items_in: 0, items_out: 0, batches: 0, busy_ms: 0 }]),
  );
  const add = (id: string, [items_in = 0, items_out = 0, batches = 0, busy_ms = 0]: readonly number[]): void => {
    const sum = sums.get(id);
    if (sum === undefined) return;
    sum.items_in += items_in;
    sum.items_out += items_out;
    sum.batches += batches;
    sum.busy_ms += busy_ms;
  };
  for (const { id, items_in, items_out, batches, busy_ms } of here) add(id, [items_in, items_out, batches, busy_ms]);
  for (const progress of told) {
    if (progress === undefined) continue;
    groups.nodes.forEach(({ id }, i) => {
      add(id, [...progress.counters.subarray(i * NUMBERS, (i + 1) * NUMBERS)]);
    });
  }
  return [...sums.values()];
}
