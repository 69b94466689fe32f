import type { Database } from '../../pipeline/contract/database.ts';
import type { ErrorCode } from '../../pipeline/contract/error-catalogue.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { quoted } from './select-rows.ts';
import type { SinkEvent } from './sink-events.ts';
import { readTableStates, type TableState } from './table-states.ts';

export interface WatchOptions {
  readonly every: DurationMs;
  readonly onEvent: (event: SinkEvent) => void;
}

export interface TableWatcher {
  /** As of the last look; empty before the first. */
  states(): readonly TableState[];
  /** Looks now: what the timer does. Never rejects: a database that is away is an event. */
  look(): Promise<void>;
  close(): Promise<void>;
}

const DISK_FULL = /no space|disk full|errno[=: ]*28\b/i;

/**
 * Looks after the tables: a suspended one is told and resumed, an invalid rollup told and computed anew, again at every
 * look while it stays so. Cost: three small statements a look.
 */
export function watchTables(database: Database, options: WatchOptions): TableWatcher {
  const troubles = new Map<string, ErrorCode>();
  let states: readonly TableState[] = [];
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  let looking: Promise<void> = Promise.resolve();

  const tell = (table: string, code: ErrorCode | null, detail: string): void => {
    const before = troubles.get(table);
    if (code !== null && code !== before) {
      troubles.set(table, code);
      options.onEvent({ code, table, state: 'trouble', detail });
    } else if (code === null && before !== undefined) {
      troubles.delete(table);
      options.onEvent({ code: before, table, state: 'recovered', detail });
    }
  };

  const lookOnce = async (): Promise<void> => {
    try {
      states = await readTableStates(database);
      const invalid = await database.query<{ view_name: string; invalidation_reason: string | null }>(
        "SELECT view_name, invalidation_reason FROM materialized_views() WHERE view_status = 'invalid'",
      );
      tell('', null, 'QuestDB answers again');
      const reasons = new Map(invalid.map((view) => [view.view_name, view.invalidation_reason ?? 'no reason given']));
      for (const state of states) {
        const reason = reasons.get(state.name);
        if (state.suspended) {
          tell(state.name, DISK_FULL.test(state.error) ? 'GV-SNK-004' : 'GV-SNK-003', state.error || 'no reason given');
          await database.query(`ALTER TABLE ${quoted(state.name)} RESUME WAL`);
        } else if (reason !== undefined) {
          tell(state.name, 'GV-SNK-003', `the rollup is invalid: ${reason}`);
          await database.query(`REFRESH MATERIALIZED VIEW ${quoted(state.name)} FULL`);
        } else {
          tell(state.name, null, 'applies its transactions again');
        }
      }
    } catch (error) {
      tell('', 'GV-SNK-001', error instanceof Error ? error.message : String(error));
    }
  };

  const look = (): Promise<void> => {
    looking = looking.then(() => (closed ? undefined : lookOnce()));
    return looking;
  };

  const schedule = (): void => {
    timer = setTimeout(() => void look().then(() => (closed ? undefined : schedule())), options.every);
    timer.unref();
  };
  schedule();

  return {
    states: () => states,
    look,
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await looking;
    },
  };
}
