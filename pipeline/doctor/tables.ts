import type { DatabaseFacts, RollupFacts, TableFacts } from '../../sinks/questdb/inspect-database.ts';
import { shownAddress } from '../contract/shown-address.ts';
import { type Finding, finding } from './finding.ts';
import { bytesText, spanText } from './in-words.ts';

const DISK_FULL = /no space|disk full|errno[=: ]*28\b/i;
const BEHIND_MAX = 100;
const ROLLUP_ROUNDS_LATE = 3;

export interface TableContext {
  readonly now: number;
  /** Where it answered; may hold credentials. */
  readonly url: string;
  /** An engine is heard, which makes the tables at its start and looks after them. */
  readonly engine: boolean;
}

export function judgeDatabase(facts: DatabaseFacts, context: TableContext): Finding[] {
  const { version, answer_ms } = facts;
  return [
    finding('questdb', 'server', {
      what: `QuestDB ${version} at ${shownAddress(context.url)}, answers in ${answer_ms.toFixed(1)} ms`,
      figures: { version, answer_ms },
    }),
    ...facts.tables.map((table) => judgeTable(table, context.engine)),
    ...facts.rollups.map((rollup) => judgeRollup(rollup, context.now)),
    ...facts.missing.map((name) =>
      finding('questdb', name, {
        state: context.engine ? 'fail' : 'warn',
        what: 'is not there',
        action: context.engine ? 'Restart the engine: it makes its tables.' : 'An engine makes it when it starts.',
      }),
    ),
  ];
}

function judgeTable(table: TableFacts, engine: boolean): Finding {
  const { name, suspended, error, transactions_behind, memory_pressure, rows, bytes, partitions } = table;
  const { parquet_partitions, parquet_bytes } = table;
  const parquet_ratio = partitions === 0 ? 0 : parquet_partitions / partitions;
  const bytes_per_partition = partitions === 0 ? 0 : bytes / partitions;
  const figures = {
    rows,
    bytes,
    partitions,
    bytes_per_partition,
    parquet_ratio,
    parquet_bytes,
    transactions_behind,
    memory_pressure,
  };
  if (suspended) {
    const code = DISK_FULL.test(error) ? 'GV-SNK-004' : 'GV-SNK-003';
    const what = `suspended, ${transactions_behind} transactions wait: ${error || 'no reason given'}`;
    const resume = engine ? 'The engine resumes it every 5 s' : `Resume it with \`ALTER TABLE ${name} RESUME WAL\``;
    const action = `${resume}; if it returns, check disk, memory and open-file limits.`;
    return finding('questdb', name, { state: 'fail', what, code, action, figures });
  }
  const shape = `${partitions} partitions of ${bytesText(bytes_per_partition)}, ${(parquet_ratio * 100).toFixed(0)} % Parquet`;
  const what = `${rows} rows, ${bytesText(bytes)} in ${shape}`;
  if (transactions_behind > BEHIND_MAX) {
    const told = `${transactions_behind} transactions are not readable yet; ${what}`;
    const action = 'It falls behind its writer: give QuestDB CPU, or write in larger transactions (flush-interval).';
    return finding('questdb', name, { state: 'warn', what: told, action, figures });
  }
  if (memory_pressure > 0) {
    const told = `QuestDB slows itself down for memory; ${what}`;
    return finding('questdb', name, { state: 'warn', what: told, action: 'Raise questdb-memory.', figures });
  }
  return finding('questdb', name, { what, figures });
}

function judgeRollup(rollup: RollupFacts, now: number): Finding {
  const { name, status, reason, transactions_behind, refreshed_at, every_ms } = rollup;
  const age_ms = refreshed_at === null ? null : Math.max(0, now - refreshed_at);
  const figures = { status, transactions_behind, age_ms, every_ms };
  const check = `${name} refresh`;
  if (status === 'invalid') {
    const what = `invalid: ${reason || 'no reason given'}`;
    const action = `A running engine computes it anew; by hand: \`REFRESH MATERIALIZED VIEW ${name} FULL\`.`;
    return finding('questdb', check, { state: 'fail', what, code: 'GV-SNK-003', action, figures });
  }
  const every = every_ms > 0 ? `every ${spanText(every_ms)}` : 'with every transaction';
  const what = `${status}, refreshed ${age_ms === null ? 'never yet' : `${spanText(age_ms)} ago`}, ${every}`;
  const late = every_ms > 0 && transactions_behind > 0 && (age_ms ?? 0) > ROLLUP_ROUNDS_LATE * every_ms;
  const action = 'Answers are right meanwhile, only slower; give QuestDB CPU if it stays.';
  return finding('questdb', check, { state: late ? 'warn' : 'ok', what, action, figures });
}
