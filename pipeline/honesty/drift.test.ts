import { describe, expect, it } from 'vitest';
import { columnsOf, DAY_MS, drawnFleet, noon, randomOf } from './honesty.fixture.ts';
import { lossDrift } from './loss-drift.ts';
import { outcomesOf } from './outcomes.ts';
import { predictionDrift } from './prediction-drift.ts';

const HORIZON = 7 * DAY_MS;

describe('drift of the loss', () => {
  const alarms = (seed: number, factor: (day: number) => number) => {
    const { columns, fates } = drawnFleet({ gpus: 600, days: 150, horizon_days: 7, seed, factor });
    return lossDrift(columns, outcomesOf(columns, fates, HORIZON, noon(157)), HORIZON, noon(157));
  };

  it('is none while a model is as good as ever', () => {
    for (let seed = 0; seed < 5; seed++) expect(alarms(seed, () => 1)).toEqual([]);
  });

  it('is told when a model begins to cry wolf, once the horizon has shown it', () => {
    const found = alarms(3, (day) => (day < 80 ? 1 : 12));
    expect(found.length).toBeGreaterThan(0);
    const [first] = found;
    expect(first?.what).toBe('loss');
    expect(first?.at).toBeGreaterThanOrEqual(noon(87));
    expect(first?.at).toBeLessThan(noon(110));
    expect(first?.figure).toBeGreaterThan(first?.limit ?? 1);
    expect(first?.explanation).toContain('rose from 0.0');
  });

  it('is none when a model becomes better', () => {
    expect(alarms(3, (day) => (day < 80 ? 12 : 1))).toEqual([]);
  });
});

describe('drift of what is predicted', () => {
  const random = randomOf(1);
  const drawn = (gpus: number, days: number, today: (p: number) => number) =>
    columnsOf(
      Array.from({ length: days * gpus }, (_, i) => {
        const day = Math.floor(i / gpus);
        const p = 0.3 * random() ** 2;
        return [day, i % gpus, day === days - 1 ? today(p) : p];
      }),
    );

  it('is told with both figures when today is unlike the month before', () => {
    const found = predictionDrift(
      drawn(300, 31, (p) => Math.min(1, 2 * p)),
      noon(30),
    );
    expect(found).toMatchObject({ what: 'prediction', at: noon(30), limit: 0.25 });
    expect(found?.figure).toBeGreaterThan(0.25);
    expect(found?.explanation).toMatch(
      /the 30 days before: stability index \d\.\d\d against 0\.25; the mean is 0\.\d+, it was 0\.\d+/,
    );
  });

  it.each([
    ['nothing has changed', 300, 31, 1, 30],
    ['a fleet is too small to tell', 19, 31, 3, 30],
    ['there are too few days', 300, 7, 3, 6],
    ['the model is not in use any more', 300, 31, 3, 33],
  ])('is none while %s', (_, gpus, days, factor, newest) => {
    expect(
      predictionDrift(
        drawn(gpus, days, (p) => Math.min(1, factor * p)),
        noon(newest),
      ),
    ).toBeNull();
  });

  it('is not told by chance in small fleets', () => {
    for (let fleet = 0; fleet < 60; fleet++)
      expect(
        predictionDrift(
          drawn(24, 20, (p) => p),
          noon(19),
        ),
      ).toBeNull();
  });
});
