import { FEATURES, findFeature } from '../../pipeline/contract/features.ts';

/** Counters and tallies whose rise never makes a GPU safer. */
const HARMFUL =
  /^(ecc_|row_remap|remapped|retired_pages|pcie_replay|nvlink_.*(error|crc|replay|recovery)|thermal_violation|power_violation|board_limit_violation|reliability_violation|xid)/;

/**
 * Which features a model may only let raise the risk: errors, retirements, remaps, link replays, violations. It keeps trees
 * from learning by heart that this or that GPU of the training set had errors and lived, and holds on fleets of another kind.
 */
export function risingRisks(features: readonly string[]): Record<string, 1> {
  return Object.fromEntries(
    features.flatMap((name) => {
      const definition = FEATURES[findFeature(name)];
      const counted = definition?.source.of === 'rate' || definition?.source.of === 'tally';
      return counted && HARMFUL.test(name) ? [[name, 1 as const]] : [];
    }),
  );
}
