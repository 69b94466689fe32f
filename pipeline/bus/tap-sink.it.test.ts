import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { type SettableClock, settableClock } from '../clock.ts';
import type { Batch } from '../contract/batch.ts';
import type { Bus } from '../contract/bus.ts';
import { groupToken } from '../contract/ids.ts';
import { METRIC_COUNT, METRICS } from '../contract/metrics.ts';
import { Registry } from '../contract/registry.ts';
import { settled, testBus, until } from './bus.fixture.ts';
import { jsonEventSink } from './json-event-sink.ts';
import { connectionOf } from './stream-manager.ts';
import { tapSink } from './tap-sink.ts';

const PREFIX = 'dcgm.validated';

let services: TestServices;
/** The tap's connection and a listener's. */
let bus: Bus;
let outside: Bus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
  outside = (await testBus(services.nats_url)).bus;
});

afterAll(async () => {
  await bus?.close();
  await outside?.close();
  await services?.stop();
});

const registries = new Map<number, Registry>();

/** One row per GPU, two GPUs per node; the temperature is the batch's number. */
function batchOf(group: number, nodes: number, ts: number): Batch {
  let registry = registries.get(group);
  if (!registry) {
    registry = new Registry(group);
    registries.set(group, registry);
  }
  const rows = nodes * 2;
  const batch = {
    group,
    registry,
    rows,
    ts: new Float64Array(rows).fill(ts),
    gpu: new Uint32Array(rows),
    node: new Uint32Array(rows),
    attribution: new Uint32Array(rows),
    values: new Float64Array(rows * METRIC_COUNT).fill(Number.NaN),
    xids: [],
    position: 1,
    arrived_at: new Float64Array(rows).fill(ts),
    clock: new Float64Array(rows).fill(ts),
  };
  for (let row = 0; row < rows; row++) {
    const node = registry.node(`n${row >> 1}`);
    batch.node[row] = node;
    const unknown = { model: 'H100', pci_bus_id: '', serial: '', slot: '' };
    batch.gpu[row] = registry.gpu({ uuid: `GPU-${group}-${row}`, instance: '', ...unknown }, node);
    batch.values[row * METRIC_COUNT] = 40 + row;
  }
  return batch;
}

/** Writes a batch of every group, then lets the answers come in, then moves the clock. */
async function tick(sink: ReturnType<typeof tapSink>, clock: SettableClock, ms: number, groups = 4): Promise<void> {
  for (let group = 0; group < groups; group++) sink.write(batchOf(group, 5, clock.now()));
  await sink.flush();
  await bus.flush();
  clock.advance(ms);
}

const sent = (): number => connectionOf(bus).stats().outMsgs;

it('sends one probe a second and group while nobody listens', async () => {
  const clock = settableClock(1_000_000);
  const sink = tapSink(bus, { prefix: PREFIX, clock });
  const before = sent();
  for (let i = 0; i < 40; i++) await tick(sink, clock, 100);
  expect(sent() - before).toBe(4 * 4);
  await sink.close();
});

it('asks for eight of many groups a second while nobody listens, and for all once one was heard', async () => {
  const clock = settableClock(1_000_000);
  const sink = tapSink(bus, { prefix: PREFIX, clock });
  const groups = 40;
  for (let i = 0; i < 50; i++) await tick(sink, clock, 100, groups);
  const before = sent();
  for (let i = 0; i < 50; i++) await tick(sink, clock, 100, groups);
  expect(sent() - before).toBe(groups);
  const got = new Set<string>();
  const subscription = outside.subscribe(`${PREFIX}.>`, ({ subject }) => got.add(subject));
  await outside.flush();
  for (let i = 0; i < 20; i++) await tick(sink, clock, 100, groups);
  got.clear();
  await tick(sink, clock, 100, groups);
  await until(() => got.size === groups * 5);
  subscription.unsubscribe();
  await sink.close();
});

it('sends everything within a second of a subscription to all, and stops when it goes', async () => {
  const clock = settableClock(1_000_000);
  const sink = tapSink(bus, { prefix: PREFIX, clock });
  await tick(sink, clock, 100);
  const got: { subject: string; text: string }[] = [];
  const subscription = outside.subscribe(`${PREFIX}.>`, (message) => {
    got.push({ subject: message.subject, text: Buffer.from(message.data).toString() });
  });
  await outside.flush();
  for (let i = 0; i < 10; i++) await tick(sink, clock, 100);
  got.length = 0;
  const from = clock.now();
  await tick(sink, clock, 100);
  await until(() => got.length >= 20);
  await settled(() => got.length);
  expect(got.length).toBe(20);
  expect(got[0]?.subject).toBe(`${PREFIX}.${groupToken(0)}.n0`);
  const temperature = METRICS[0]?.name ?? '';
  expect(JSON.parse(got[0]?.text ?? '')).toEqual({
    ts: from,
    node: 'n0',
    gpus: [
      { gpu_uuid: 'GPU-0-0', instance: '', model: 'H100', [temperature]: 40 },
      { gpu_uuid: 'GPU-0-1', instance: '', model: 'H100', [temperature]: 41 },
    ],
  });
  // A second later each message still comes once, although one of them is a probe again.
  clock.advance(1_000);
  got.length = 0;
  await tick(sink, clock, 100);
  await until(() => got.length >= 20);
  await settled(() => got.length);
  expect(new Set(got.map((message) => message.subject)).size).toBe(20);
  expect(got.length).toBe(20);

  subscription.unsubscribe();
  await outside.flush();
  for (let i = 0; i < 11; i++) await tick(sink, clock, 100);
  const before = sent();
  for (let i = 0; i < 10; i++) await tick(sink, clock, 100);
  expect(sent() - before).toBeLessThanOrEqual(8);
  await sink.close();
});

it('finds a listener to one node, keeps serving it, and leaves other groups alone', async () => {
  const clock = settableClock(1_000_000);
  const sink = tapSink(bus, { prefix: PREFIX, clock });
  let got = 0;
  const subscription = outside.subscribe(`${PREFIX}.02.n3`, () => {
    got++;
  });
  await outside.flush();
  for (let i = 0; i < 7; i++) await tick(sink, clock, 1_000);
  const before = { got, sent: sent() };
  for (let i = 0; i < 10; i++) await tick(sink, clock, 1_000);
  await until(() => got - before.got >= 10);
  expect(got - before.got).toBe(10);
  // Group 2 in full, a probe each for the three others.
  expect(sent() - before.sent).toBe(10 * (5 + 3));
  subscription.unsubscribe();
  await sink.close();
});

it('publishes events under their table, node and GPU', async () => {
  const got: string[] = [];
  const subscription = outside.subscribe('vitals.>', (message) => {
    got.push(`${message.subject} ${Buffer.from(message.data)}`);
  });
  await outside.flush();
  const sink = jsonEventSink<{ node: string; gpu_uuid: string; score: number }>(bus, 'anomalies');
  sink.write({ node: 'a.b c', gpu_uuid: 'GPU-1', score: Number.NaN });
  await sink.flush();
  await until(() => got.length === 1);
  expect(got).toEqual(['vitals.anomalies.a_b_c.GPU-1 {"node":"a.b c","gpu_uuid":"GPU-1","score":null}']);
  subscription.unsubscribe();
});
