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

/**
 * The health of a GPU now, from what the engine has told: its newest vector and reading, open anomalies and episodes. By the
 * reference profile from its raw samples of the last week. Null when nothing is known of it. Throws GV-API-003 when the
 * database is away. Cost: five look-ups; for the reference profile a week of samples, about a second at 10 s.
 */
export async function scoreStored(
  database: Database,
  clock: Clock,
  gpu_uuid: string,
  profile: HealthProfile,
): Promise<HealthScore | null> {
  const equal = { gpu_uuid };
  const [asset, vectors, readings] = await Promise.all([
    readAsset(database, gpu_uuid),
    rowsAt(database, GPU_FEATURES, { equal }, EPOCH_MS_MAX, ROWS_MAX),
    rowsAt(database, GPU_METRICS, { equal }, EPOCH_MS_MAX, ROWS_MAX),
  ]);
  const reading = readings[0];
  if (reading === undefined) return null;
  const instance = String(reading.instance ?? '');
  if (profile === 'reference') {
    const samples = await readRecentRows(database, { gpu_uuid, instance, from: reading.ts - WEEK_MS });
    const { score } = await scoreSamples({ samples, profile, clock });
    return score && { ...score, gpu_uuid, node: String(reading.node), instance };
  }
  const state = new GroupState(0);
  const node = state.registry.node(String(reading.node));
  const gpu = { uuid: gpu_uuid, instance, model: '', pci_bus_id: '', serial: '', slot: '' };
  state.registry.gpu(gpu, node);
  const operator = health({ every: minutes(15) });
  const columns = state.columns('health', operator.state);
  let score: HealthScore | null = null;
  const told = (_: string, item: HealthScore): void => {
    score = item;
  };
  const [open, stories] = await Promise.all([
    listRows(database, ANOMALIES, { equal: { ...equal, state: 'open' } }, { limit: ROWS_MAX }),
    listRows(database, XID_EPISODES, { equal, from: reading.ts - 4 * WEEK_MS }, { limit: ROWS_MAX }),
  ]);
  for (const item of open.items) operator.on.anomalies(item as unknown as Anomaly, state, columns, told);
  for (const item of stories.items.toReversed()) {
    operator.on.episodes(item as unknown as Episode, state, columns, told);
  }
  const features = vectors.find((row) => String(row.instance ?? '') === instance);
  const vector: FeatureVector = {
    ts: reading.ts,
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
  return score;
}
