import type { Clock, Timers } from '../clock.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';
import type { DurationMs } from '../contract/time.ts';
import { ALERTS_STREAM } from './ensure-streams.ts';
import { idsSince, type OnceSink, onceSink } from './once-sink.ts';

interface AlertSinkOptions {
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
  const { clock, storedIds = (since: number) => idsSince(bus, ALERTS_STREAM, WILDCARD, since) } = options;
  return onceSink<Alert>(bus, {
    message: alertMessage,
    storedIds: () => storedIds(clock.now() - options.told_again_max),
    read_at_once: true,
    timers: options.timers,
    onRefused: options.onRefused,
    onTrouble: options.onTrouble,
  });
}

/** An alert as it lies in the stream: under a subject that says what it is about, the same change once within the duplicate window. */
export const alertMessage = (
  alert: Alert,
): { subject: string; data: Uint8Array; headers: { 'Content-Type': string; 'Nats-Msg-Id': string } } => ({
  subject: ['alerts', alert.severity, alert.node, alert.gpu_uuid, alert.rule].map(subjectToken).join('.'),
  data: Buffer.from(JSON.stringify(alert), 'utf8'),
  headers: {
    'Content-Type': 'application/json',
    'Nats-Msg-Id': `alert:${alert.id}:${alert.severity}:${alert.state}`,
  },
});
