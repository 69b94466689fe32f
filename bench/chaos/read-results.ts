import { listDeadLetters } from '../../pipeline/bus/dead-letters.ts';
import { ALERTS_STREAM } from '../../pipeline/bus/ensure-streams.ts';
import { storedMessages } from '../../pipeline/bus/stored-messages.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { TABLES } from '../../pipeline/contract/tables.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';

/** What a run left behind: rows as text, sorted, by table; what comes twice is there twice. */
export type Results = Readonly<Record<string, readonly string[]>>;

/** Every row of every table, every dead letter, and every change of an alert in the order in which it was told. */
export async function readResults(bus: Bus, questdb_pg: string): Promise<Results> {
  const database = connectDatabase({
    url: questdb_pg,
    pool_size: 1,
    statement_timeout: seconds(60),
    connect_timeout: seconds(5),
  });
  const out: Record<string, string[]> = {};
  try {
    for (const { name } of TABLES) {
      await database.query(`SELECT wait_wal_table('${name}')`);
      out[name] = (await database.query(`SELECT * FROM ${name}`)).map((row) => JSON.stringify(row)).sort();
    }
  } finally {
    await database.close();
  }
  const letters: string[] = [];
  for await (const { position: _, arrived_at: __, ...letter } of listDeadLetters(bus)) {
    // What is too damaged to tell its time has that of its arrival, which no two runs share.
    letters.push(JSON.stringify(letter.reason === 'damaged_message' ? { ...letter, ts: null } : letter));
  }
  out.dead_letters = letters.sort();
  const told: string[] = [];
  for await (const { subject, data } of storedMessages(bus, ALERTS_STREAM, { subject: 'alerts.>', from: 1 })) {
    told.push(`${subject} ${Buffer.from(data).toString('utf8')}`);
  }
  out.alerts_told = told.sort();
  return out;
}

const ROWS_SHOWN = 3;
const CHARACTERS_SHOWN = 400;
const HEAD_CHARACTERS = 120;

/** What one has and the other has not, in words; empty when both are the same row for row. */
export function differences(wanted: Results, found: Results): string[] {
  return Object.entries(wanted).flatMap(([table, rows]) => {
    const others = found[table] ?? [];
    const counts = new Map<string, number>();
    for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
    const extra: string[] = [];
    for (const row of others) {
      const left = counts.get(row) ?? 0;
      if (left === 0) extra.push(row);
      else counts.set(row, left - 1);
    }
    const missing = [...counts].flatMap(([row, left]) => Array.from({ length: left }, () => row));
    if (missing.length + extra.length === 0) return [];
    return [
      `${table}: ${others.length} rows instead of ${rows.length}, ${missing.length} missing, ${extra.length} that should not be`,
      ...excerpts(missing.slice(0, ROWS_SHOWN), extra.slice(0, ROWS_SHOWN)),
    ];
  });
}

/** Rows in short: how each begins, and where one that is missing and one that came instead begin to differ. */
function excerpts(missing: readonly string[], extra: readonly string[]): string[] {
  const shown = (sign: string, row: string, other: string): string => {
    let same = 0;
    while (same < row.length && row[same] === other[same]) same++;
    const from = same > HEAD_CHARACTERS * 2 ? same - HEAD_CHARACTERS : HEAD_CHARACTERS;
    const gap = from > HEAD_CHARACTERS ? ' ... ' : '';
    return `    ${sign} ${row.slice(0, HEAD_CHARACTERS)}${gap}${row.slice(from, from + CHARACTERS_SHOWN)}`;
  };
  return [
    ...missing.map((row, i) => shown('-', row, extra[i] ?? '')),
    ...extra.map((row, i) => shown('+', row, missing[i] ?? '')),
  ];
}
