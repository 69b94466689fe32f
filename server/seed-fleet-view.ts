import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { METRIC_COUNT, METRICS } from '../pipeline/contract/metrics.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { ANOMALIES, GPU_METRICS } from '../pipeline/contract/tables.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { closedRows } from '../sinks/questdb/closed-rows.ts';
import { latestColumns } from '../sinks/questdb/latest-columns.ts';
import { newestInstant } from '../sinks/questdb/newest-instant.ts';
import { openAnomalies } from '../sinks/questdb/read-anomalies.ts';
import { listAssets } from '../sinks/questdb/read-assets.ts';
import { latestSamples } from '../sinks/questdb/read-samples.ts';
import type { FleetView } from './fleet-view.ts';
import {
  DECISION_NOW,
  HEALTH_NOW,
  PREDICTION_NOW,
  type VerdictBook,
  type VerdictChange,
  type VerdictKind,
} from './verdict-now.ts';
import { verdictChange } from './verdict-row.ts';

const ANOMALIES_MAX = 100_000;
const VERDICTS = [
  { kind: 'health', table: GPU_HEALTH_SCORES, columns: HEALTH_NOW, equal: { profile: 'default' } },
  { kind: 'prediction', table: GPU_FAILURE_PREDICTIONS, columns: PREDICTION_NOW, equal: {} },
  { kind: 'decision', table: GPU_ECONOMIC_DECISIONS, columns: [...DECISION_NOW, 'instance'], equal: {} },
] as const satisfies readonly { readonly kind: VerdictKind; readonly [field: string]: unknown }[];

export interface ViewSeed {
  readonly database: Database;
  readonly view: FleetView;
  readonly clock: Clock;
  /** How far back rows are looked for. */
  readonly span_ms: number;
  /** Whether the bus has told of an anomaly since words may have been missed: then it is newer than the table's. */
  readonly heard: (id: string) => boolean;
  readonly stopped: () => boolean;
}

/** The last sample of every GPU that the bus has not told of yet. Throws GV-API-003 when the database is away; likewise below. */
export async function seedSamples(seed: ViewSeed): Promise<void> {
  const { database, view, clock, stopped } = seed;
  const newest = clock.now();
  const values = new Float64Array(METRIC_COUNT);
  const identities = new Map<string, { model: string; slot: string }>();
  for (let cursor: string | undefined; ; ) {
    const page = await listAssets(database, {}, { limit: 1_000, cursor });
    for (const asset of page.items) identities.set(asset.gpu_uuid, { model: asset.model, slot: asset.slot });
    if (page.next === null || stopped()) break;
    cursor = page.next;
  }
  for (const row of await latestSamples(database, { since: await sinceOf(seed, GPU_METRICS) })) {
    METRICS.forEach((metric, index) => {
      values[index] = row[metric.name] ?? Number.NaN;
    });
    const { model, slot } = identities.get(row.gpu_uuid) ?? { model: '', slot: '' };
    const who = { gpu_uuid: row.gpu_uuid, instance: row.instance, node: row.node, model, slot, attribution: [] };
    const known = view.find(row.gpu_uuid, row.instance);
    // What came over the bus meanwhile is newer, and knows who uses the GPU.
    if (known === undefined || !(known.ts >= row.ts)) view.applySample(who, row.ts, values, Math.min(row.ts, newest));
  }
}

/**
 * Open anomalies, and the closings of those that the view takes for open: whatever of it the bus has not told. An anomaly that the
 * table does not know yet stays as it is.
 */
export async function seedAnomalies({ database, view, heard }: ViewSeed): Promise<void> {
  const shown = new Map(view.openAnomalies().map((anomaly) => [anomaly.id, JSON.stringify(anomaly)]));
  const tell = (anomaly: Anomaly): void => {
    if (heard(anomaly.id) || shown.get(anomaly.id) === JSON.stringify(anomaly)) return;
    view.applyAnomaly(anomaly);
  };
  const open = await openAnomalies(database, { rows_max: ANOMALIES_MAX });
  for (const anomaly of open) {
    tell(anomaly);
    shown.delete(anomaly.id);
  }
  const missing = view.openAnomalies().filter(({ id }) => shown.has(id));
  for (const anomaly of await closedRows(database, ANOMALIES, missing)) tell(anomaly as unknown as Anomaly);
}

/** The newest scores, predictions and decisions where they differ from what the view shows. */
export async function seedVerdicts(seed: ViewSeed): Promise<void> {
  const { database, view } = seed;
  for (const { kind, table, columns, equal } of VERDICTS) {
    const since = await sinceOf(seed, table);
    const names = [...columns, 'gpu_uuid', ...Object.keys(equal)];
    for (const row of await latestColumns(database, table, { columns: names, since, equal })) {
      const change = verdictChange(kind, row);
      if (change !== null && JSON.stringify(shownNow(view.verdicts, change)) !== JSON.stringify(change.row)) {
        view.applyVerdict(change);
      }
    }
  }
}

/** Where reading begins: what a table has of its last day, also where that is long ago: a fleet that has stopped is shown as it was. */
async function sinceOf({ database, clock, span_ms }: ViewSeed, table: { readonly name: string }): Promise<number> {
  const now = clock.now();
  return Math.min(now, (await newestInstant(database, table)) ?? now) - span_ms;
}

function shownNow(book: VerdictBook, change: VerdictChange): unknown {
  const { gpu_uuid, kind } = change;
  if (kind === 'decision') return book.decision(gpu_uuid, Number.NaN);
  return book[kind](gpu_uuid, change.row.instance, Number.NaN);
}
