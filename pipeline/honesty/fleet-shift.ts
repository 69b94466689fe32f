import { FEATURES, findFeature } from '../contract/features.ts';
import type { FeatureDrift } from './feature-drift.ts';

/** How much of what a model goes by is not spread any more as where it was trained. */
export interface FleetShift {
  /** Share (0..1) of its importance; null when nothing can be compared. */
  readonly moved_ratio: number | null;
  /** Features that have moved beyond doubt, weightiest first. */
  readonly moved: readonly string[];
}

/** Chance that one feature of all is called moved although none is. */
const CHANCE_MAX = 1e-3;

/**
 * Which features have moved beyond doubt, and how much of the model that is: stability index above its limit, and a
 * Kolmogorov-Smirnov that chance makes in one look of a thousand, over all features (Bonferroni). Each weighs by its importance, or
 * all alike where none is told. Left out of both sides is what moves by itself, the age, and what cannot be compared.
 * Readings that have gone missing are an alarm of their feature, but have not moved: there is nothing new to learn from them.
 * O(features log features).
 */
export function fleetShift(features: readonly FeatureDrift[]): FleetShift {
  const compared = features.filter(({ feature, index }) => index !== null && !ages(feature));
  const weighed = compared.some(({ importance }) => importance > 0);
  const weight = ({ importance }: FeatureDrift): number => (weighed ? importance : 1);
  const moved = compared.filter(({ alarm, ks_p }) => alarm && (ks_p ?? 1) * features.length < CHANCE_MAX);
  const all = compared.reduce((sum, one) => sum + weight(one), 0);
  return {
    moved_ratio: all === 0 ? null : moved.reduce((sum, one) => sum + weight(one), 0) / all,
    moved: moved.toSorted((a, b) => weight(b) - weight(a)).map(({ feature }) => feature),
  };
}

const ages = (feature: string): boolean => FEATURES[findFeature(feature)]?.source.of === 'asset';
