import { expect, it } from 'vitest';
import type { Database } from '../pipeline/contract/database.ts';
import { predictionHistory } from './prediction-history.ts';

const DAY = 86_400_000;
const T0 = Date.UTC(2026, 0, 1);

/** One prediction a row: board, day, version of the model. */
function databaseOf(told: readonly (readonly [gpu_uuid: string, day: number, version: string])[]): Database {
  return {
    async query<Row extends Record<string, unknown>>(sql: string, [from, to]: readonly unknown[] = []) {
      const rows = told.map(([gpu_uuid, day, model_version]) => ({
        ...{ ts: T0 + day * DAY, gpu_uuid, instance: '', model_name: 'm', model_version },
        ...{ failure_prob_7d: 0.1, failure_prob_30d: 0.2, failure_prob_90d: 0.3 },
      }));
      const instants = rows.map(({ ts }) => ts);
      if (sql.includes('min(ts)'))
        return [{ first: Math.min(...instants), last: Math.max(...instants) }] as never as Row[];
      return rows.filter(({ ts }) => ts >= Number(from) && ts < Number(to)) as never as Row[];
    },
    close: async () => {},
  };
}

it('knows when something was last predicted of each board, whatever model did it and whichever day was read first', async () => {
  const told: [string, number, string][] = [
    ['GPU-gone', 1.5, '1'],
    ['GPU-a', 1.5, '1'],
    ['GPU-gone', 3.5, '2'],
    ['GPU-a', 5.5, '1'],
  ];
  const history = predictionHistory(databaseOf(told));
  expect([...history.lastSeen()]).toEqual([]);
  await history.refresh();
  const days = (): number[] =>
    ['GPU-gone', 'GPU-a'].map((uuid) => ((history.lastSeen()[history.gpu(uuid)] ?? 0) - T0) / DAY);
  expect(days()).toEqual([3.5, 5.5]);
  expect(history.lastSeen()).toBe(history.lastSeen());
  told.push(['GPU-a', 6.5, '2']);
  await history.refresh();
  expect(days()).toEqual([3.5, 6.5]);
});
