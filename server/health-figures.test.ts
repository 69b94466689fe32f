import { describe, expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { HealthGrade } from '../pipeline/contract/events.ts';
import type { BoardScore } from './fleet-now.ts';
import { healthFigures } from './health-figures.ts';

const score = (health_grade: HealthGrade, overall_score: number | null): BoardScore =>
  ({ health_grade, overall_score }) as BoardScore;

describe('health figures of the fleet', () => {
  it('weigh the scores, count incidents behind what is known, and are unknown when the database stays away', async () => {
    const clock = settableClock(0);
    let away = false;
    let open = 2;
    const database: Database = {
      async query() {
        if (away) throw new Error('away');
        return [{ open }] as never;
      },
      close: async () => {},
    };
    let scores = [score('excellent', 99), score('excellent', 97), score('critical', 10), score('unknown', null)];
    const figures = healthFigures({ database, clock, now: { scores: () => scores } });
    const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    expect(figures()).toBeNull();
    await settled();
    const first = figures();
    expect(first).toEqual({
      mean_score: 68.7,
      grades: { excellent: 2, good: 0, fair: 0, degraded: 0, poor: 0, critical: 1, unknown: 1 },
      open_incidents: 2,
    });
    expect(figures()).toBe(first);
    scores = [score('good', 80)];
    expect(figures()).toMatchObject({ mean_score: 80, grades: { good: 1, excellent: 0 } });
    open = 7;
    clock.set(11_000);
    expect(figures()?.open_incidents).toBe(2);
    await settled();
    expect(figures()?.open_incidents).toBe(7);
    away = true;
    clock.set(30_000);
    figures();
    await settled();
    expect(figures()?.open_incidents).toBe(7);
    clock.set(90_000);
    expect(figures()).toBeNull();
  });

  it('have no mean where nothing is scored', async () => {
    const database: Database = { query: async () => [{ open: 0 }] as never, close: async () => {} };
    const figures = healthFigures({ database, clock: settableClock(0), now: { scores: () => [] } });
    figures();
    await new Promise((resolve) => setImmediate(resolve));
    expect(figures()).toMatchObject({ mean_score: null, grades: { unknown: 0 } });
  });
});
