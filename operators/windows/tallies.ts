import { TALLIES, TALLY_TIERS, type TallyName } from '../../pipeline/contract/windows.ts';
import { createPaneSums } from './pane-sums.ts';

/** Counts and times about a GPU's samples, over the week. */
export const tallies = createPaneSums({ width: TALLIES.length, tiers: TALLY_TIERS });
export const tallyIndex = (name: TallyName): number => TALLIES.indexOf(name);
