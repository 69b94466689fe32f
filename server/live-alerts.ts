import { ALERT_FENCES, AlertEpochs } from '../pipeline/contract/alert-epochs.ts';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { EPOCH_MS_MAX } from '../pipeline/contract/time.ts';
import { listRows } from '../sinks/questdb/list-rows.ts';
import type { AlertTold } from './live-topics.ts';
import { seedUntilDone } from './seed-until-done.ts';
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
 * and what was before from the table. A rule's word leaves the handling as it is.
 * State: at most `alerts_max` open alerts, and as many ids of those that close before the table has answered.
 */
export function liveAlerts(options: LiveAlertsOptions): LiveAlerts {
  const { bus, database } = options;
  const open = new Map<string, AlertRow>();
  const closedMeanwhile = new Set<string>();
  const counters = { refused: 0 };

  /** The table knows what closed long ago by the time that it answers. */
  function noteClosed(id: string): void {
    closedMeanwhile.add(id);
    for (const oldest of closedMeanwhile) {
      if (closedMeanwhile.size <= options.alerts_max) break;
      closedMeanwhile.delete(oldest);
    }
  }

  function tell(row: AlertRow): void {
    if (row.state === 'closed') {
      open.delete(row.id);
      if (seeding !== null && !seeding.done) noteClosed(row.id);
    } else if (open.has(row.id) || open.size < options.alerts_max) open.set(row.id, row);
    options.onAlert(row, JSON.stringify(answer(row)));
  }

  const hear = (subject: string, handled: boolean) =>
    bus.subscribe(subject, ({ data, headers }) => {
      if (!epochs.passes(headers)) return;
      const row = readRow(data);
      if (row === null) counters.refused++;
      else tell(handled ? row : { ...row, ...handlingOf(open.get(row.id)) });
    });
  const epochs = new AlertEpochs();
  const subscriptions = [
    bus.subscribe(`${ALERT_FENCES}*`, ({ subject, data }) => epochs.fence(subject, data)),
    hear('alerts.>', false),
    hear(`vitals.${ALERTS.name}.>`, true),
  ];

  async function seed(from: Database): Promise<void> {
    const { items } = await listRows(from, ALERTS, { equal: { state: 'open' } }, { limit: options.alerts_max });
    for (const item of items) {
      const row = rowOf(item);
      if (row === null || closedMeanwhile.has(row.id)) continue;
      const known = open.get(row.id);
      // What came over the bus meanwhile is newer, but the rules know of no handling.
      const handled = known !== undefined && HANDLING.some((name) => known[name] !== '' && known[name] !== null);
      if (known === undefined) tell(row);
      else if (!handled) tell({ ...known, ...handlingOf(row) });
    }
    closedMeanwhile.clear();
  }

  const seeding = database === null ? null : seedUntilDone(() => seed(database), options);
  return {
    seeding: seeding?.finished ?? Promise.resolve(),
    counters,
    stop() {
      seeding?.stop();
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}

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
