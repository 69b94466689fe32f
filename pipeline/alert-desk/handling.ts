import { z } from 'zod';
import type { Alert, AlertHandling } from '../contract/alerts.ts';
import type { Severity } from '../contract/events.ts';
import { EPOCH_MS_MAX } from '../contract/time.ts';
import { severityRank } from './severity-rank.ts';

/** The most that is kept of what people did with one alert; the oldest goes. */
const ACTS_MAX = 50;
export const NAME_CHARACTERS_MAX = 128;
export const NOTE_CHARACTERS_MAX = 2_000;

const name = z.string().max(NAME_CHARACTERS_MAX);
const note = z.string().max(NOTE_CHARACTERS_MAX);
const instant = z.number().int().min(1).max(EPOCH_MS_MAX);
const severity = z.enum(['info', 'warning', 'critical']);

const actSchema = z.object({
  at: instant,
  by: name,
  act: z.enum(['acknowledged', 'unacknowledged', 'assigned']),
  /** To whom, when it was assigned. */
  to: name,
  note,
});
export type HandlingAct = z.output<typeof actSchema>;

export const handlingSchema = z.object({
  alert_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  acknowledged_by: name,
  acknowledged_at: instant.nullable(),
  /** What it was when somebody took notice: they have not taken notice of anything worse. */
  acknowledged_severity: severity.nullable(),
  assigned_to: name,
  note,
  acts: z.array(actSchema).max(ACTS_MAX),
});

/** AlertHandling as it lies in the bucket, with what led to it. */
export type StoredHandling = z.output<typeof handlingSchema>;

/** A value of a bucket, by its schema; null when it is none: anybody on the bus may write there. */
export function readStored<S extends z.ZodType>(schema: S, value: Uint8Array): z.output<S> | null {
  try {
    const read = schema.safeParse(JSON.parse(Buffer.from(value).toString('utf8')));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

export const unhandled = (alert_id: string): StoredHandling => ({
  alert_id,
  acknowledged_by: '',
  acknowledged_at: null,
  acknowledged_severity: null,
  assigned_to: '',
  note: '',
  acts: [],
});

/** What holds of an alert as it is now: an acknowledgement does not outlive a rise of the severity. */
export function handlingOf(alert: Pick<Alert, 'id' | 'severity'>, stored: StoredHandling | undefined): AlertHandling {
  const {
    acknowledged_by,
    acknowledged_at,
    acknowledged_severity,
    assigned_to,
    note: written,
  } = stored ?? unhandled(alert.id);
  const holds =
    acknowledged_at !== null &&
    acknowledged_severity !== null &&
    severityRank(alert.severity) <= severityRank(acknowledged_severity);
  return {
    alert_id: alert.id,
    acknowledged_by: holds ? acknowledged_by : '',
    acknowledged_at: holds ? acknowledged_at : null,
    assigned_to,
    note: written,
  };
}

/** What a person does; an empty note leaves the one before. */
export function handled(stored: StoredHandling, act: HandlingAct, severityNow: Severity): StoredHandling {
  const acts = [...stored.acts, act].slice(-ACTS_MAX);
  const base = { ...stored, acts, note: act.note === '' ? stored.note : act.note };
  switch (act.act) {
    case 'acknowledged':
      return { ...base, acknowledged_by: act.by, acknowledged_at: act.at, acknowledged_severity: severityNow };
    case 'unacknowledged':
      return { ...base, acknowledged_by: '', acknowledged_at: null, acknowledged_severity: null };
    case 'assigned':
      return { ...base, assigned_to: act.to };
  }
}
