import { unitName } from './assign-units.ts';

/** Somebody else has what was ours. */
export class LostUnit extends Error {}

export const inOtherHands = (unit: number): LostUnit => new LostUnit(`${unitName(unit)} is in other hands`);

export const NOT_HEARD = 'it could not say in time that it is there';
