import { predictionOf } from '../operators/prediction/predict.ts';
import { rowsAt, type TableRow } from '../sinks/questdb/list-rows.ts';
import { readAsset } from '../sinks/questdb/read-assets.ts';
import type { Database } from './contract/database.ts';
import type { FeatureVector } from './contract/events.ts';
import { CARRIED_WIDTH, type FailureModel } from './contract/failure-model.ts';
import { FEATURE_COUNT, FEATURES, findFeature } from './contract/features.ts';
import { METRIC_COUNT } from './contract/metrics.ts';
import { GPU_FAILURE_PREDICTIONS } from './contract/prediction-tables.ts';
import type { Prediction } from './contract/predictions.ts';
import { EPOCH_MS_MAX } from './contract/time.ts';
import { GPU_FEATURES } from './contract/verdict-tables.ts';

const INSTANCES_MAX = 16;

/**
 * The prediction for a GPU now. What the engine told of its newest vector is the answer, since the engine also knows what
 * came before it; a vector that it has not judged yet, or judged by another model, is judged here without that past. Null
 * when there is no vector. `told_now`: the newest rows of its predictions, one an instance, as far as they are at hand: the engine
 * judges each vector as it makes it, so nothing is read where they are of this model. Throws GV-API-003 when the database is
 * asked and away. Cost: nothing, or three look-ups.
 */
export async function predictStored(
  database: Database,
  model: FailureModel,
  gpu_uuid: string,
  told_now: readonly TableRow[],
): Promise<Prediction | null> {
  const [newest] = told_now;
  if (newest !== undefined && isOf(model, newest)) return newest as unknown as Prediction;
  const equal = { gpu_uuid };
  const [vectors, told, asset] = await Promise.all([
    rowsAt(database, GPU_FEATURES, { equal }, EPOCH_MS_MAX, INSTANCES_MAX),
    rowsAt(database, GPU_FAILURE_PREDICTIONS, { equal }, EPOCH_MS_MAX, INSTANCES_MAX),
    readAsset(database, gpu_uuid),
  ]);
  const row = vectors[0];
  if (row === undefined) return null;
  const known = told.find(({ instance }) => instance === row.instance);
  if (known?.ts === row.ts && isOf(model, known)) return known as unknown as Prediction;
  return judge(model, {
    ...vectorOf((name) => row[name]),
    ts: row.ts,
    gpu_uuid,
    node: String(row.node ?? ''),
    instance: String(row.instance ?? ''),
    model: asset?.model ?? '',
  });
}

const isOf = ({ name, version }: FailureModel, row: TableRow): boolean =>
  row.model_name === name && row.model_version === version;

/** The prediction for features at hand; null and what is absent are unknown. `ts` is 0 where none is given. */
export const predictFeatures = (
  failureModel: FailureModel,
  features: Readonly<Record<string, number | null>>,
  model: string,
  ts: number,
): Prediction => judge(failureModel, { ...vectorOf((name) => features[name]), ts, model });

const judge = (model: FailureModel, vector: FeatureVector): Prediction =>
  predictionOf(vector, model, model.judge(vector, new Float32Array(CARRIED_WIDTH), 0));

function vectorOf(read: (name: string) => unknown): FeatureVector {
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  for (const { name } of FEATURES) {
    const value = read(name);
    if (typeof value === 'number') values[findFeature(name)] = value;
  }
  return {
    ts: 0,
    gpu_uuid: '',
    node: '',
    instance: '',
    model: '',
    job: '',
    values,
    latest: new Float64Array(METRIC_COUNT).fill(Number.NaN),
    latest_ts: 0,
    arrived_at: 0,
    final: false,
  };
}
