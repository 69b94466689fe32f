import type { AnomalyAnswer } from '../../schemas.ts';
import { ACTION_TEXT, capital } from './action-text.ts';
import { anomalyText } from './anomaly-text.ts';
import type { IncidentAnswer } from './answers.ts';
import { adviceText } from './decision-text.ts';
import type { FleetGpu, Severity } from './fleet-gpu.ts';
import { compareIncidents } from './incident-store.ts';
import { countText, gpuName, originText, summaryParts } from './incident-text.ts';
import { chance } from './prediction-text.ts';
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
  /** What an hour of waiting is expected to cost, dollars, over all boards concerned; null where nobody knows. */
  readonly usd_per_hour: number | null;
}

/** What the advisor says of a board that should not wait for a fault to show. */
const URGENT_ADVICE: ReadonlySet<string> = new Set(['drain', 'rma']);

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
 * In the order in which they need someone: what must be done now before what can wait a week, and among these what
 * costs most to wait for. What an open incident covers is not told again, unless it is worse than the incident. A board
 * that shows no fault yet is there when the advisor says to act on what is foreseen.
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
  const nodes = new Set(single.flatMap(({ worst }) => (worst.gpu_uuid === '' ? [worst.node] : [])));
  const of_nodes = boardsOf(gpus, nodes);
  return [
    ...incidents.map((incident) => ofIncident(incident, found, gpus)),
    ...single.map(({ worst, others }) => {
      const boards = worst.gpu_uuid === '' ? (of_nodes.get(worst.node) ?? []) : [gpus.get(worst.gpu_uuid)];
      return { ...ofAnomaly(worst, others, gpus.get(worst.gpu_uuid)), usd_per_hour: costOf(boards) };
    }),
    ...foreseen(gpus, covered, found),
  ].sort((a, b) => RANK[a.severity] - RANK[b.severity] || (b.usd_per_hour ?? -1) - (a.usd_per_hour ?? -1));
}

function boardsOf(gpus: ReadonlyMap<string, FleetGpu>, nodes: ReadonlySet<string>): Map<string, FleetGpu[]> {
  const boards = new Map<string, FleetGpu[]>();
  if (nodes.size === 0) return boards;
  for (const gpu of gpus.values()) {
    if (!nodes.has(gpu.node)) continue;
    const those = boards.get(gpu.node);
    if (those === undefined) boards.set(gpu.node, [gpu]);
    else those.push(gpu);
  }
  return boards;
}

function costOf(boards: readonly (FleetGpu | undefined)[]): number | null {
  const costs = boards.flatMap((board) => (board?.risk?.usd_per_hour == null ? [] : [board.risk.usd_per_hour]));
  return costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0);
}

/** Boards that the advisor wants out of work although nothing else tells of them. */
function foreseen(
  gpus: ReadonlyMap<string, FleetGpu>,
  covered: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, readonly AnomalyAnswer[]>,
): Need[] {
  const needs: Need[] = [];
  for (const gpu of gpus.values()) {
    const { risk, gpu_uuid } = gpu;
    if (risk === null || !URGENT_ADVICE.has(risk.advice) || covered.has(gpu_uuid)) continue;
    if ((found.get(gpu_uuid)?.[0]?.severity ?? 'info') !== 'info') continue;
    const model = risk.origin === '' ? '' : ` (${risk.origin})`;
    const why = `${chance(risk.p30)} likely to fail within 30 days, by ${risk.type}${model}`;
    needs.push({
      id: `risk ${gpu_uuid}`,
      severity: 'warning',
      where: gpuName(gpu, gpu_uuid),
      href: gpuPath(gpu_uuid),
      why,
      whole: why,
      action: adviceText(risk.advice),
      since: risk.ts,
      usd_per_hour: risk.usd_per_hour,
    });
  }
  return needs;
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
    usd_per_hour: costOf(incident.gpus.map((uuid) => gpus.get(uuid))),
  };
}

function ofAnomaly(worst: AnomalyAnswer, others: number, gpu: FleetGpu | undefined): Omit<Need, 'usd_per_hour'> {
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
