import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type TcpProxy, tcpProxy } from '../bench/chaos/tcp-proxy.ts';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { type CliRun, endCliRuns, readyLine, startCli } from '../pipeline/cli/cli.fixture.ts';
import { systemClock } from '../pipeline/clock.ts';
import { startWorkerProcess, workerReports } from '../pipeline/cluster/worker-process.fixture.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { groupOf } from '../pipeline/contract/ids.ts';
import {
  type Databases,
  deskCaughtUp,
  finishEngine,
  forgetTold,
  startEngineProcess,
  storedMessages,
} from '../pipeline/kill-resume.fixture.ts';
import { createLiveClient, type LiveChange, type LiveClient } from './live-client.ts';
import type { LiveTopicName } from './live-fold.ts';

/** Two `serve` beside two workers of a cluster: whom somebody asks does not matter, nor that one of them dies. */

/** A GPU counts as stale a minute after its last sample, which servers that began at other times got at other times. */
const SAME = { timeout: 90_000, interval: 250 };
const LISTS = ['anomalies', 'incidents', 'episodes', 'health-scores', 'predictions', 'decisions', 'alerts'] as const;

type Row = Readonly<Record<string, unknown>>;
interface Server extends CliRun {
  readonly api: string;
  readonly live: string;
}
interface Told {
  readonly topic: string;
  readonly seq: number;
  readonly type: string;
}

let services: TestServices;
let bus: Bus;
let data = '';
let way: TcpProxy | null = null;
const clients: LiveClient[] = [];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'gpu-vitals-two-servers-'));
  services = await startTestServices({ nats: true, questdb: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await endCliRuns();
});
afterAll(async () => {
  await way?.close();
  await bus?.close();
  await services?.stop();
  if (data !== '') await rm(data, { recursive: true, force: true, maxRetries: 5 });
});

async function startServer(name: string, questdb: Databases): Promise<Server> {
  const run = startCli([
    ...['serve', '--nats', services.nats_url, '--data', join(data, name)],
    ...['--questdb', questdb.questdb_http_url, '--questdb-pg', questdb.questdb_pg_url],
    ...['--api', '127.0.0.1:0', '--live', '127.0.0.1:0'],
  ]);
  const { api = '', live = '' } = await readyLine(run);
  return { ...run, api, live };
}

async function end(run: CliRun): Promise<void> {
  run.kill('SIGTERM');
  expect(await run.exited).toMatchObject({ code: 0 });
}

async function ask<T>({ api }: Server, path: string, body?: object, method = 'POST'): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  const sent = body === undefined ? {} : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(`${api}/api/v1/${path}`, sent);
  const text = await answer.text();
  expect(answer.ok, `${path}: ${text}`).toBe(true);
  return JSON.parse(text) as T;
}

async function allPages(server: Server, path: string, limit = 1_000): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: Row[]; next: string | null; total: number } = await ask(
      server,
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${more}`,
    );
    rows.push(...page.items);
    cursor = page.next;
    if (cursor === null) expect(rows.length, path).toBe(page.total);
  }
  return rows;
}

async function answers(server: Server): Promise<Record<string, unknown>> {
  const gpus = await allPages(server, 'gpus', 20);
  const out: Record<string, unknown> = { gpus };
  for (const list of LISTS) out[list] = await allPages(server, list);
  for (const { gpu_uuid } of gpus.filter((_, i) => i % 6 === 0)) {
    const verdict = await ask<Row & { sample: Row }>(server, `gpus/${gpu_uuid}`);
    // Who uses a GPU is told over the bus only: a server that began later does not know it before the next sample.
    out[`gpus/${gpu_uuid}`] = { ...verdict, sample: { ...verdict.sample, attribution: [] } };
  }
  out.summary = await ask(server, 'fleet/summary?group_by=model');
  return out;
}

/** Waits until both answer the same; resolves with that. */
const sameAnswers = (one: Server, two: Server): Promise<Record<string, unknown>> =>
  vi.waitFor(async () => {
    const [mine, other] = await Promise.all([one, two].map(answers));
    for (const [path, answer] of Object.entries(mine ?? {})) expect(other?.[path], path).toEqual(answer);
    return mine as Record<string, unknown>;
  }, SAME);

function listener(url: string, topics: readonly LiveTopicName[]) {
  const told: Told[] = [];
  const states = new Map<string, unknown>();
  const parse = (text: string): unknown => {
    const message = JSON.parse(text) as Told;
    told.push(message);
    return message;
  };
  const client = createLiveClient({ url, WebSocket, parse, retry_ms: 100, retry_max_ms: 300 });
  clients.push(client);
  for (const topic of topics) {
    client.follow(topic).subscribe(({ state }: LiveChange<LiveTopicName>) => states.set(topic, state));
  }
  const of = (topic: string, from = 0): Told[] => told.slice(from).filter((one) => one.topic === topic);
  return { told, states, of };
}

/** What the topics add up to is what REST answers: nothing was missed. */
async function showsAll(states: ReadonlyMap<string, unknown>, server: Server): Promise<void> {
  const byKey = (rows: Iterable<Row>): Row[] =>
    [...rows].sort((a, b) => (`${a.id ?? a.gpu_uuid}/${a.instance}` < `${b.id ?? b.gpu_uuid}/${b.instance}` ? -1 : 1));
  await vi.waitFor(async () => {
    for (const [topic, state] of states) {
      if (topic.startsWith('gpu/')) {
        const { sample } = await ask<{ sample: Row }>(server, `gpus/${topic.slice('gpu/'.length)}`);
        expect((state as { sample: Row }).sample, topic).toEqual(sample);
        continue;
      }
      const rows = await allPages(server, topic === 'fleet' ? 'gpus' : `${topic}?state=open`);
      const shown = byKey((state as ReadonlyMap<string, Row>).values());
      if (topic === 'alerts') expect(shown.map(({ id }) => id)).toEqual(byKey(rows).map(({ id }) => id));
      else expect(shown, topic).toEqual(byKey(rows));
    }
  }, SAME);
}

it('two servers answer and push the same of what several workers find, also when one dies, and as of one process', async () => {
  const { nats_url } = services;
  const publisher = bus.publisher();
  const publish = async (from: number, to: number): Promise<void> => {
    const part = messages.slice(Math.floor(from * messages.length), Math.floor(to * messages.length));
    await Promise.all(part.map((message) => publisher.publish(message)));
    await reports.caughtUp(120_000);
    await deskCaughtUp(bus);
  };
  const workers = ['a', 'b'].map((name) => startWorkerProcess({ name, data, nats_url, questdb: services }));
  const reports = workerReports(bus);
  await reports.settled(workers, 90_000);
  const one = await startServer('one', services);
  const two = await startServer('two', services);
  const messages = storedMessages();
  // Of what is older than a quarter of an hour servers are not told samples: the live part is the last few minutes.
  await publish(0, 0.92);
  await vi.waitFor(async () => {
    for (const server of [one, two]) {
      const shown = await allPages(server, 'gpus');
      expect(shown.length).toBeGreaterThan(40);
      expect(shown.filter(({ ts }) => ts === null)).toEqual([]);
    }
  }, SAME);
  const first = await sameAnswers(one, two);
  for (const [path, answer] of Object.entries(first)) {
    if (Array.isArray(answer)) expect(answer.length, path).toBeGreaterThan(0);
  }
  const rows = first.gpus as { ts: string; gpu_uuid: string; node: string }[];

  const newest = rows
    .map(({ ts }) => ts)
    .sort()
    .at(-1);
  const watched = workers.map(({ name }) => {
    const groups = reports.last(name)?.groups ?? [];
    const found = rows.find(({ ts, node }) => ts === newest && groups.includes(groupOf(node)));
    expect(found, `a GPU of ${name}`).toBeDefined();
    return `gpu/${found?.gpu_uuid}` as const;
  });
  expect(new Set(watched).size).toBe(workers.length);
  const topics = ['fleet', 'anomalies', 'alerts', ...watched] as const;
  let port = Number(new URL(one.live).port);
  way = await tcpProxy(() => port);
  const entrance = new URL(one.live);
  entrance.port = String(way.port);
  const moving = listener(entrance.href, topics);
  // The topics of the other server are in use as well, with numbers of their own.
  const staying = listener(two.live, topics);
  await vi.waitFor(() => {
    for (const { states } of [moving, staying]) expect(states.size).toBe(topics.length);
  }, SAME);
  await publish(0.92, 0.95);
  await showsAll(moving.states, one);
  for (const topic of ['fleet', ...watched]) {
    expect(
      moving.of(topic).map(({ type }) => type),
      topic,
    ).toContain('delta');
  }

  one.kill('SIGKILL');
  await one.exited;
  const before = moving.told.length;
  await publish(0.95, 0.98);
  await showsAll(staying.states, two);
  port = Number(new URL(two.live).port);
  await showsAll(moving.states, two);
  await publish(0.98, 1);
  await publisher.close();
  for (const { states } of [moving, staying]) await showsAll(states, two);
  for (const topic of topics) {
    const [gap, snapshot, ...deltas] = moving.of(topic, before);
    expect([gap?.type, snapshot?.type], topic).toEqual(['gap', 'snapshot']);
    const start = snapshot?.seq ?? Number.NaN;
    expect(deltas.map(({ type, seq }) => [type, seq])).toEqual(deltas.map((_, i) => ['delta', start + i + 1]));
    if (topic === 'fleet' || topic.startsWith('gpu/')) expect(deltas.length, topic).toBeGreaterThan(0);
  }

  const three = await startServer('three', services);
  const shared = await sameAnswers(two, three);
  const [alert] = await allPages(two, 'alerts?state=open');
  const { id } = alert as { id: string };
  // What people tell stays on the bus, where the one process and its server find it too: not of one whose verdict is compared.
  const faulty = rows[1]?.gpu_uuid;
  await ask(three, `alerts/${id}/acknowledge`, { by: 'night shift' });
  await ask(two, `assets/${faulty}`, { owner: 'somebody' }, 'PATCH');
  await ask(three, `assets/${faulty}`, { rack: 'r7' }, 'PATCH');
  await ask(two, 'failure-labels', { gpu_uuid: faulty, failed_at: newest, type: 'memory' });
  await vi.waitFor(async () => {
    for (const server of [two, three]) {
      expect(await ask(server, `alerts/${id}`)).toMatchObject({ acknowledged_by: 'night shift' });
      expect(await ask(server, `gpus/${faulty}`)).toMatchObject({ asset: { owner: 'somebody', rack: 'r7' } });
      expect(await allPages(server, 'failure-labels')).toMatchObject([{ gpu_uuid: faulty, type: 'memory' }]);
    }
  }, SAME);
  // For the same reason this is taken back.
  await ask(two, `alerts/${id}/unacknowledge`, { by: 'day shift' });
  await vi.waitFor(async () => expect(await ask(three, `alerts/${id}`)).toMatchObject({ acknowledged_by: '' }), SAME);
  for (const run of [two, three, ...workers]) await end(run);
  reports.stop();

  const reference = await startTestServices({ questdb: true });
  try {
    await forgetTold(bus);
    await finishEngine(bus, await startEngineProcess({ data: join(data, 'alone'), nats_url, questdb: reference }));
    const alone = await startServer('beside-one', reference);
    await vi.waitFor(async () => {
      const told = await answers(alone);
      for (const [path, answer] of Object.entries(shared)) expect(told[path], path).toEqual(answer);
    }, SAME);
    await end(alone);
  } finally {
    await reference.stop();
  }
}, 600_000);
