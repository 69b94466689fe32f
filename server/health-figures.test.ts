import { describe, expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { cachedHealthFigures } from './health-figures.ts';

describe('health figures of the fleet', () => {
  it('weigh the grades, are read behind what is known, and are unknown when the database is away', async () => {
    const clock = settableClock(0);
    let away = false;
    let asked = 0;
    let excellent = 3;
    const database: Database = {
      async query(sql: string) {
        if (away) throw new Error('away');
        asked++;
        const answer = sql.includes('incidents')
          ? [{ open: 2 }]
          : [
              { health_grade: 'excellent', gpus: excellent, mean: 98 },
              { health_grade: 'critical', gpus: 1, mean: 10 },
              { health_grade: 'unknown', gpus: 2, mean: null },
            ];
        return answer as never;
      },
      close: async () => {},
    };
    const figures = cachedHealthFigures(database, clock);
    const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    expect(figures()).toBeNull();
    await settled();
    expect(figures()).toEqual({
      mean_score: 76,
      grades: { excellent: 3, good: 0, fair: 0, degraded: 0, poor: 0, critical: 1, unknown: 2 },
      open_incidents: 2,
    });
    expect(asked).toBe(2);
    excellent = 7;
    clock.set(11_000);
    expect(figures()?.grades.excellent).toBe(3);
    await settled();
    expect(figures()?.grades.excellent).toBe(7);
    away = true;
    clock.set(30_000);
    figures();
    await settled();
    expect(figures()).toBeNull();
  });
});
