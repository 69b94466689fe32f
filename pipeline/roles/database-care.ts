import { convertColdPartitions } from '../../sinks/questdb/convert-cold-partitions.ts';
import { refreshRollups } from '../../sinks/questdb/refresh-rollups.ts';
import { watchTables } from '../../sinks/questdb/watch-tables.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import type { TableSpec } from '../contract/table-spec.ts';
import { GPU_METRICS } from '../contract/tables.ts';
import { days, hours, seconds } from '../contract/time.ts';
import { GPU_FEATURES } from '../contract/verdict-tables.ts';

/** Those that a fleet fills with gigabytes a day. */
const LARGE_TABLES: readonly TableSpec[] = [GPU_METRICS, GPU_FEATURES];

export interface DatabaseCare {
  /** Brings the rollups up to now, in the background: after a past was filled in. */
  refreshRollups(): void;
  stop(): Promise<void>;
}

/** Looks after the tables while an engine runs: suspended ones are told and resumed, cold partitions become Parquet. */
export function startDatabaseCare(options: {
  readonly database: Database;
  readonly config: Config;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}): DatabaseCare {
  const { database, config, clock, say, tell } = options;
  const watcher = watchTables(database, {
    every: seconds(5),
    onEvent({ code, table, state, detail }) {
      if (state === 'trouble') tell(new VitalsError(code, detail, `table ${table}`));
      else say(`questdb: ${table} recovered, ${detail}`);
    },
  });
  let converting: Promise<void> = Promise.resolve();
  const convert = async (spec: TableSpec): Promise<void> => {
    const { table, partitions, rows, bytes_before, bytes_after } = await convertColdPartitions(database, {
      older_than_days: config['parquet-after'] / days(1),
      clock,
      table: spec,
    });
    if (partitions === 0) return;
    const perRow = (bytes: number): string => (bytes / Math.max(1, rows)).toFixed(0);
    say(
      `questdb: ${partitions} partitions of ${table} to Parquet, ${perRow(bytes_before)} to ${perRow(bytes_after)} B a row`,
    );
  };
  const timer = setInterval(() => {
    for (const spec of LARGE_TABLES) {
      converting = converting
        .then(() => convert(spec))
        .catch((cause: unknown) => {
          tell(new VitalsError('GV-SNK-001', 'cold partitions could not be converted', spec.name, { cause }));
        });
    }
  }, hours(1));
  const stopping = new AbortController();
  let refreshing: Promise<void> = Promise.resolve();
  return {
    refreshRollups() {
      refreshing = refreshRollups(database, clock, stopping.signal).catch((cause: unknown) => {
        tell(new VitalsError('GV-SNK-001', 'the rollups could not be brought up to now', 'gpu_metrics', { cause }));
      });
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await Promise.all([watcher.close(), converting, refreshing]);
    },
  };
}
