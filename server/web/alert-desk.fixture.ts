import { randomUUID } from 'node:crypto';
import { alertRoutesSchema } from '../../pipeline/alert-desk/alert-routes.ts';
import { DEFAULT_INHIBITIONS } from '../../pipeline/alert-desk/inhibitions.ts';
import type { Quiet } from '../../pipeline/alert-desk/quiet.ts';
import { runAlertDesk } from '../../pipeline/alert-desk/run-desk.ts';
import { alertMessage } from '../../pipeline/bus/alert-sink.ts';
import { jsonEventSink } from '../../pipeline/bus/json-event-sink.ts';
import { systemClock } from '../../pipeline/clock.ts';
import { ALERTS } from '../../pipeline/contract/alert-tables.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import { milliseconds, seconds } from '../../pipeline/contract/time.ts';
import type { AlertRow } from '../../sinks/questdb/read-alerts.ts';
import { type TableSinkOptions, tableSink } from '../../sinks/questdb/table-sink.ts';
import type { ConsoleWorld } from './console.fixture.ts';

/** The alert desk of a console's world, with nobody to tell: what rules would find is told by hand. */
export async function startConsoleDesk(world: ConsoleWorld): Promise<{
  alert(alert: Alert): Promise<void>;
  stop(): Promise<void>;
}> {
  const { bus, database } = world;
  const delivery: TableSinkOptions<AlertRow> = {
    url: world.questdb_http_url,
    age_max: milliseconds(50),
    answer_timeout: seconds(20),
    close_timeout: seconds(10),
    backoff_min: milliseconds(50),
    backoff_max: seconds(1),
    rows_max: 1_000,
    waiting_max: 10_000,
    onEvent: () => {},
    onRefused: (rows) => {
      throw new Error(`the database refused ${JSON.stringify(rows[0])}`);
    },
  };
  const events = jsonEventSink<AlertRow & Quiet>(bus, ALERTS.name);
  const desk = await runAlertDesk({
    bus,
    database,
    clock: systemClock,
    openSink: (guard) => tableSink<AlertRow>(ALERTS, { ...delivery, ...guard }),
    outbox: {
      waiting: 0,
      send: () => undefined,
      holds: () => false,
      resume: () => undefined,
      rest: () => undefined,
    },
    channels: [],
    route: alertRoutesSchema.parse({ channels: [] }),
    inhibitions: DEFAULT_INHIBITIONS,
    console: world.api_url,
    simulated: true,
    holder: randomUUID(),
    onRow: (row) => events.write(row),
    tell: (error) => console.error('desk', error),
  });
  const publisher = bus.publisher();
  return {
    alert: async (alert) => void (await publisher.publish(alertMessage(alert))),
    async stop() {
      await desk.stop();
      await publisher.close();
    },
  };
}
