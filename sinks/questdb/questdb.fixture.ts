import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { milliseconds, seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from './connect-database.ts';
import type { DeliveryOptions, RefusedRow, SinkEvent } from './sink-events.ts';

export interface TestQuestdb {
  readonly services: TestServices;
  readonly database: Database;
  /** What the sinks told. */
  readonly events: SinkEvent[];
  readonly refused: RefusedRow[];
  delivery(): DeliveryOptions;
  /** Everything acknowledged so far can be read. */
  visible(table: string): Promise<void>;
  stop(): Promise<void>;
}

/** A real QuestDB with nothing in it. SUSPEND WAL, a developer's statement, is allowed: it stands in for a full disk. */
export async function startTestQuestdb(options: { heap_max_mib?: number } = {}): Promise<TestQuestdb> {
  const { heap_max_mib } = options;
  const services = await startTestServices({
    questdb: true,
    env: { ...process.env, QDB_DEV_MODE_ENABLED: 'true' },
    ...(heap_max_mib === undefined ? {} : { questdb_heap_max_mib: heap_max_mib }),
  });
  const database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 2,
    statement_timeout: seconds(20),
    connect_timeout: seconds(2),
  });
  const events: SinkEvent[] = [];
  const refused: RefusedRow[] = [];
  return {
    services,
    database,
    events,
    refused,
    delivery: () => ({
      url: services.questdb_http_url,
      age_max: milliseconds(50),
      answer_timeout: seconds(30),
      backoff_min: milliseconds(20),
      backoff_max: milliseconds(200),
      close_timeout: seconds(20),
      onRefused: (rows) => refused.push(...rows),
      onEvent: (event) => events.push(event),
    }),
    async visible(table) {
      await database.query(`SELECT wait_wal_table('${table}')`);
    },
    async stop() {
      await database.close();
      await services.stop();
    },
  };
}
