import { days } from '../contract/time.ts';
import type { DriftSeen } from './drift-seen.ts';

/** How far the fleet was from what the model that judges had learned from, at an instant of event time. */
export interface ShiftLook {
  /** Name and version. */
  readonly model: string;
  readonly at: number;
  /** Share (0..1) of what the model goes by that has moved beyond doubt; null: nothing to compare. */
  readonly moved_ratio: number | null;
  /** The weightiest features that have. */
  readonly moved: readonly string[];
}

export interface StandingShiftOptions {
  /** Share of a model from which on it is to be trained anew; 0 = never. */
  readonly moved_min: number;
  /** Null when nobody can tell now. */
  readonly look: () => Promise<ShiftLook | null>;
}

const LOOK_EVERY = days(1);
const percent = (ratio: number): string => `${Math.round(100 * ratio)} %`;

/**
 * Tells that the fleet stands away from what the model that judges has learned from: in two looks, one after the other and a day of
 * event time apart, of the same model. A vector knows a week at the most and its newest hours weigh most, so that a holiday or a
 * hot day is over by the second look, or a change of the fleet. What is asked in between gets the answer of the last look. Looks
 * follow event time alone: the same times and answers tell the same.
 */
export function standingShift({ moved_min, look }: StandingShiftOptions): (now: number) => Promise<DriftSeen | null> {
  let looked = Number.NEGATIVE_INFINITY;
  let before: ShiftLook | null = null;
  let seen: DriftSeen | null = null;
  return async (now) => {
    if (moved_min <= 0 || now - looked < LOOK_EVERY) return seen;
    const found = await look();
    if (found === null) return seen;
    looked = now;
    const { model, at, moved } = found;
    const ratio = found.moved_ratio ?? 0;
    const stands = ratio >= moved_min && before?.model === model && before.at < at;
    seen = stands
      ? {
          what: 'features',
          at,
          model,
          why: `${percent(ratio)} of what ${model} goes by has moved from its training, as a day before: ${moved.join(', ')}`,
        }
      : null;
    before = ratio >= moved_min ? found : null;
    return seen;
  };
}
