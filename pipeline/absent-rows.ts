import type { GroupState } from '../operators/core/group-state.ts';
import type { BatchBuilder } from './batch-builder.ts';
import type { Batch } from './contract/batch.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT } from './contract/metrics.ts';

/** A scrape without any GPU of its node, or, with the code of an error, without an answer. */
export interface BareScrape {
  readonly node: number;
  readonly ts: number;
  /** The fleet's clock at its message. */
  readonly clock: number;
  readonly message: RawMessage;
  readonly unanswered: string | null;
}

/**
 * A row without any reading for each GPU that is on record of the node; null where none is. Of a scrape without an answer, which
 * says nothing of the GPUs, the first stands for the node. Filled into `builder`.
 */
export function absentRows(builder: BatchBuilder, { group, registry }: GroupState, bare: BareScrape): Batch | null {
  const { node, ts, clock, message, unanswered } = bare;
  // An index that is free keeps the node of the GPU that had it.
  const known = registry.gpuNodes.flatMap((home, gpu) => (home === node && registry.gpus[gpu]?.uuid ? [gpu] : []));
  const gpus = unanswered === null ? known : known.slice(0, 1);
  const rows = gpus.length;
  if (rows === 0) return null;
  builder.reserve(rows, message.arrived_at, clock);
  builder.ts.fill(ts, 0, rows);
  builder.gpu.set(gpus);
  builder.node.fill(node, 0, rows);
  builder.attribution.fill(0, 0, rows);
  builder.values.fill(Number.NaN, 0, rows * METRIC_COUNT);
  builder.position = message.position;
  const batch = builder.take(group, registry);
  return unanswered === null ? batch : { ...batch, unanswered };
}
