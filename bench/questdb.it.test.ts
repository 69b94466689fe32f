import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { seconds } from '../pipeline/contract/time.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { benchQuestdb, benchRowEncoder } from './questdb.ts';

const TINY = { rows: 4_000, gpus: 200, metrics: 25, interval_ms: 10_000 };

let services: TestServices;
let database: Database;
beforeAll(async () => {
  services = await startTestServices({ questdb: true });
  database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 2,
    statement_timeout: seconds(60),
    connect_timeout: seconds(5),
  });
});
afterAll(async () => {
  await database?.close();
  await services?.stop();
});

describe('the QuestDB bench', () => {
  it('encodes', () => {
    const result = benchRowEncoder(TINY);
    expect(result.rows).toBeGreaterThanOrEqual(TINY.rows);
    expect(result.rows_per_s).toBeGreaterThan(10_000);
    expect(result.bytes_per_row).toBeGreaterThan(25 * 10);
  });

  it.each(['none', 'deferred', 'immediate'] as const)('writes with rollups: %s', async (rollups) => {
    const result = await benchQuestdb({
      ...TINY,
      database,
      url: services.questdb_http_url,
      flush_rows: 1_000,
      rollups,
    });
    expect(result.rows_stored).toBe(result.rows);
    expect(result.rows_per_s_taken).toBeGreaterThan(100);
    expect(result.rows_per_s_readable).toBeLessThanOrEqual(result.rows_per_s_taken);
    expect(result.questdb_cpu_us).toBeNull();
    if (rollups !== 'none') {
      const [hours] = await database.query<{ n: number }>('SELECT count() AS n FROM gpu_metrics_1h');
      expect(hours?.n).toBe(TINY.gpus);
    }
  });
});
