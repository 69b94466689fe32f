import type { Clock, Timers } from '../clock.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';
import type { Sink } from '../contract/ports.ts';
import type { DurationMs } from '../contract/time.ts';
import { ALERTS_STREAM } from './ensure-streams.ts';
import { idsSince, type OnceSink, type OnceSinkOptions, onceSink } from './once-sink.ts';
import type { UnitFence } from './unit-fence.ts';

export interface AlertSinkOptions {
  readonly clock: Clock;
  /** The machine's, when left out. */
  readonly timers?: Timers;
  /** How far back an engine that comes back may tell again what it had told: as long as the raw stream is kept. */
  readonly told_again_max: DurationMs;
  /** Called for an alert that the stream refuses for good. */
  readonly onRefused?: (alert: Alert, error: unknown) => void;
  /** Called when the stream cannot be read yet; it is tried again. */
  readonly onTrouble?: (error: unknown) => void;
  /** Message ids that the stream holds since an instant (epoch ms), in place of reading them over the bus. */
  readonly storedIds?: (since: number) => AsyncIterable<string>;
}

const WILDCARD = 'alerts.>';

/**
 * Stores every change of an alert in ALERTS under `alerts.<severity>.<node>.<gpu>.<rule>`, as JSON, once, also when an engine
 * that comes back tells again what it had told. Cost: as of onceSink; the ids of the time told are read when it is opened.
 */
export function alertSink(bus: Bus, options: AlertSinkOptions): OnceSink<Alert> {
  return onceSink<Alert>(bus, {
    ...common(bus, options),
    message: alertMessage,
    onRefused: options.onRefused,
  });
}

/** Alerts of several units of a cluster, each stored only while the unit is ours. */
export interface UnitAlertSink extends Pick<OnceSink<Alert>, 'readAgain' | 'close'> {
  /** Where one unit tells its alerts; all of them are flushed together, and go on until all are closed. */
  ofUnit(unit: string): Sink<Alert>;
}

/** As `alertSink`; the server refuses what comes of a unit that somebody else has by now. */
export function unitAlertSink(bus: Bus, fence: UnitFence, options: AlertSinkOptions): UnitAlertSink {
  const all = onceSink<{ readonly alert: Alert; readonly unit: string }>(bus, {
    ...common(bus, options),
    message: ({ alert }) => alertMessage(alert),
    store: (publisher, message, { unit }) => fence.store(publisher, unit, message),
    onRefused: ({ alert }, cause) => options.onRefused?.(alert, cause),
  });
  return {
    readAgain: all.readAgain,
    close: all.close,
    ofUnit: (unit) => ({
      appends: true,
      write: (alert) => all.write({ alert, unit }),
      flush: all.flush,
      pressure: all.pressure,
      close: all.flush,
    }),
  };
}

const common = (
  bus: Bus,
  { clock, told_again_max, timers, onTrouble, storedIds }: AlertSinkOptions,
): Pick<OnceSinkOptions<never>, 'storedIds' | 'read_at_once' | 'timers' | 'onTrouble'> => {
  const ids = storedIds ?? ((since: number) => idsSince(bus, ALERTS_STREAM, WILDCARD, since));
  return { storedIds: () => ids(clock.now() - told_again_max), read_at_once: true, timers, onTrouble };
};

/** An alert as it lies in the stream: under a subject that says what it is about, the same change once within the duplicate window. */
export const alertMessage = (
  alert: Alert,
): { subject: string; data: Uint8Array; headers: { 'Content-Type': string; 'Nats-Msg-Id': string } } => ({
  subject: ['alerts', alert.severity, alert.node, alert.gpu_uuid, alert.rule].map(subjectToken).join('.'),
  // The table's field; what people say of it comes later, and stands in the table.
  data: Buffer.from(JSON.stringify({ ...alert, acknowledged_by: '' }), 'utf8'),
  headers: {
    'Content-Type': 'application/json',
    'Nats-Msg-Id': `alert:${alert.id}:${alert.severity}:${alert.state}`,
  },
});
