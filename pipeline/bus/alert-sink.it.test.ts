import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { systemClock } from '../clock.ts';
import { ALERTS } from '../contract/alert-tables.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import { hours } from '../contract/time.ts';
import { alertSink } from './alert-sink.ts';
import { testBus, until } from './bus.fixture.ts';
import { ALERTS_STREAM, ensureStreams } from './ensure-streams.ts';
import { storedMessages } from './stored-messages.ts';
import { managerOf } from './stream-manager.ts';

let services: TestServices;
let bus: Bus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
});

afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

beforeEach(async () => {
  await ensureStreams(bus);
  const jsm = await managerOf(bus);
  await jsm.streams.purge(ALERTS_STREAM);
  // So short a window shows that the stream's own memory of ids is not what is relied on.
  await jsm.streams.update(ALERTS_STREAM, { duplicate_window: 100_000_000 });
});

const TS = 1_767_225_600_000;
const alert = (some: Partial<Alert> = {}): Alert => ({
  ts: TS,
  gpu_uuid: 'GPU-1',
  node: 'node-1',
  instance: '',
  id: '0123456789abcdef',
  rule: 'gpu_fault',
  severity: 'warning',
  state: 'open',
  summary: 'GPU-1 on node node-1: XID 79 at 2026-01-01 00:00:00 UTC.',
  action_text: 'Reboot the node.',
  action: 'reboot_node',
  category: 'bus',
  source: 'xid_episodes',
  source_id: 'e1',
  model: 'H100',
  cluster: '',
  rack: '',
  owner: '',
  tenant: '',
  job: '',
  opened_at: TS,
  closed_at: null,
  ...some,
});
/** Of each test: the server knows ids for a while, also of what was purged. */
const lifeOf = (test: string): readonly Alert[] => [
  alert({ id: test }),
  alert({ id: test, severity: 'critical' }),
  alert({ id: `node-${test}`, node: 'rack 1.node*2', gpu_uuid: '', rule: 'node_silent' }),
  alert({ id: test, severity: 'critical', state: 'closed', closed_at: TS + 60_000 }),
];

const newSink = (on: Bus = bus) => alertSink(on, { clock: systemClock, told_again_max: hours(24) });
async function stored(): Promise<{ subject: string; alert: Alert }[]> {
  const all: { subject: string; alert: Alert }[] = [];
  for await (const { subject, data } of storedMessages(bus, ALERTS_STREAM, { subject: 'alerts.>', from: 1 })) {
    all.push({ subject, alert: JSON.parse(Buffer.from(data).toString('utf8')) as Alert });
  }
  return all;
}

it('stores every change under its subject, in order, with the fields of the table', async () => {
  const life = lifeOf('fields');
  const sink = newSink();
  for (const one of life) sink.write(one);
  await sink.flush();
  const all = await stored();
  await sink.close();
  expect(all.map((one) => one.alert)).toEqual(life.map((alert) => ({ ...alert, acknowledged_by: '' })));
  expect(all.map(({ subject }) => subject)).toEqual([
    'alerts.warning.node-1.GPU-1.gpu_fault',
    'alerts.critical.node-1.GPU-1.gpu_fault',
    'alerts.warning.rack_1_node_2._.node_silent',
    'alerts.critical.node-1.GPU-1.gpu_fault',
  ]);
  const handled = ['acknowledged_at', 'assigned_to', 'handling_note'];
  const columns = ALERTS.columns.map(({ name }) => name).filter((name) => !handled.includes(name));
  expect(Object.keys(all[0]?.alert ?? {}).sort()).toEqual([...columns].sort());
});

it('tells listeners each change once, also when an engine that was killed tells all of it again', async () => {
  const life = lifeOf('again');
  const heard: string[] = [];
  const listening = bus.subscribe('alerts.>', ({ data }) => {
    const { id, severity, state } = JSON.parse(Buffer.from(data).toString('utf8')) as Alert;
    heard.push(`${id} ${severity} ${state}`);
  });
  // Killed: nothing is closed, what was stored is stored.
  const first = await testBus(services.nats_url);
  const killed = newSink(first.bus);
  for (const one of life.slice(0, 3)) killed.write(one);
  await killed.flush();
  await first.bus.close();
  await new Promise((resolve) => setTimeout(resolve, 200));

  const second = newSink();
  for (const one of life) second.write(one);
  await second.flush();
  await until(() => heard.length >= life.length);
  await second.close();
  listening.unsubscribe();
  const expected = life.map(({ id, severity, state }) => `${id} ${severity} ${state}`);
  expect(heard).toEqual(expected);
  expect((await stored()).length).toBe(life.length);
});

it('waits for NATS, and loses nothing of what was told meanwhile', async () => {
  const life = lifeOf('meanwhile');
  const own = await testBus(services.nats_url);
  services.kill('nats', 'SIGKILL');
  await until(() => !own.bus.connected);
  const sink = newSink(own.bus);
  let flushed = false;
  for (const one of life) sink.write(one);
  const flushing = sink.flush().then(() => {
    flushed = true;
  });
  expect(flushed).toBe(false);
  await services.restart('nats');
  await flushing;
  expect((await stored()).length).toBe(life.length);
  await sink.close();
  await own.bus.close();
});

it('ends although NATS is away', async () => {
  const own = await testBus(services.nats_url);
  services.kill('nats', 'SIGKILL');
  await until(() => !own.bus.connected);
  const sink = newSink(own.bus);
  sink.write(alert());
  await sink.close();
  await own.bus.close();
  await services.restart('nats');
  await until(() => bus.connected);
});
