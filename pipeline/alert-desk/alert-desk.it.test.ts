import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from '../../sinks/questdb/questdb.fixture.ts';
import { type AlertRow, readAlertRow } from '../../sinks/questdb/read-alerts.ts';
import { allAssets } from '../../sinks/questdb/read-assets.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { mergeAsset } from '../asset-merge.ts';
import { logAssets } from '../bus/asset-log.ts';
import { until } from '../bus/bus.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { managerOf } from '../bus/stream-manager.ts';
import { systemClock } from '../clock.ts';
import { ALERTS } from '../contract/alert-tables.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus, ReadOptions } from '../contract/bus.ts';
import type { Asset } from '../contract/events.ts';
import { subjectToken } from '../contract/ids.ts';
import type { Notification } from '../contract/notifications.ts';
import type { Sink } from '../contract/ports.ts';
import { GPU_ASSETS } from '../contract/tables.ts';
import { seconds } from '../contract/time.ts';
import type { AlertRoute } from './alert-routes.ts';
import { openDeskMemory } from './buckets.ts';
import { alertOf, closedOf, routeOf } from './desk.fixture.ts';
import type { RunDeskOptions, RunningDesk } from './desk-options.ts';
import { followPeople } from './follow-people.ts';
import { handled, unhandled } from './handling.ts';
import { DEFAULT_INHIBITIONS } from './inhibitions.ts';
import { questdbProxy } from './questdb-proxy.fixture.ts';
import type { Quiet } from './quiet.ts';
import { runAlertDesk } from './run-desk.ts';

let nats: TestServices;
let questdb: TestQuestdb;
let bus: Bus;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [nats, questdb] = await Promise.all([startTestServices({ nats: true }), startTestQuestdb()]);
  bus = await connectBus({ servers: nats.nats_url, name: 'test', clock: systemClock });
  await ensureStreams(bus);
  await prepareDatabase(questdb.database, { tables: [ALERTS], rollups: [] });
}, 120_000);
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  const jsm = await managerOf(bus);
  for (const stream of [
    'ALERTS',
    'KV_GPU_VITALS_ALERT_DESK',
    'KV_GPU_VITALS_ALERT_HANDLING',
    'KV_GPU_VITALS_SILENCES',
  ]) {
    await jsm.streams.delete(stream).catch(() => false);
  }
  await ensureStreams(bus);
  await questdb.database.query('TRUNCATE TABLE alerts');
});
afterAll(async () => {
  await bus?.close();
  await nats?.stop();
  await questdb?.stop();
});

interface Told {
  readonly channel: string;
  readonly notification: Notification;
}

const FAST = routeOf({ group_wait: '0s', group_interval: '0s', repeat_interval: '400ms' });
const QUIET = routeOf({ group_wait: '0s', group_interval: '0s', repeat_interval: '0s' });

/** A desk on a connection of its own. `kill` cuts it off as a kill would: it can write and tell nothing any more. */
async function desk(options: {
  told: Told[];
  rows?: (AlertRow & Quiet)[];
  route?: AlertRoute;
  holder?: string;
  tell?: RunDeskOptions['tell'];
  /** Whether the next reading of the alerts fails. */
  breaks?: () => boolean;
  /** Whether the bus says that it is there; as it is, when left out. */
  connected?: () => boolean;
  /** Where it writes rows; QuestDB itself, when left out. */
  questdb_http?: string;
}) {
  const own = await connectBus({ servers: nats.nats_url, name: 'desk', clock: systemClock });
  if (options.connected !== undefined) Object.defineProperty(own, 'connected', { get: options.connected });
  const { read } = own;
  Object.assign(own, {
    async *read(wanted: ReadOptions, signal: AbortSignal) {
      if (wanted.stream === 'ALERTS' && options.breaks?.()) throw new Error('reading broke');
      yield* read(wanted, signal);
    },
  });
  const sinks: Sink<AlertRow>[] = [];
  let dead = false;
  const running: RunningDesk = await runAlertDesk({
    bus: own,
    database: questdb.database,
    clock: systemClock,
    openSink(guard) {
      const sink = tableSink<AlertRow>(ALERTS, {
        ...{ ...questdb.delivery(), ...guard, rows_max: 1_000, waiting_max: 10_000 },
        ...(options.questdb_http === undefined ? {} : { url: options.questdb_http }),
      });
      sinks.push(sink);
      return sink;
    },
    onRow: (row) => options.rows?.push(row),
    outbox: {
      send: (channel, notification) => {
        if (!dead) options.told.push({ channel, notification });
      },
      waiting: 0,
      holds: () => false,
      resume: () => undefined,
      rest: () => undefined,
    },
    channels: ['chat'],
    route: options.route ?? QUIET,
    inhibitions: DEFAULT_INHIBITIONS,
    console: '',
    simulated: false,
    holder: options.holder ?? 'one',
    time_to_live: seconds(1),
    tell: options.tell ?? (() => undefined),
  });
  let ended = false;
  let parted = false;
  const end = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    await running.stop();
    // Whatever one still held is sent by then.
    await Promise.allSettled(sinks.map((sink) => sink.close()));
    if (!parted) await own.close();
  };
  stops.push(end);
  return {
    running,
    end,
    /** Cuts it off from the bus, for good. */
    async part() {
      parted = true;
      await own.close();
    },
    async kill() {
      dead = true;
      ended = true;
      await own.close();
      await running.stop();
    },
  };
}

async function publish(...alerts: (Alert | string)[]): Promise<void> {
  const publisher = bus.publisher();
  for (const alert of alerts) {
    const data = Buffer.from(typeof alert === 'string' ? alert : JSON.stringify(alert));
    const subject =
      typeof alert === 'string'
        ? 'alerts.critical.x.y.z'
        : ['alerts', alert.severity, alert.node, alert.gpu_uuid, alert.rule].map(subjectToken).join('.');
    await publisher.publish({ subject, data });
  }
  await publisher.close();
}

async function rowWhere(id: string, fits: (row: AlertRow) => boolean): Promise<AlertRow> {
  let found: AlertRow | null = null;
  await until(async () => {
    found = await readAlertRow(questdb.database, id);
    return found !== null && fits(found);
  });
  return found as unknown as AlertRow;
}

const now = (): number => systemClock.now();
const fresh = (changes: Partial<Alert> = {}): Alert => alertOf({ opened_at: now(), ...changes });
const short = (told: readonly Told[]): string[] =>
  told.map(({ notification: { reason, alerts } }) => `${reason} ${alerts.map(({ id }) => id).join(' ')}`);

it('tells, writes the row and heeds what people say', async () => {
  const told: Told[] = [];
  const rows: (AlertRow & Quiet)[] = [];
  await desk({ told, rows, route: FAST });
  const alert = fresh({ id: 'it-1', gpus: ['GPU-a'] });
  await publish('no alert', '{"id": 3}', alert, alert);
  await until(() => told.length >= 3);
  expect(short(told.slice(0, 3))).toEqual(['opened it-1', 'repeated it-1', 'repeated it-1']);
  expect(await rowWhere('it-1', () => true)).toMatchObject({ state: 'open', acknowledged_by: '', node: 'n1' });

  const people = await followPeople({ bus, onFailure: () => undefined });
  stops.push(() => people.stop());
  const act = { at: now(), by: 'eve', act: 'acknowledged' as const, to: '', note: 'I look at it' };
  await people.handling.change('it-1', (one) => handled(one ?? unhandled('it-1'), act, 'critical'));
  const row = await rowWhere('it-1', ({ acknowledged_by }) => acknowledged_by === 'eve');
  expect(row).toMatchObject({ acknowledged_at: act.at, handling_note: 'I look at it', state: 'open' });
  const ofFirst = (): number => told.filter(({ notification }) => notification.group.node === 'n1').length;
  const n = ofFirst();
  await publish(fresh({ id: 'it-2', node: 'n2', gpu_uuid: 'GPU-z' }));
  await until(() => told.filter(({ notification }) => notification.group.node === 'n2').length >= 4);
  expect(ofFirst()).toBe(n);
  expect(rows.findLast(({ id }) => id === 'it-1')).toMatchObject({
    acknowledged_by: 'eve',
    silenced_by: '',
    inhibited_by: '',
  });

  await publish(closedOf(alert, now() + 5));
  await until(() => ofFirst() > n);
  expect(told.findLast(({ notification }) => notification.group.node === 'n1')?.notification).toMatchObject({
    reason: 'closed',
    status: 'resolved',
  });
  expect(await rowWhere('it-1', ({ state }) => state === 'closed')).toMatchObject({ acknowledged_by: 'eve' });

  // Of one that is over: the row is changed as it lies in the table.
  const assigned = { ...act, act: 'assigned' as const, to: 'bob', note: '' };
  await people.handling.change('it-1', (one) => handled(one ?? unhandled('it-1'), assigned, 'critical'));
  expect(await rowWhere('it-1', ({ assigned_to }) => assigned_to === 'bob')).toMatchObject({ state: 'closed' });
}, 60_000);

it('a silence hides, an incident explains, and both are told to listeners', async () => {
  const told: Told[] = [];
  const rows: (AlertRow & Quiet)[] = [];
  const people = await followPeople({ bus, onFailure: () => undefined });
  stops.push(() => people.stop());
  await people.silences.change('S1', () => ({
    id: 'S1',
    kind: 'silence',
    matchers: [{ field: 'rule', values: ['ho*'] }],
    starts_at: now() - 1_000,
    ends_at: now() + 3_600_000,
    created_by: 'eve',
    comment: '',
    created_at: now(),
  }));
  const { running } = await desk({ told, rows });
  await publish(fresh({ id: 'S-a' }), fresh({ id: 'S-b', rule: 'cold', gpu_uuid: 'GPU-b' }));
  await until(() => told.length > 0);
  await until(() => rows.some(({ id, silenced_by }) => id === 'S-a' && silenced_by === 'S1'));
  expect(short(told)).toEqual(['opened S-b']);
  expect(running.counters()).toMatchObject({ active: true, open: 2, changed: 2, refused: 0 });
  await people.silences.change('S1', (one) => ({ ...(one as NonNullable<typeof one>), ends_at: now() }));
  await until(() => told.length > 1);
  expect(short(told)[1]).toBe('opened S-a S-b');
}, 60_000);

it('one desk at a time; a killed one is followed by the next, which tells nothing twice and forgets nothing', async () => {
  const told: Told[] = [];
  const first = await desk({ told, holder: 'one' });
  await until(() => first.running.counters().active);
  const second = await desk({ told, holder: 'two' });
  await publish(...['k1', 'k2', 'k3'].map((id) => fresh({ id, gpu_uuid: `GPU-${id}`, node: id })));
  await until(() => told.length === 3);
  expect(second.running.counters()).toMatchObject({ active: false, notifications: 0 });
  const killing = first.kill();
  await publish(...['k4', 'k5'].map((id) => fresh({ id, gpu_uuid: `GPU-${id}`, node: id })));
  await killing;
  await until(() => second.running.counters().active && told.length >= 5);
  await publish(closedOf(fresh({ id: 'k1', node: 'k1', gpu_uuid: 'GPU-k1' }), now() + 60_000));
  await until(() => told.some(({ notification }) => notification.reason === 'closed'));
  // What was told last may come once more, as the same message.
  const byId = new Map(told.map(({ notification }) => [notification.id, notification]));
  expect([...byId.values()].map(({ reason, alerts }) => `${reason} ${alerts[0]?.id}`).sort()).toEqual([
    'closed k1',
    'opened k1',
    'opened k2',
    'opened k3',
    'opened k4',
    'opened k5',
  ]);
  for (const id of ['k1', 'k2', 'k3', 'k4', 'k5']) await rowWhere(id, () => true);
}, 60_000);

it('makes up for the rows of alerts that came while the database was away, and tells them meanwhile', async () => {
  const told: Told[] = [];
  questdb.services.kill('questdb', 'SIGSTOP');
  try {
    await desk({ told });
    await publish(fresh({ id: 'd1' }));
    await until(() => told.length === 1);
  } finally {
    questdb.services.kill('questdb', 'SIGCONT');
  }
  expect(await rowWhere('d1', () => true)).toMatchObject({ state: 'open' });
}, 60_000);

it.each(['the desk that told its end', 'the next one'])(
  'what people say before a closing can be read does not open the alert again: heard by %s',
  async (by) => {
    const told: Told[] = [];
    const first = await desk({ told });
    const people = await followPeople({ bus, onFailure: () => undefined });
    stops.push(() => people.stop());
    const memory = await openDeskMemory(bus);
    const handlingInTable = async (): Promise<number> =>
      JSON.parse(Buffer.from((await memory.get('table'))?.value ?? Buffer.from('{}')).toString()).handling ?? 0;
    const alert = fresh({ id: 'late' });
    await publish(alert);
    await until(() => told.length === 1);
    await rowWhere('late', () => true);
    await questdb.database.query('ALTER TABLE alerts SUSPEND WAL');
    try {
      await publish(closedOf(alert, now() + 5));
      await until(() => told.some(({ notification }) => notification.reason === 'closed'));
      if (by === 'the next one') await first.end();
      const act = { at: now(), by: 'eve', act: 'acknowledged' as const, to: '', note: '' };
      await people.handling.change('late', (one) => handled(one ?? unhandled('late'), act, 'critical'));
      if (by === 'the next one') await desk({ told, holder: 'two' });
      await until(async () => (await handlingInTable()) >= people.handling.revision('late'));
    } finally {
      await questdb.database.query('ALTER TABLE alerts RESUME WAL');
    }
    const row = await rowWhere('late', ({ acknowledged_by }) => acknowledged_by === 'eve');
    expect([row.state, row.closed_at]).toEqual(['closed', expect.any(Number)]);
  },
  60_000,
);

it('a desk that was lost writes no rows over those of its successor', async () => {
  const told: Told[] = [];
  const proxy = await questdbProxy(questdb.services.questdb_http_url);
  stops.push(proxy.close);
  const first = await desk({ told, holder: 'one', questdb_http: proxy.url });
  const alert = fresh({ id: 'lost' });
  await publish(alert);
  await until(() => proxy.asked.refused > 0);
  await first.part();
  await desk({ told, holder: 'two' });
  await publish(closedOf(alert, now() + 5));
  await rowWhere('lost', ({ state }) => state === 'closed');
  proxy.take();
  await first.end();
  await questdb.visible('alerts');
  expect([await rowWhere('lost', () => true), proxy.asked.taken]).toMatchObject([{ state: 'closed' }, 0]);
}, 60_000);

it('a desk that cannot read lets go, says so once, and hears again what came meanwhile', async () => {
  const told: Told[] = [];
  const failures: string[] = [];
  let broken = 2;
  const first = await desk({
    told,
    tell: ({ message }) => failures.push(message),
    breaks: () => broken-- > 0,
  });
  await publish(fresh({ id: 'deaf' }));
  await until(() => told.length === 1);
  expect(short(told)).toEqual(['opened deaf']);
  expect(failures).toEqual(['Error: reading broke']);
  expect(first.running.counters()).toMatchObject({ active: true, open: 1 });
}, 60_000);

it('tells that it cannot read once the bus is there again, when it had to be silent before', async () => {
  const told: Told[] = [];
  const failures: string[] = [];
  let broken = 2;
  await desk({
    told,
    tell: ({ message }) => failures.push(message),
    breaks: () => broken-- > 0,
    connected: () => broken < 1,
  });
  await publish(fresh({ id: 'away' }));
  await until(() => told.length === 1);
  expect(failures).toEqual(['Error: reading broke']);
}, 60_000);

it('a node is told of although one of its boards is in maintenance, and not when all are', async () => {
  const told: Told[] = [];
  const board = (n: number, status: Asset['status']) =>
    mergeAsset(undefined, { gpu_uuid: `GPU-${n}`, node: 'eight', status }, now());
  await prepareDatabase(questdb.database, { tables: [GPU_ASSETS], rollups: [] });
  const table = tableSink<Asset>(GPU_ASSETS, { ...questdb.delivery(), rows_max: 1_000, waiting_max: 10_000 });
  for (let n = 0; n < 8; n++) table.write(board(n, 'active'));
  await table.close();
  await until(async () => (await allAssets(questdb.database)).length === 8);
  await logAssets(bus, [{ asset: board(0, 'maintenance'), after: 0 }]);
  const rows: (AlertRow & Quiet)[] = [];
  const { running } = await desk({ told, rows });
  const silent = (id: string) => fresh({ id, rule: 'node_silent', gpu_uuid: '', node: 'eight' });
  await publish(silent('one'));
  await until(() => told.length === 1);
  expect(short(told)).toEqual(['opened one']);
  const others = Array.from({ length: 7 }, (_, n) => ({ asset: board(n + 1, 'maintenance'), after: 0 }));
  await logAssets(bus, others);
  await until(() => rows.some(({ id, silenced_by }) => id === 'one' && silenced_by === 'asset'));
  await publish(silent('all'), fresh({ id: 'elsewhere', node: 'nine', gpu_uuid: 'GPU-9' }));
  await until(() => running.counters().open === 3 && told.length === 2);
  expect(short(told)[1]).toBe('opened elsewhere');
}, 60_000);
