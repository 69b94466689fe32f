import { afterAll, beforeAll, expect, it } from 'vitest';
import { anomaly, episode } from '../../operators/alerts/alerts.fixture.ts';
import type { Anomaly, Episode } from '../../pipeline/contract/events.ts';
import { ANOMALIES } from '../../pipeline/contract/tables.ts';
import { XID_EPISODES } from '../../pipeline/contract/verdict-tables.ts';
import { batchOf } from '../live/fleet.fixture.ts';
import { gpuMetricsSink } from './gpu-metrics-sink.ts';
import { prepareDatabase } from './prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from './questdb.fixture.ts';
import { readAnomalyMetric, readEpisodeCount, readNewestReading } from './read-newest.ts';
import { tableSink } from './table-sink.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
let questdb: TestQuestdb;

beforeAll(async () => {
  questdb = await startTestQuestdb();
  await prepareDatabase(questdb.database);
  const small = { rows_max: 100, waiting_max: 1_000 };
  const anomalies = tableSink<Anomaly>(ANOMALIES, { ...questdb.delivery(), ...small });
  anomalies.write(anomaly('thermal_margin', 10, { id: 'a1', metric: 'gpu_temp_celsius' }));
  const episodes = tableSink<Episode>(XID_EPISODES, { ...questdb.delivery(), ...small });
  episodes.write(episode(10, { id: 'e1', count: 7 }));
  const metrics = gpuMetricsSink({ ...questdb.delivery(), rows_max: 1_000, bytes_max: 2 ** 20, chunks_max: 3 });
  const row = (minute: number, instance: string, values: Record<string, number>) => ({
    ...{ uuid: 'GPU-a', node: 'n1', instance, ts: NOON + minute * 60_000, values },
  });
  metrics.write(
    batchOf([
      row(0, '', { gpu_temp_celsius: 70 }),
      row(1, '', { gpu_temp_celsius: 71.5 }),
      row(1, '3', { gpu_temp_celsius: 40 }),
      // The last row lacks it.
      row(2, '', { power_watts: 300 }),
    ]),
  );
  for (const sink of [anomalies, episodes, metrics]) await sink.close();
  for (const table of ['gpu_metrics', 'anomalies', 'xid_episodes']) await questdb.visible(table);
}, 60_000);
afterAll(() => questdb?.stop());

it('reads what an anomaly and a fault story are about', async () => {
  const { database } = questdb;
  expect(await readAnomalyMetric(database, { id: 'a1', gpu_uuid: 'GPU-a' })).toEqual({
    metric: 'gpu_temp_celsius',
    instance: '',
  });
  expect(await readAnomalyMetric(database, { id: "a1' OR 'x' = 'x", gpu_uuid: 'GPU-a' })).toBeNull();
  expect(await readEpisodeCount(database, { id: 'e1', gpu_uuid: 'GPU-a' })).toBe(7);
  expect(await readEpisodeCount(database, { id: 'e1', gpu_uuid: 'GPU-b' })).toBeNull();
});

it('reads the newest reading that there is, of the board or of an instance, and none from before', async () => {
  const newest = (instance: string, since = NOON - 1) =>
    readNewestReading(questdb.database, { gpu_uuid: 'GPU-a', instance, metric: 'gpu_temp_celsius', since });
  expect(await newest('')).toEqual({ value: 71.5, at: NOON + 60_000 });
  expect(await newest('3')).toEqual({ value: 40, at: NOON + 60_000 });
  expect(await newest('4')).toBeNull();
  expect(await newest('', NOON + 90_000)).toBeNull();
});
