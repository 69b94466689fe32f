import { GroupState } from '../operators/core/group-state.ts';
import { health } from '../operators/health/health.ts';
import { listRows, rowsAt, type TableRow } from '../sinks/questdb/list-rows.ts';
import { readAsset } from '../sinks/questdb/read-assets.ts';
import { readRecentRows } from '../sinks/questdb/read-samples.ts';
import type { Clock } from './clock.ts';
import type { Database } from './contract/database.ts';
import type { Anomaly, Episode, FeatureVector, HealthProfile, HealthScore } from './contract/events.ts';
import { FEATURES } from './contract/features.ts';
import { METRICS } from './contract/metrics.ts';
import { ANOMALIES, GPU_METRICS } from './contract/tables.ts';
import { days, EPOCH_MS_MAX, minutes } from './contract/time.ts';
import { GPU_FEATURES, XID_EPISODES } from './contract/verdict-tables.ts';
import { scoreSamples } from './score-samples.ts';

const WEEK_MS = days(7);
const ROWS_MAX = 1_000;

const numbers = (row: TableRow, names: readonly { readonly name: string }[]): Float64Array =>
  Float64Array.from(names, ({ name }) => (typeof row[name] === 'number' ? (row[name] as number) : Number.NaN));

export interface StoredToScore {
  readonly gpu_uuid: string;
  readonly profile: HealthProfile;
  /** The fleet's event time. */
  readonly now: number;
  /** Whether readings of an instant may be told of; all when absent. */
  readonly may_tell?: (ts: number) => boolean;
}

/** An instance of which nothing came for so long while others of its board reported is no instance any more. */
const GONE_MS = minutes(10);

/**
 * The health of a GPU now, from what the engine has told: its newest vector and reading, open anomalies of it and of its
 * node, and episodes. By the reference profile from its raw samples of the last week. Of a board with MIG instances the worst of
 * theirs. Null when nothing is known of it. How long ago the reading was made counts. Throws
 * GV-API-003 when the database is away. Cost: six look-ups; for the reference profile a week of samples, about a second
 * at 10 s.
 */
export async function scoreStored(database: Database, clock: Clock, asked: StoredToScore): Promise<HealthScore | null> {
  const { gpu_uuid, profile, may_tell = () => true } = asked;
  const all = await rowsAt(database, GPU_METRICS, { equal: { gpu_uuid } }, EPOCH_MS_MAX, ROWS_MAX);
  const readings = all.filter(({ ts }) => may_tell(ts));
  const newest = Math.max(...readings.map(({ ts }) => ts));
  const present = readings.filter(({ ts }) => ts >= newest - GONE_MS);
  const scores =
    profile === 'reference'
      ? await referenceScores(database, clock, gpu_uuid, present)
      : await defaultScores(database, { gpu_uuid, readings: present, now: Math.max(asked.now, newest) });
  const known = scores.filter(({ overall_score }) => overall_score !== null);
  return (known.length > 0 ? known : scores).reduce<HealthScore | null>(
    (worst, one) => (worst !== null && (worst.overall_score ?? 0) <= (one.overall_score ?? 0) ? worst : one),
    null,
  );
}

async function referenceScores(
  database: Database,
  clock: Clock,
  gpu_uuid: string,
  readings: readonly TableRow[],
): Promise<HealthScore[]> {
  const scores: HealthScore[] = [];
  for (const { ts, node, instance: told } of readings) {
    const instance = String(told ?? '');
    const samples = await readRecentRows(database, { gpu_uuid, instance, from: ts - WEEK_MS });
    const { score } = await scoreSamples({ samples, profile: 'reference', clock });
    if (score !== null) scores.push({ ...score, gpu_uuid, node: String(node), instance });
  }
  return scores;
}

async function defaultScores(
  database: Database,
  board: { readonly gpu_uuid: string; readonly readings: readonly TableRow[]; readonly now: number },
): Promise<HealthScore[]> {
  const { gpu_uuid, readings, now } = board;
  const first = readings[0];
  if (first === undefined) return [];
  const equal = { gpu_uuid };
  const [asset, vectors, own, nodes, stories] = await Promise.all([
    readAsset(database, gpu_uuid),
    rowsAt(database, GPU_FEATURES, { equal }, EPOCH_MS_MAX, ROWS_MAX),
    listRows(database, ANOMALIES, { equal: { ...equal, state: 'open' } }, { limit: ROWS_MAX }),
    listRows(database, ANOMALIES, { equal: { node: String(first.node), state: 'open' } }, { limit: ROWS_MAX }),
    listRows(database, XID_EPISODES, { equal, from: now - 4 * WEEK_MS }, { limit: ROWS_MAX }),
  ]);
  const state = new GroupState(0);
  const node = state.registry.node(String(first.node));
  for (const { instance } of readings) {
    const gpu = { uuid: gpu_uuid, instance: String(instance ?? ''), model: '', pci_bus_id: '', serial: '', slot: '' };
    state.registry.gpu(gpu, node);
  }
  const operator = health({ every: minutes(15) });
  const columns = state.columns('health', operator.state);
  const scores = new Map<string, HealthScore>();
  const told = (_: string, score: HealthScore): void => {
    scores.set(score.instance, score);
  };
  const ofNode = nodes.items.filter((anomaly) => anomaly.gpu_uuid === '');
  for (const item of [...own.items, ...ofNode]) {
    operator.on.anomalies(item as unknown as Anomaly, state, columns, told);
  }
  for (const item of stories.items.toReversed()) {
    operator.on.episodes(item as unknown as Episode, state, columns, told);
  }
  for (const reading of readings) {
    const instance = String(reading.instance ?? '');
    const features = vectors.find((row) => String(row.instance ?? '') === instance);
    const vector: FeatureVector = {
      ts: now,
      gpu_uuid,
      node: String(reading.node),
      instance,
      model: asset?.model ?? '',
      job: '',
      values: features === undefined ? new Float64Array(FEATURES.length).fill(Number.NaN) : numbers(features, FEATURES),
      latest: numbers(reading, METRICS),
      latest_ts: reading.ts,
      arrived_at: reading.ts,
      final: true,
    };
    operator.on.vectors(vector, state, columns, told);
  }
  return [...scores.values()];
}
