import { FEATURE_COUNT, FEATURES } from '../../pipeline/contract/features.ts';

/** The features of one GPU (or MIG instance) as they stood at `ts`: from rows of that instant and before, never later. */
export interface FeatureVector {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  /** FEATURE_COUNT numbers in the order of FEATURES; NaN = unknown. */
  readonly values: Float64Array;
}

/** The vector as a row of gpu_features: one field a feature, null = unknown. */
export function featureRow(vector: FeatureVector): Readonly<Record<string, string | number | null>> {
  const row: Record<string, string | number | null> = {
    ts: vector.ts,
    gpu_uuid: vector.gpu_uuid,
    node: vector.node,
    instance: vector.instance,
  };
  for (let i = 0; i < FEATURE_COUNT; i++) {
    const value = vector.values[i] as number;
    row[(FEATURES[i] as (typeof FEATURES)[number]).name] = Number.isFinite(value) ? value : null;
  }
  return row;
}
