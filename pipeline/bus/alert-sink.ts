import { type Clock, systemTimers, type Timers } from '../clock.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';
import type { Sink } from '../contract/ports.ts';
import type { DurationMs } from '../contract/time.ts';
import { ALERTS_STREAM } from './ensure-streams.ts';
import { positionSince, storedMessages } from './stored-messages.ts';

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

export interface AlertSink extends Sink<Alert> {
  /** Reads what others have stored since an instant, epoch ms: what is told now may be told again. Alerts wait for it. */
  remember(since: number): Promise<void>;
}

const RETRY_MS = 1_000;
/** So many may wait for the stream to be read. */
const WAITING_MAX = 10_000;
const WILDCARD = 'alerts.>';

/**
 * Stores every change of an alert in ALERTS under `alerts.<severity>.<node>.<gpu>.<rule>`, as JSON, once.
 *
 * An engine that comes back tells again what it had told since its last snapshot. The stream's duplicate window would hide
 * that from the stream for two minutes and from its listeners not at all; so the sink reads the ids of what is stored when
 * it is opened, and leaves out each of them once. Nothing is sent before that is done.
 *
 * Cost: one stored message per change, held in memory until it is acknowledged; about 60 B for each id that is stored
 * already and does not come again.
 */
export function alertSink(bus: Bus, options: AlertSinkOptions): AlertSink {
  const { clock, timers = systemTimers, storedIds = (since: number) => idsSince(bus, since) } = options;
  const publisher = bus.publisher();
  const stored = new Set<string>();
  const pending = new Set<Promise<void>>();
  let waiting: Alert[] = [];
  let ready = false;
  let wake: () => void = () => {};
  let closed = false;
  let reading = readStored(0);

  async function readStored(from: number): Promise<void> {
    const since = Math.max(from, clock.now() - options.told_again_max);
    while (!closed) {
      try {
        for await (const id of storedIds(since)) stored.add(id);
        ready = true;
        for (const alert of waiting) send(alert);
        waiting = [];
        return;
      } catch (error) {
        if (closed) return;
        options.onTrouble?.(error);
        await new Promise<void>((resolve) => {
          const cancel = timers.after(RETRY_MS, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
    }
  }

  function send(alert: Alert): void {
    const message = alertMessage(alert);
    if (stored.delete(message.headers['Nats-Msg-Id'])) return;
    const sent: Promise<void> = publisher
      .publish(message)
      .then(
        () => {},
        (error: unknown) => options.onRefused?.(alert, error),
      )
      .then(() => {
        pending.delete(sent);
      });
    pending.add(sent);
  }

  return {
    appends: true,
    remember(since) {
      ready = false;
      reading = reading.then(() => {
        ready = false;
        return readStored(since);
      });
      return reading;
    },
    write(alert) {
      if (ready) send(alert);
      else waiting.push(alert);
    },
    async flush() {
      await reading;
      await Promise.all([...pending]);
    },
    pressure: () => (ready || waiting.length < WAITING_MAX ? publisher.pressure() : reading),
    async close() {
      closed = true;
      wake();
      await reading;
      await Promise.all([...pending]);
      await publisher.close();
    },
  };
}

async function* idsSince(bus: Bus, since: number): AsyncGenerator<string> {
  const from = await positionSince(bus, ALERTS_STREAM, WILDCARD, since);
  if (from === null) return;
  const read = { subject: WILDCARD, from, headers_only: true } as const;
  for await (const { headers } of storedMessages(bus, ALERTS_STREAM, read)) {
    const id = headers['Nats-Msg-Id'];
    if (id !== undefined) yield id;
  }
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
