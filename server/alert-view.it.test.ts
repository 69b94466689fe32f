import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { alertOf, closedOf } from '../pipeline/alert-desk/desk.fixture.ts';
import { handled } from '../pipeline/alert-desk/handling.ts';
import { DEFAULT_INHIBITIONS } from '../pipeline/alert-desk/inhibitions.ts';
import { alertMessage } from '../pipeline/bus/alert-sink.ts';
import { until } from '../pipeline/bus/bus.fixture.ts';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../pipeline/clock.ts';
import type { Alert } from '../pipeline/contract/alerts.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { alertView } from './alert-view.ts';

let services: TestServices;
let bus: Bus;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
}, 60_000);
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

function view(options: { readonly open_max?: number } = {}) {
  const made = alertView({
    ...options,
    bus,
    clock: systemClock,
    inhibitions: DEFAULT_INHIBITIONS,
    seen: async () => [],
    onFailure: () => undefined,
    retry_ms: 50,
  });
  stops.push(() => made.stop());
  return made;
}

async function publish(...alerts: Alert[]): Promise<void> {
  const publisher = bus.publisher();
  for (const alert of alerts) await publisher.publish(alertMessage(alert));
  await publisher.close();
}

it('waits for the streams, follows alerts and people, and tells what happened to one', async () => {
  const one = view();
  expect([one.ready(), one.open(), one.silences()]).toEqual([false, [], []]);
  await expect(one.handle('A', (now) => now)).rejects.toMatchObject({ code: 'GV-API-003' });
  await ensureStreams(bus);
  await until(() => one.ready());

  const opened_at = systemClock.now();
  const alert = alertOf({ id: 'A', severity: 'warning', opened_at });
  await publish(alert, alertOf({ id: 'B', opened_at }), { ...alert, severity: 'critical' });
  await until(() => one.alert('A')?.severity === 'critical' && one.open().length === 2);

  const act = { at: systemClock.now(), by: 'eve', act: 'acknowledged' as const, to: '', note: 'seen' };
  await one.handle('A', (now) => handled(now, act, 'critical'));
  expect(one.alert('A')).toMatchObject({ acknowledged_by: 'eve', handling_note: 'seen' });
  const other = view();
  await until(() => other.alert('A')?.acknowledged_by === 'eve');

  const silence = {
    id: 'S',
    kind: 'silence' as const,
    matchers: [{ field: 'node' as const, values: ['n1'] }],
    starts_at: systemClock.now() - 1,
    ends_at: systemClock.now() + 60_000,
    created_by: 'eve',
    comment: '',
    created_at: systemClock.now(),
  };
  await one.silence('S', () => silence);
  expect(one.open().map(({ silenced_by }) => silenced_by)).toEqual(['S', 'S']);
  await until(() => other.open().every(({ silenced_by }) => silenced_by === 'S'));
  await one.forgetSilence('S');
  await until(() => other.silences().length === 0 && other.open().every((row) => row.silenced_by === ''));

  const row = other.alert('A');
  if (row === null) throw new Error('not open');
  expect((await other.changes(row)).map(({ what, severity, by }) => `${what} ${severity} ${by}`)).toEqual([
    'opened warning ',
    'escalated critical ',
    'acknowledged null eve',
  ]);
  await publish(closedOf({ ...alert, severity: 'critical' }));
  await until(() => other.alert('A') === null && one.alert('A') === null);
  // Together writers lose nothing of each other.
  const acts = Array.from({ length: 6 }, (_, i) => ({ ...act, by: `p${i}`, act: 'assigned' as const, to: `p${i}` }));
  await Promise.all(acts.map((each, i) => (i % 2 ? one : other).handle('B', (now) => handled(now, each, 'critical'))));
  const last = view();
  await until(() => last.ready() && last.alert('B') !== null);
  const b = last.alert('B');
  if (b === null) throw new Error('not open');
  expect((await last.changes(b)).filter(({ what }) => what === 'assigned')).toHaveLength(6);
}, 60_000);

it('forgets what has closed without being asked, so that a new alert always finds room', async () => {
  await ensureStreams(bus);
  const one = view({ open_max: 100 });
  await until(() => one.ready());
  const opened_at = systemClock.now();
  const spell = (id: string): Alert[] => {
    const alert = alertOf({ id, opened_at });
    return [alert, closedOf(alert)];
  };
  await publish(...Array.from({ length: 300 }, (_, i) => spell(`spell ${i}`)).flat());
  await publish(alertOf({ id: 'last', opened_at }));
  await until(() => one.alert('last') !== null);
  expect(one.open().some(({ id }) => id.startsWith('spell'))).toBe(false);
});
