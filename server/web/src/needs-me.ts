import type { AnomalyAnswer } from '../../schemas.ts';
import type { FleetGpu } from './fleet-gpu.ts';

/** A GPU with open anomalies, its worst one first. */
export interface Need {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly slot: string;
  readonly worst: AnomalyAnswer;
  readonly others: number;
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

/** Worst severity first, then the highest score, then the one that has waited longest. */
export function compareAnomalies(a: AnomalyAnswer, b: AnomalyAnswer): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    Math.abs(b.score ?? 0) - Math.abs(a.score ?? 0) ||
    (a.opened_at < b.opened_at ? -1 : a.opened_at > b.opened_at ? 1 : 0) ||
    (a.id < b.id ? -1 : 1)
  );
}

/** One entry per GPU, in the order in which they need someone. */
export function needsMe(anomalies: Iterable<AnomalyAnswer>, gpus: ReadonlyMap<string, FleetGpu>): Need[] {
  const found = new Map<string, { worst: AnomalyAnswer; others: number }>();
  for (const anomaly of anomalies) {
    const known = found.get(anomaly.gpu_uuid);
    if (known === undefined) {
      found.set(anomaly.gpu_uuid, { worst: anomaly, others: 0 });
      continue;
    }
    known.others++;
    if (compareAnomalies(anomaly, known.worst) < 0) known.worst = anomaly;
  }
  return [...found]
    .map(([gpu_uuid, { worst, others }]) => ({
      gpu_uuid,
      node: gpus.get(gpu_uuid)?.node ?? worst.node,
      slot: gpus.get(gpu_uuid)?.slot ?? '',
      worst,
      others,
    }))
    .sort((a, b) => compareAnomalies(a.worst, b.worst));
}
