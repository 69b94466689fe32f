import { describe, expect, it } from 'vitest';
import { asKnownAt, createLandmarkBuilder, LANDMARK_DEFAULTS, outcome } from '../../models/prediction/landmarks.ts';
import { PLANTED_START_MS, plantedVector } from '../../models/prediction/planted.fixture.ts';
import type { FailureLabel } from '../contract/predictions.ts';
import { days } from '../contract/time.ts';
import { networkBoards } from './network-boards.ts';

const FROM = PLANTED_START_MS;
const DAYS = 120;
const UNTIL = FROM + days(DAYS);
const END = UNTIL - days(30);
/** A window of a board, in steps. */
const WINDOW = 45 * 144;

/** Boards with a vector a day on the days that `seen` gives. */
function boards(
  count: number,
  options: { failures: readonly FailureLabel[]; seen?: (gpu: number, day: number) => boolean },
) {
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: ['gpu_temp_max'] });
  for (let day = 0; day < DAYS; day++) {
    for (let gpu = 0; gpu < count; gpu++) {
      if (options.seen?.(gpu, day) ?? true)
        builder.take(plantedVector(`GPU-${gpu}`, FROM + days(day), { gpu_temp_max: 60 }));
    }
  }
  const train = asKnownAt(builder.finish(options.failures, UNTIL), UNTIL);
  const chosen = (steps_max: number, failures = options.failures) =>
    networkBoards({ train, failures, from: FROM, until: UNTIL, seed: 1, steps_max });
  return { train, chosen };
}

const failure = (gpu: number, day: number, status: FailureLabel['status'] = 'confirmed'): FailureLabel => ({
  ts: FROM + days(day),
  gpu_uuid: `GPU-${gpu}`,
  node: 'n',
  failed_at: FROM + days(day),
  type: 'memory',
  source: 'hand',
  note: '',
  status,
});

describe('the boards that a network learns from', () => {
  it('are those that failed, each before its failure, and others for as long', () => {
    const { chosen } = boards(40, { failures: [failure(3, 60), failure(4, 100), failure(5, 50, 'suggested')] });
    const some = chosen(100 * WINDOW);
    expect(some).toMatchObject({ failing: 2, failing_taken: 2, survivors: 38, survivors_taken: 38 });
    expect([some.wanted('GPU-3', FROM + days(14)), some.wanted('GPU-3', FROM + days(16))]).toEqual([false, true]);
    expect(some.wanted('GPU-3', FROM + days(60))).toBe(false);
    // Nobody knows yet what becomes of the last month's steps.
    expect([some.wanted('GPU-4', END - 1), some.wanted('GPU-4', END)]).toEqual([true, false]);
    for (let gpu = 5; gpu < 40; gpu++) {
      const wanted = Array.from({ length: DAYS }, (_, day) => some.wanted(`GPU-${gpu}`, FROM + days(day)));
      expect(wanted.filter(Boolean).length).toBeGreaterThanOrEqual(44);
      expect(wanted.lastIndexOf(true)).toBeLessThan(90);
    }
    expect(some.from).toBeGreaterThanOrEqual(FROM);
    expect(some.to).toBeLessThanOrEqual(END);
    expect(some.wanted('GPU-99', FROM + days(50))).toBe(false);
  });

  it('are no more than fit, half of them such as failed', () => {
    const failures = Array.from({ length: 20 }, (_, gpu) => failure(gpu, 60 + gpu));
    const { chosen } = boards(60, { failures });
    const some = chosen(16.5 * WINDOW);
    expect(some).toMatchObject({ failing: 20, failing_taken: 8, survivors: 40, survivors_taken: 8 });
    expect(some.gpus.size).toBe(16);
    // With more room nobody is dropped for another.
    const more = chosen(30 * WINDOW);
    expect(more.gpus.size).toBe(30);
    expect([...some.gpus].every((uuid) => more.gpus.has(uuid))).toBe(true);
    expect(chosen(0).gpus.size).toBe(2);
  });

  it('count as failed only where their last month was watched, and then as nothing else', () => {
    const { chosen } = boards(10, {
      failures: [failure(1, 90), failure(2, 90), failure(3, 8)],
      seen: (gpu, day) => gpu !== 2 || day < 75 || day % 4 === 0,
    });
    const some = chosen(100 * WINDOW);
    expect(some).toMatchObject({ failing: 1, survivors: 7 });
    expect([...some.gpus].sort()).toEqual(['GPU-0', 'GPU-1', 'GPU-4', 'GPU-5', 'GPU-6', 'GPU-7', 'GPU-8', 'GPU-9']);
  });

  it('know nothing of failures from later', () => {
    const { chosen } = boards(10, { failures: [failure(1, 60)] });
    const later = chosen(100 * WINDOW, [failure(1, 60), { ...failure(2, 0), failed_at: UNTIL + 1 }]);
    const now = chosen(100 * WINDOW);
    expect(later.failing).toBe(1);
    expect(later.gpus).toEqual(now.gpus);
    for (const uuid of now.gpus) {
      for (let day = 0; day < DAYS; day++) {
        expect(later.wanted(uuid, FROM + days(day))).toBe(now.wanted(uuid, FROM + days(day)));
      }
    }
  });

  it('are put back on the odds of the whole fleet, and one in four of them judges', () => {
    const { chosen, train } = boards(60, { failures: [failure(3, 60), failure(4, 70)] });
    const some = chosen(100 * WINDOW);
    const labels = Array.from({ length: train.rows }, (_, row) => outcome(train, row, 30));
    expect(some.odds).toBe(labels.filter((label) => label === 1).length / labels.filter((label) => label === 0).length);
    const judging = Array.from({ length: 2_000 }, (_, i) => some.validates(`GPU-${i}-ab`)).filter(Boolean).length;
    expect(judging / 2_000).toBeGreaterThan(0.2);
    expect(judging / 2_000).toBeLessThan(0.3);
  });
});
