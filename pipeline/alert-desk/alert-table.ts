import { type AlertRow, readAlertRow } from '../../sinks/questdb/read-alerts.ts';
import { readablePosition } from '../../sinks/questdb/table-states.ts';
import type { KeyValue } from '../bus/key-value.ts';
import { storedMessages } from '../bus/stored-messages.ts';
import { ALERTS } from '../contract/alert-tables.ts';
import type { Alert, AlertHandling } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { storedVersions } from './alert-history.ts';
import { heldSink, type OpenRows } from './held-sink.ts';
import { readAlert } from './read-alert.ts';

export const ALERTS_STREAM = 'ALERTS';
const KEY = 'table';
/** How often a row is looked for that people say something of: what was just written is not seen at once. */
const LOOKS_MAX = 30;

export interface AlertTableOptions {
  readonly bus: Bus;
  /** Where it remembers how far the table is. */
  readonly memory: KeyValue;
  /** Opens what takes the rows; that is closed, or lost, with the table. */
  readonly openSink: OpenRows;
  /** Whether this process may write the table, as far as that can be known here and now. */
  readonly held: () => boolean;
  readonly database: Database;
  readonly handling: (alert: Pick<Alert, 'id' | 'severity'>) => AlertHandling;
  /** What the desk knows of an alert: an open one, or null; `over` when it is. */
  readonly known: (id: string) => Alert | 'over' | null;
  /** When the stream was made. */
  readonly stream: string;
}

/** The row of an alert. */
export function alertRow(alert: Alert, handling: AlertHandling): AlertRow {
  const { gpus: _members, ...fields } = alert;
  const { acknowledged_by, acknowledged_at, assigned_to, note } = handling;
  return { ...fields, acknowledged_by, acknowledged_at, assigned_to, handling_note: note };
}

/**
 * Keeps table `alerts`: every change of an alert and of its handling rewrites its row. A slow or absent database holds up
 * nobody: rows are left out then and made up for from the stream, of which it remembers how far the table is. What it has
 * not sent when it is lost is made up for by the next one.
 */
export async function alertTable(options: AlertTableOptions) {
  const { bus, memory, database, handling, known } = options;
  const stored = await readPlace(memory);
  const sink = heldSink({ open: options.openSink, held: options.held });
  const same = stored.stream === options.stream;
  /** The last position whose row was given to the sink, and the last that there was. */
  let given = same ? stored.position : 0;
  let live = given;
  let saved = given;
  let handlingSaved = stored.handling;
  let handlingSeen = stored.handling;
  let behind = false;
  let busy: Promise<void> | null = null;
  /** Alerts of which people have said something that is in no row yet, and how often their rows were looked for. */
  const spoken = new Map<string, { looks: number }>();

  function put(alert: Alert): void {
    sink.write(alertRow(alert, handling(alert)));
    spoken.delete(alert.id);
  }

  const lost = (): boolean => sink.signal.aborted;

  async function makeUp(): Promise<void> {
    while (behind) {
      const until = live;
      for await (const { data, position } of storedMessages(bus, ALERTS_STREAM, {
        subject: 'alerts.>',
        from: given + 1,
      })) {
        if (position > until) break;
        const alert = readAlert(data);
        if (typeof alert === 'string') continue;
        const now = known(alert.id);
        // The stream may repeat what it said; of an alert that is over, the closing is the last word.
        if (now === 'over' && alert.state === 'open') continue;
        const full = sink.pressure();
        if (full !== null) await full;
        sink.signal.throwIfAborted();
        put(now === null || now === 'over' ? alert : now);
        given = position;
      }
      given = Math.max(given, until);
      if (live <= until) behind = false;
    }
  }

  /**
   * The last of an alert that the desk does not have, or has no more; null when that cannot be known yet. The table alone
   * does not tell: the closing may be on its way there, in a sink, in the table's log or in a process that was killed.
   */
  async function lastOf(id: string): Promise<Alert | null> {
    const row = await readAlertRow(database, id);
    if (row === null || row.state === 'closed') return row;
    const closing = (await storedVersions(bus, row)).findLast(({ alert }) => alert.state === 'closed');
    if (closing !== undefined) return closing.alert;
    return known(id) === null ? row : null;
  }

  async function hear(): Promise<void> {
    for (const id of [...spoken.keys()]) {
      const now = known(id);
      if (now !== null && now !== 'over') put(now);
    }
    if (spoken.size === 0) return;
    // A row that cannot be read may lie in the table's log, for as long as the table is suspended.
    const applied = (await readablePosition(database, ALERTS.name)) !== null;
    for (const [id, words] of [...spoken]) {
      const last = await lastOf(id);
      sink.signal.throwIfAborted();
      // What was put meanwhile is newer, and their words are in it.
      if (spoken.get(id) !== words) continue;
      if (last !== null) put(last);
      else if (applied && words.looks++ >= LOOKS_MAX) spoken.delete(id);
    }
  }

  async function work(): Promise<void> {
    if (behind) await makeUp();
    const [at, seen] = [given, handlingSeen];
    await hear();
    const heard = spoken.size === 0 ? seen : handlingSaved;
    if (at === saved && heard === handlingSaved) return;
    await sink.flush();
    sink.signal.throwIfAborted();
    if (await writePlace(memory, { stream: options.stream, position: at, handling: heard })) {
      saved = at;
      handlingSaved = heard;
    }
  }

  return {
    /** How far the stream had been read before us: what is missing up to there is made up for. */
    begin(position: number): void {
      live = Math.max(live, position);
      behind = given < position;
    },
    /** The alert as it is now, after the message at this position. */
    write(alert: Alert | null, position: number): void {
      live = position;
      behind ||= sink.pressure() !== null;
      if (behind) return;
      if (alert !== null) put(alert);
      given = position;
    },
    /** People have said something of an alert. */
    spoken(id: string, revision: number): void {
      if (revision <= handlingSaved) return;
      handlingSeen = Math.max(handlingSeen, revision);
      spoken.set(id, { looks: 0 });
    },
    /**
     * Makes up for what is missing, and remembers how far it is; one at a time, the same promise while it lasts. It ends
     * when the table is lost.
     */
    settle(): Promise<void> {
      busy ??= work()
        .catch((cause: unknown) => {
          if (!lost()) throw cause;
        })
        .finally(() => {
          busy = null;
        });
      return busy;
    },
    /** Another one may have the desk: nothing is written any more. */
    lose: sink.lose,
    lost,
    /** Writes what it has been given, then lets go. Throws GV-SNK-001 when the database does not take it in time. */
    close: sink.close,
    waiting: (): number => live - given + spoken.size,
  };
}

export type AlertTable = Awaited<ReturnType<typeof alertTable>>;

interface Place {
  readonly stream: string;
  readonly position: number;
  readonly handling: number;
}

async function readPlace(memory: KeyValue): Promise<Place> {
  const stored = await memory.get(KEY);
  try {
    const { stream, position, handling } = JSON.parse(Buffer.from(stored?.value ?? '').toString('utf8')) as Place;
    if (typeof stream === 'string' && Number.isSafeInteger(position) && Number.isSafeInteger(handling)) {
      return { stream, position, handling };
    }
  } catch {
    // None yet, or damaged: rows that are there already are written over.
  }
  return { stream: '', position: 0, handling: 0 };
}

async function writePlace(memory: KeyValue, place: Place): Promise<boolean> {
  const stored = await memory.get(KEY);
  return memory.replace(KEY, Buffer.from(JSON.stringify(place)), stored?.revision ?? 0);
}
