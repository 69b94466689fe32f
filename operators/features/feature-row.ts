import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, FEATURES } from '../../pipeline/contract/features.ts';

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

/** Every definition is as old as the table: one instant for all, so that writing them again changes nothing. */
const DEFINED_AT = Date.UTC(2026, 0, 1);

/** The rows of feature_definitions. */
export const featureDefinitionRows = (): Readonly<Record<string, string | number>>[] =>
  FEATURES.map(({ name, unit, window, formula, version }) => ({
    ts: DEFINED_AT,
    name,
    unit,
    window,
    formula,
    version,
  }));
