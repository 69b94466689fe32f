import { afterAll, beforeAll, expect, it } from 'vitest';
import { hours } from '../../pipeline/contract/time.ts';
import { batchOf, type FixtureRow } from '../live/fleet.fixture.ts';
import { gpuMetricsSink } from './gpu-metrics-sink.ts';
import { listSeries } from './list-series.ts';
import { prepareDatabase } from './prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from './questdb.fixture.ts';

/** Rows on both sides of an hour, where gpu_metrics begins another partition. */
const HOUR = Date.UTC(2026, 0, 1, 12);
const TIMES = Array.from({ length: 30 }, (_, i) => HOUR + (i - 15) * 10_000);
const INSTANCES = ['1', '2'];
const ROWS: FixtureRow[] = TIMES.flatMap((ts) =>
  INSTANCES.map((instance) => ({ uuid: 'GPU-m', instance, node: 'n', ts, values: { gr_engine_active_ratio: 0.5 } })),
);

let questdb: TestQuestdb;
beforeAll(async () => {
  questdb = await startTestQuestdb();
  await prepareDatabase(questdb.database);
  const sink = gpuMetricsSink({ ...questdb.delivery(), rows_max: 1_000, bytes_max: 2 ** 20, chunks_max: 3 });
  sink.write(batchOf(ROWS));
  await sink.close();
  await questdb.visible('gpu_metrics');
}, 60_000);
afterAll(() => questdb?.stop());

it.each([
  ['oldest first', false],
  ['newest first', true],
])('pages over the hour without losing or doubling a row, %s', async (_, descending) => {
  for (const limit of [1, 2, 3, 7, 16, 1_000]) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listSeries(
        questdb.database,
        {
          gpu_uuid: 'GPU-m',
          instance: undefined,
          metrics: ['gr_engine_active_ratio'],
          from: HOUR - hours(1),
          to: HOUR + hours(1),
          resolution: 'raw',
          descending,
        },
        { limit, cursor },
      );
      expect(page.total).toBe(ROWS.length);
      seen.push(...page.items.map(({ ts, instance }) => `${ts}/${instance}`));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    const times = descending ? TIMES.toReversed() : TIMES;
    expect(seen, `pages of ${limit}`).toEqual(times.flatMap((ts) => INSTANCES.map((instance) => `${ts}/${instance}`)));
  }
});
