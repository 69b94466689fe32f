import type { AnomalyAnswer } from '../../schemas.ts';
import { ACTION_TEXT, capital } from './action-text.ts';
import { anomalyText } from './anomaly-text.ts';
import type { IncidentAnswer } from './answers.ts';
import type { FleetGpu, Severity } from './fleet-gpu.ts';
import { compareIncidents } from './incident-store.ts';
import { countText, gpuName, originText, summaryParts } from './incident-text.ts';
import { gpuPath, incidentPath, nodePath } from './router.ts';

/** One thing to do: an incident, or a GPU with open anomalies that no incident tells of. */
export interface Need {
  readonly id: string;
  readonly severity: Severity;
  readonly where: string;
  readonly href: string;
  readonly why: string;
  /** In full, where `why` is short. */
  readonly whole: string;
  /** What to do; empty when nobody knows. */
  readonly action: string;
  /** ISO text. */
  readonly since: string;
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

/**
 * In the order in which they need someone: by severity, incidents before single GPUs. What an open incident covers is not
 * told again, unless it is worse than the incident.
 */
export function needsMe(known: {
  readonly incidents: readonly IncidentAnswer[];
  readonly anomalies: Iterable<AnomalyAnswer>;
  readonly gpus: ReadonlyMap<string, FleetGpu>;
}): Need[] {
  const { gpus } = known;
  const incidents = [...known.incidents].sort(compareIncidents);
  const covered = new Map<string, number>();
  for (const { severity, gpus: uuids } of incidents) {
    for (const uuid of uuids) covered.set(uuid, Math.min(covered.get(uuid) ?? 9, RANK[severity]));
  }
  const found = new Map<string, AnomalyAnswer[]>();
  for (const anomaly of known.anomalies) {
    const whose = anomaly.gpu_uuid === '' ? `node ${anomaly.node}` : anomaly.gpu_uuid;
    const those = found.get(whose);
    if (those === undefined) found.set(whose, [anomaly]);
    else those.push(anomaly);
  }
  for (const those of found.values()) those.sort(compareAnomalies);
  const single = [...found.values()]
    .flatMap(([worst, ...others]) => (worst === undefined ? [] : [{ worst, others: others.length }]))
    .filter(({ worst }) => RANK[worst.severity] < (covered.get(worst.gpu_uuid) ?? 9))
    .sort((a, b) => compareAnomalies(a.worst, b.worst));
  return [
    ...incidents.map((incident) => ofIncident(incident, found, gpus)),
    ...single.map(({ worst, others }) => ofAnomaly(worst, others, gpus.get(worst.gpu_uuid))),
  ].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
}

function ofIncident(
  incident: IncidentAnswer,
  anomalies: ReadonlyMap<string, readonly AnomalyAnswer[]>,
  gpus: ReadonlyMap<string, FleetGpu>,
): Need {
  const { id, severity, scope, gpu_uuid, opened_at, summary } = incident;
  const { text, action } = summaryParts(incident);
  const worst = scope === 'gpu' ? anomalies.get(gpu_uuid)?.[0] : undefined;
  const count = incident.gpus.length > 1 ? ` · ${countText(incident.gpus.length, 'GPU')}` : '';
  return {
    id,
    severity,
    where: `${originText(incident, gpus)}${count}`,
    href: scope === 'gpu' ? gpuPath(gpu_uuid) : incidentPath(id),
    why: worst !== undefined && worst.severity === severity ? anomalyText(worst) : text,
    whole: summary,
    action: action === '' && scope === 'gpu' ? actionOf(gpus.get(gpu_uuid)) : action,
    since: opened_at,
  };
}

function ofAnomaly(worst: AnomalyAnswer, others: number, gpu: FleetGpu | undefined): Need {
  const of_node = worst.gpu_uuid === '';
  return {
    id: worst.id,
    severity: worst.severity,
    where: of_node ? `Node ${worst.node}` : placeOf(worst, gpu),
    href: of_node ? nodePath(worst.node) : gpuPath(worst.gpu_uuid),
    why: `${anomalyText(worst)}${others > 0 ? `; ${others} more` : ''}`,
    whole: worst.explanation,
    action: of_node ? 'Check the node and its exporter' : actionOf(gpu),
    since: worst.opened_at,
  };
}

const placeOf = ({ node, gpu_uuid }: AnomalyAnswer, gpu: FleetGpu | undefined): string =>
  gpu === undefined ? `${node} · ${gpu_uuid.slice(0, 12)}` : gpuName(gpu, gpu_uuid);

function actionOf(gpu: FleetGpu | undefined): string {
  const health = gpu?.health ?? null;
  if (health === null) return '';
  return health.action === 'none' ? capital(health.next) : ACTION_TEXT[health.action];
}
