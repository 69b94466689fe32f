import { expect, it } from 'vitest';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { days, hours } from '../../pipeline/contract/time.ts';
import { createSequenceCollector } from './collect-sequences.ts';
import { PLANTED_START_MS, plantedVector } from './planted.fixture.ts';

const FROM = PLANTED_START_MS;
const UNTIL = FROM + days(60);

/** A board's first ten days, every six hours; what else was stored of it was not taken. */
function tenDays(failures: readonly Partial<FailureLabel>[], watched_until?: ReadonlyMap<string, number>) {
  const collector = createSequenceCollector();
  for (let ts = FROM; ts < FROM + days(10); ts += hours(6)) collector.take(plantedVector('GPU-a', ts, {}));
  expect(collector.steps).toBe(40);
  const labels = failures.map((one) => ({ gpu_uuid: 'GPU-a', status: 'confirmed', type: 'power', ...one }));
  const sequences = collector.finish(labels as FailureLabel[], UNTIL, watched_until);
  expect(sequences.count).toBe(1);
  return [...sequences.sequence(0).failure];
}

it('knows that a board lived on where somebody watched it, though its later steps were not taken', () => {
  expect(tenDays([])).toEqual(new Array(40).fill(Number.NaN));
  expect(tenDays([], new Map([['GPU-a', UNTIL]]))).toEqual(new Array(40).fill(0));
  // Until the fifth day's month was over.
  const some = tenDays([], new Map([['GPU-a', FROM + days(35)]]));
  expect(some).toEqual([...new Array(21).fill(0), ...new Array(19).fill(Number.NaN)]);
  // Nobody can be watched for longer than anything is known.
  const late = tenDays([], new Map([['GPU-a', UNTIL + days(99)]]));
  expect(late).toEqual(new Array(40).fill(0));
});

it('knows a failure after the steps that were taken, and none that came later than what is known', () => {
  const fails = tenDays([{ failed_at: FROM + days(35) }], new Map([['GPU-a', FROM + days(35)]]));
  expect(fails).toEqual([...new Array(20).fill(0), ...new Array(20).fill(1)]);
  const watched = new Map([['GPU-a', UNTIL]]);
  expect(tenDays([{ failed_at: UNTIL + 1 }], watched)).toEqual(tenDays([], watched));
});
