import { ALERT_FENCES, AlertEpochs } from '../pipeline/contract/alert-epochs.ts';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { EPOCH_MS_MAX } from '../pipeline/contract/time.ts';
import { closedRows } from '../sinks/questdb/closed-rows.ts';
import { listRows } from '../sinks/questdb/list-rows.ts';
import type { AlertTold } from './live-topics.ts';
import { type ReadAgain, readAgain } from './read-again.ts';
import { tableRowAnswer } from './table-schema.ts';

/** A row of the table `alerts`, with why it is told to nobody. Texts are empty and instants null where nothing is known. */
type AlertRow = Readonly<Record<string, string | number | null>> & AlertTold;

export interface LiveAlerts {
  /** Resolves when the database's part has been read, or it was given up by `stop`. */
  readonly seeding: Promise<void>;
  readonly counters: { refused: number };
  stop(): void;
}

export interface LiveAlertsOptions {
  readonly bus: Bus;
  /** Null: begins empty. */
  readonly database: Database | null;
  readonly alerts_max: number;
  /** An alert opened, changed or closed; `json` is the row as clients get it. */
  readonly onAlert: (alert: AlertTold, json: string) => void;
  readonly retry_ms?: number;
  /** As for `readAgain`. */
  readonly again_after_ms?: readonly number[];
}

/** What people do with an alert, and what keeps it quiet: told on `vitals.alerts.>` only, never by the rules. */
const HANDLING = ['acknowledged_by', 'acknowledged_at', 'assigned_to', 'handling_note', 'silenced_by', 'inhibited_by'];
const TEXTS = [
  ...ALERTS.columns.filter(({ type }) => type === 'SYMBOL' || type === 'VARCHAR').map(({ name }) => name),
  'silenced_by',
  'inhibited_by',
];
const INSTANTS = ALERTS.columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => name);
const TEXT_CHARACTERS_MAX = 4_000;
const answer = tableRowAnswer(ALERTS);

/**
 * The open alerts: as rules tell them on `alerts.>`, with their handling as the desk tells it on `vitals.alerts.>` (whole rows),
 * and from the table what was before or may have been missed. A rule's word leaves the handling as it is.
 * State: at most `alerts_max` open alerts, and as many ids of what was told while the table is yet to be read.
 */
export function liveAlerts(options: LiveAlertsOptions): LiveAlerts {
  const { bus, database } = options;
  const open = new Map<string, AlertRow>();
  const counters = { refused: 0 };
  let table: ReadAgain | null = null;

  function tell(row: AlertRow): void {
    if (row.state === 'closed') open.delete(row.id);
    else if (open.has(row.id) || open.size < options.alerts_max) open.set(row.id, row);
    options.onAlert(row, JSON.stringify(answer(row)));
  }

  const hear = (subject: string, handled: boolean) =>
    bus.subscribe(subject, ({ data, headers }) => {
      if (!epochs.passes(headers)) return;
      const row = readRow(data);
      if (row === null) {
        counters.refused++;
        return;
      }
      table?.note(row.id);
      tell(handled ? row : { ...row, ...handlingOf(open.get(row.id)) });
    });
  const epochs = new AlertEpochs();
  const subscriptions = [
    bus.subscribe(`${ALERT_FENCES}*`, ({ subject, data }) => epochs.fence(subject, data)),
    hear('alerts.>', false),
    hear(`vitals.${ALERTS.name}.>`, true),
  ];

  /** What came over the bus since is newer, but the rules know of no handling. */
  function tellStored(row: AlertRow, newer: boolean): void {
    const known = open.get(row.id);
    if (newer) {
      const handled = known === undefined || HANDLING.some((name) => known[name] !== '' && known[name] !== null);
      if (!handled) tellChanged({ ...known, ...handlingOf(row) });
    } else tellChanged({ ...row, silenced_by: known?.silenced_by ?? '', inhibited_by: known?.inhibited_by ?? '' });
  }

  function tellChanged(row: AlertRow): void {
    const known = open.get(row.id);
    if (known === undefined || [...TEXTS, ...INSTANTS].some((name) => known[name] !== row[name])) tell(row);
  }

  async function read(from: Database): Promise<void> {
    const before = new Map(open);
    const { items } = await listRows(from, ALERTS, { equal: { state: 'open' } }, { limit: options.alerts_max });
    for (const { id } of items) before.delete(String(id));
    for (const item of [...items, ...(await closedRows(from, ALERTS, [...before.values()].map(placeOf)))]) {
      const row = rowOf(item);
      if (row !== null) tellStored(row, table?.heard(row.id) ?? false);
    }
  }

  if (database !== null) {
    const reading = (): Promise<void> => read(database);
    const { retry_ms, again_after_ms, alerts_max: heard_max } = options;
    table = readAgain({ bus, seed: reading, again: reading, heard_max, retry_ms, again_after_ms });
  }
  return {
    seeding: table?.seeding ?? Promise.resolve(),
    counters,
    stop() {
      table?.stop();
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}

const placeOf = ({ id, ts }: AlertRow): { readonly id: string; readonly ts: number } => ({ id, ts: Number(ts) });

const handlingOf = (row: AlertRow | undefined): Record<string, string | number | null> =>
  row === undefined ? {} : Object.fromEntries(HANDLING.map((name) => [name, row[name] ?? null]));

function readRow(data: Uint8Array): AlertRow | null {
  try {
    return rowOf(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    return null;
  }
}

/** Fields by the table's specification, others are left; null without id and state. */
function rowOf(told: unknown): AlertRow | null {
  if (typeof told !== 'object' || told === null) return null;
  const fields = told as Readonly<Record<string, unknown>>;
  const row: Record<string, string | number | null> = {};
  for (const name of TEXTS) {
    const value = fields[name];
    row[name] = typeof value === 'string' ? value.slice(0, TEXT_CHARACTERS_MAX) : '';
  }
  for (const name of INSTANTS) {
    const value = fields[name];
    row[name] = typeof value === 'number' && value >= 0 && value <= EPOCH_MS_MAX ? value : null;
  }
  row.ts ??= row.opened_at ?? 0;
  return row.id === '' || (row.state !== 'open' && row.state !== 'closed') ? null : (row as AlertRow);
}
