import { randomInt, randomUUID } from 'node:crypto';
import { acceptRetries } from '../../sinks/alerts/accept-retries.ts';
import { deliverNotifications } from '../../sinks/alerts/deliver-notifications.ts';
import { openChannels } from '../../sinks/alerts/open-channels.ts';
import type { AlertRow } from '../../sinks/questdb/read-alerts.ts';
import type { DeliveryOptions } from '../../sinks/questdb/sink-events.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { alertRoutesSchema } from '../alert-desk/alert-routes.ts';
import { channelFigures } from '../alert-desk/channel-figures.ts';
import type { DeskCounters, RunningDesk } from '../alert-desk/desk-options.ts';
import type { OpenRows } from '../alert-desk/held-sink.ts';
import { inhibitionsSchema } from '../alert-desk/inhibitions.ts';
import type { Quiet } from '../alert-desk/quiet.ts';
import { runAlertDesk } from '../alert-desk/run-desk.ts';
import { alertMessage } from '../bus/alert-sink.ts';
import { jsonEventSink } from '../bus/json-event-sink.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import { ALERTS } from '../contract/alert-tables.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import type { DeadLetter } from '../contract/events.ts';
import type { Sink } from '../contract/ports.ts';
import { SMALL_TABLES } from './engine-sinks.ts';

export interface AlertDeskRoleOptions {
  readonly config: Config;
  readonly bus: Bus;
  readonly database: Database;
  readonly delivery: DeliveryOptions;
  readonly deadLetters: Sink<DeadLetter>;
  readonly clock: Clock;
  readonly simulated: boolean;
  /** As in `RunDeskOptions`. */
  readonly cut_off?: () => boolean;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

const RANDOM_STEPS = 2 ** 30;

/** The alert desk with the channels that are configured. In the engine's own thread: it waits far more than it works. */
export async function startAlertDesk(
  options: AlertDeskRoleOptions,
): Promise<{ counters(): DeskCounters; stop(): Promise<void> }> {
  const { config, bus, clock, say, tell } = options;
  const console = (config['alert-link'] === '' ? `http://${config.api}` : config['alert-link']).replace(/\/+$/, '');
  const channels = openChannels({
    channels: config['alert-channels'],
    link_base: console,
    environment: process.env,
    clock,
    allow_link_local: config['allow-link-local'],
    on_problem: (channel, detail) => tell(new VitalsError('GV-ALT-002', detail, channel)),
  });
  const publisher = bus.publisher();
  const publish = (alert: Alert): void => {
    publisher
      .publish(alertMessage(alert))
      .catch((cause: unknown) =>
        tell(new VitalsError('GV-BUS-002', `alert ${alert.id} was refused`, 'ALERTS', { cause })),
      );
  };
  let desk: RunningDesk | null = null;
  const outbox = deliverNotifications({
    channels,
    clock,
    may_send: () => desk?.held() === true,
    random: () => randomInt(RANDOM_STEPS) / RANDOM_STEPS,
    simulated: options.simulated,
    onDeadLetter: (letter) => options.deadLetters.write(letter),
    onEvent({ code, channel, state, detail }) {
      if (state === 'trouble') tell(new VitalsError(code, detail, `channel ${channel}`));
      else say(`alerts: channel ${channel}: ${detail}`);
    },
    onAlert: publish,
  });
  const openSink: OpenRows = (guard) =>
    tableSink<AlertRow>(ALERTS, {
      ...options.delivery,
      ...SMALL_TABLES,
      ...guard,
      onEvent(event) {
        // That requests end with the lease is no trouble of the database.
        if (desk?.held() !== false) options.delivery.onEvent(event);
      },
    });
  const events = jsonEventSink<AlertRow & Quiet>(bus, ALERTS.name);
  const began = clock.now();
  const running = await runAlertDesk({
    bus,
    database: options.database,
    clock,
    openSink,
    outbox,
    figures: () => channelFigures(outbox.counters()),
    channels: channels.map(({ name }) => name),
    route: alertRoutesSchema.parse(config['alert-routes']),
    inhibitions: inhibitionsSchema.parse(config['alert-inhibitions']),
    console,
    simulated: options.simulated,
    ...(options.cut_off === undefined ? {} : { cut_off: options.cut_off }),
    holder: randomUUID(),
    onRow: (row) => events.write(row),
    onActive(open) {
      // Whether a channel works is known to the process that uses it: what one before said of it is over.
      for (const alert of open) {
        if (alert.source !== 'alert-channels' || alert.opened_at >= began) continue;
        publish({ ...alert, state: 'closed', closed_at: clock.now() });
      }
    },
    tell,
  });
  desk = running;
  const { counters, over } = running;
  const retries = acceptRetries({ bus, delivery: outbox, active: () => counters().active, over });
  const names = channels.map(({ name }) => name).join(', ');
  say(`alerts: ${names === '' ? 'no channel is configured, they are told to nobody' : `told to ${names}`}`);
  return {
    counters,
    async stop() {
      retries.unsubscribe();
      await running.stop();
      await outbox.close();
      await publisher.close();
    },
  };
}
