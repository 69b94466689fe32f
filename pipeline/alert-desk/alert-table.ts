import { type AlertRow, readAlertRow } from '../../sinks/questdb/read-alerts.ts';
import type { KeyValue } from '../bus/key-value.ts';
import { storedMessages } from '../bus/stored-messages.ts';
import type { Alert, AlertHandling } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import type { Sink } from '../contract/ports.ts';
import { readAlert } from './read-alert.ts';

export const ALERTS_STREAM = 'ALERTS';
const KEY = 'table';
/** How often a row is looked for that people say something of: what was just written is not seen at once. */
const LOOKS_MAX = 30;

export interface AlertTableOptions {
  readonly bus: Bus;
  /** Where it remembers how far the table is. */
  readonly memory: KeyValue;
  readonly sink: Sink<AlertRow>;
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
 * nobody: rows are left out then and made up for from the stream, of which it remembers how far the table is.
 */
export async function alertTable(options: AlertTableOptions) {
  const { bus, memory, sink, database, handling, known } = options;
  const stored = await readPlace(memory);
  const same = stored.stream === options.stream;
  /** The last position whose row was given to the sink, and the last that there was. */
  let given = same ? stored.position : 0;
  let live = given;
  let saved = given;
  let handlingSaved = stored.handling;
  let handlingSeen = stored.handling;
  let behind = false;
  let busy: Promise<void> | null = null;
  /** Alerts of which people have said something, and how often their rows were looked for. */
  const spoken = new Map<string, number>();

  const put = (alert: Alert): void => sink.write(alertRow(alert, handling(alert)));

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
        put(now === null || now === 'over' ? alert : now);
        given = position;
      }
      given = Math.max(given, until);
      if (live <= until) behind = false;
    }
  }

  async function hear(): Promise<void> {
    for (const [id, looks] of [...spoken]) {
      const now = known(id);
      const row = now === null || now === 'over' ? await readAlertRow(database, id) : null;
      if (now !== null && now !== 'over') put(now);
      else if (row !== null) put(row);
      if (row !== null || (now !== null && now !== 'over') || looks >= LOOKS_MAX) spoken.delete(id);
      else spoken.set(id, looks + 1);
    }
  }

  async function work(): Promise<void> {
    if (behind) await makeUp();
    const [at, seen] = [given, handlingSeen];
    await hear();
    const heard = spoken.size === 0 ? seen : handlingSaved;
    if (at === saved && heard === handlingSaved) return;
    await sink.flush();
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
      spoken.set(id, 0);
    },
    /** Makes up for what is missing, and remembers how far it is; one at a time, the same promise while it lasts. */
    settle(): Promise<void> {
      busy ??= work().finally(() => {
        busy = null;
      });
      return busy;
    },
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
