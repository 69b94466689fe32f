import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import type { KeyValue } from '../bus/key-value.ts';
import type { ObjectStore } from '../bus/object-store.ts';
import { ensurePickedStream } from '../bus/picked-log.ts';
import { endCliRuns, ROOT, startCli, until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { GROUPS } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import { hours } from '../contract/time.ts';
import { AT, liveOver, releases, storedMessagesOf, unpackSnapshots } from '../formats/stored-formats.fixture.ts';
import {
  allTables,
  deskCaughtUp,
  finishEngine,
  forgetTold,
  startEngineProcess,
  storedMessages,
} from '../kill-resume.fixture.ts';
import { differences, Tables } from '../resume.fixture.ts';
import { expectSameRows } from '../same-rows.fixture.ts';
import { decodeSnapshot, encodeSnapshot } from '../snapshot-format.ts';
import { FLEET_UNIT, unitName } from './assign-units.ts';
import { startTestWorker, type TestWorker } from './cluster.fixture.ts';
import { isMemberKey, openClusterKeys, openClusterObjects, unitKey } from './cluster-keys.ts';
import { writeUnit } from './unit-record.ts';
import { startWorkerProcess, type WorkerProcess, workerReports } from './worker-process.fixture.ts';

/** Workers of two releases in one cluster, the older ones replaced one by one. */

interface Snapshot {
  readonly unit: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** The snapshots that a release has left. */
function snapshotsOf(release: string): Snapshot[] {
  const dir = mkdtempSync(join(tmpdir(), 'formats-'));
  try {
    unpackSnapshots(release, dir);
    return readdirSync(dir)
      .filter((name) => /^(group|fleet)/.test(name))
      .map((name) => {
        const bytes = readFileSync(join(dir, name));
        const saved = decodeSnapshot(bytes);
        if (typeof saved === 'string') throw new Error(`${name}: ${saved}`);
        return { unit: name.startsWith('fleet') ? FLEET_UNIT : saved.group, position: saved.position, bytes };
      });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** How a release's workers spell what all share: states with the columns that it knew, no lease in what they say of themselves. */
function spellingOf(snapshots: readonly Snapshot[]) {
  const columnOf = (column: { readonly step: string; readonly name: string; readonly type: string }): string =>
    `${column.step} ${column.name} ${column.type}`;
  const known = new Set<string>();
  for (const { bytes } of snapshots) {
    const saved = decodeSnapshot(bytes);
    if (typeof saved !== 'string') for (const column of saved.columns) known.add(columnOf(column));
  }
  return {
    objects: (objects: ObjectStore): ObjectStore => ({
      ...objects,
      put(name, bytes) {
        const saved = decodeSnapshot(bytes);
        if (typeof saved === 'string') throw new Error(saved);
        const columns = saved.columns.filter((column) => known.has(columnOf(column)));
        return objects.put(name, Buffer.concat(encodeSnapshot({ ...saved, columns })));
      },
    }),
    keys: (keys: KeyValue): KeyValue => ({
      ...keys,
      exchange(key, value, after) {
        if (!isMemberKey(key)) return keys.exchange(key, value, after);
        const { lease_ms: _, ...record } = JSON.parse(Buffer.from(value).toString()) as Record<string, unknown>;
        return keys.exchange(key, Buffer.from(JSON.stringify(record)), after);
      },
    }),
  };
}

async function storedFrom(bus: Bus, from: number): Promise<RawMessage[]> {
  const { last_position } = await bus.streamState('DCGM_RAW');
  const stored: RawMessage[] = [];
  for await (const messages of bus.read({ stream: 'DCGM_RAW', from }, new AbortController().signal)) {
    stored.push(...messages);
    if ((stored.at(-1)?.position ?? 0) >= last_position) break;
  }
  return stored;
}

describe.each(releases())('workers over states of %s', (release) => {
  let services: TestServices;
  let bus: Bus;
  const running: TestWorker[] = [];

  beforeAll(async () => {
    services = await startTestServices({ nats: true });
    bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
    await ensureStreams(bus);
    await ensurePickedStream(bus, hours(24));
  });
  afterAll(async () => {
    await Promise.all(running.map((one) => one.stop().catch(() => undefined)));
    await bus?.close();
    await services?.stop();
  });

  it('tell what one process tells, first the older release’s, then both, then the newer one’s', async () => {
    const messages = storedMessagesOf(release);
    const snapshots = snapshotsOf(release);
    const publisher = bus.publisher();
    const publish = async (from: number, to: number): Promise<void> => {
      for (const { subject, data, content_type } of messages.slice(from, to)) {
        await publisher.publish({ subject, data, headers: { 'Content-Type': content_type } });
      }
    };
    await publish(0, AT);
    const { created = '' } = await bus.streamState('DCGM_RAW');
    const [keys, objects] = await Promise.all([openClusterKeys(bus), openClusterObjects(bus)]);
    for (const { unit, position, bytes } of snapshots) {
      const name = `${unitName(unit)}.1.1`;
      await objects.put(name, bytes);
      const snapshot = { name, position, read_from: 1, saved_at: 0 };
      const record = { holder: '', incarnation: '', epoch: 1, stream: created, snapshots: [snapshot] };
      expect(await keys.replace(unitKey(unit), writeUnit(record), 0)).toBe(true);
    }
    // What the release had written before.
    const durable = new Map<string, string>();
    const before = mkdtempSync(join(tmpdir(), 'formats-'));
    await liveOver(messages.slice(0, AT), before, [], new Tables(durable));
    rmSync(before, { recursive: true });

    const start = async (name: string, older: boolean): Promise<TestWorker> => {
      const spelling = older ? { spelling: spellingOf(snapshots) } : {};
      const worker = await startTestWorker(name, { nats_url: services.nats_url, durable, ...spelling });
      running.push(worker);
      return worker;
    };
    const settled = (workers: readonly TestWorker[]): Promise<void> =>
      until(
        `${workers.map(({ name }) => name)} have all groups`,
        () =>
          workers.reduce((sum, { worker }) => sum + worker.groups.length, 0) === GROUPS &&
          workers.filter(({ worker }) => worker.fleet !== null).length === 1 &&
          workers.every(({ worker }) => worker.groups.length > 0),
      );
    const [a, b] = [await start('a', true), await start('b', true)];
    await settled([a, b]);
    await publish(AT, AT + 30);
    const c = await start('c', false);
    await settled([a, b, c]);
    await publish(AT + 30, AT + 50);
    await a.stop();
    await settled([b, c]);
    await publish(AT + 50, AT + 70);
    const d = await start('d', false);
    await settled([b, c, d]);
    await publish(AT + 70, AT + 85);
    await b.kill();
    await settled([c, d]);
    await publish(AT + 85, messages.length);
    const { last_position } = await bus.streamState('DCGM_RAW');
    await until('all has gone through', () =>
      [c, d].some(({ worker }) => (worker.fleet?.position ?? 0) >= last_position),
    );
    await c.stop();
    await d.stop();
    await publisher.close();

    // One process over the same, as it came to the older release and then to both.
    const whole = new Tables();
    const alone = mkdtempSync(join(tmpdir(), 'formats-'));
    await liveOver([...messages.slice(0, AT), ...(await storedFrom(bus, AT + 1))], alone, [], whole);
    rmSync(alone, { recursive: true });
    // What closes the conditions of boards that are gone does not know of those that an older release had opened.
    const leftOpen = (key: string): boolean => (whole.durable.get(key) ?? '').includes('It no longer reports since');
    expect(differences(new Tables(durable), whole).filter((key) => !leftOpen(key))).toEqual([]);
    expect([...durable.keys()].filter((key) => key.startsWith('metrics')).length).toBeGreaterThan(AT);
    for (const { name, errors } of [a, c, d]) expect({ name, errors }).toEqual({ name, errors: [] });
  });
});

const BUILT = 'dist/pipeline/cli/main.js';
const OLDER = process.env.OLDER_RELEASE ?? '';
const OLDER_MAIN = join(OLDER, BUILT);
const MAIN = join(ROOT, BUILT);

/** Releases may put things in other words. */
const withoutWords = (tables: Readonly<Record<string, readonly string[]>>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      rows.map((row) => row.replace(/"(?:explanation|summary|action_text)":"(?:[^"\\]|\\.)*",?/g, '')).sort(),
    ]),
  );

describe.skipIf(OLDER === '')(`with processes of the build in OLDER_RELEASE`, () => {
  let services: TestServices;
  let bus: Bus;
  let data = '';

  beforeAll(async () => {
    services = await startTestServices({});
    bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
    data = await mkdtemp(join(tmpdir(), 'gpu-vitals-upgrade-'));
  });
  afterEach(endCliRuns);
  afterAll(async () => {
    await bus?.close();
    await services?.stop();
    if (data !== '') await rm(data, { recursive: true, force: true, maxRetries: 5 });
  });

  it('tells what one process tells: older workers replaced one by one, one killed, one started again in between', async () => {
    const messages = storedMessages();
    const publisher = bus.publisher();
    let fed: Promise<void> = Promise.resolve();
    const parts = 6;
    const size = Math.ceil(messages.length / parts);
    const feed = (part: number): void => {
      fed = fed.then(async () => {
        const of = messages.slice(part * size, (part + 1) * size);
        for (let at = 0; at < of.length; at += 10) {
          await Promise.all(of.slice(at, at + 10).map((message) => publisher.publish(message)));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      });
    };
    const { nats_url } = services;
    const older = (name: string): WorkerProcess =>
      startWorkerProcess({
        ...{ name, data, nats_url, questdb: services },
        main: OLDER_MAIN,
      });
    const newer = (name: string): WorkerProcess => startWorkerProcess({ name, data, nats_url, questdb: services });
    const reports = workerReports(bus);
    const [a, b] = ['a', 'b'].map(older) as [WorkerProcess, WorkerProcess];
    await reports.settled([a, b]);
    feed(0);
    const c = newer('c');
    await reports.settled([a, b, c]);
    await fed;
    feed(1);
    a.kill('SIGTERM');
    await reports.settled([b, c]);
    await fed;
    feed(2);
    // Supervisors start again what they know: the older release, once more.
    const again = older('a');
    await reports.settled([again, b, c]);
    await fed;
    feed(3);
    b.kill('SIGKILL');
    await reports.settled([again, c]);
    await fed;
    feed(4);
    const d = newer('b');
    await reports.settled([again, c, d]);
    again.kill('SIGTERM');
    await reports.settled([c, d]);
    await fed;
    feed(5);
    await fed;
    await publisher.close();
    await reports.caughtUp();
    await deskCaughtUp(bus);
    for (const worker of [c, d]) {
      worker.kill('SIGTERM');
      const { code, stderr } = await worker.exited;
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    }
    reports.stop();
    const mixed = withoutWords(await allTables(bus, services));

    const reference = await startTestServices({ questdb: true });
    try {
      await forgetTold(bus);
      await finishEngine(bus, await startEngineProcess({ data: join(data, 'alone'), nats_url, questdb: reference }));
      const alone = withoutWords(await allTables(bus, reference));
      expectSameRows(alone, mixed);
      expect(alone.gpu_metrics?.length).toBeGreaterThan(10_000);
    } finally {
      await reference.stop();
    }
  }, 400_000);

  it.each([
    ['an older serve beside this engine', MAIN, OLDER_MAIN],
    ['this serve beside an older engine', OLDER_MAIN, MAIN],
  ])(
    'shows the fleet: %s',
    async (name, engine, serve) => {
      const { nats_url, questdb_http_url, questdb_pg_url, stop } = await startTestServices({});
      const own = await connectBus({ servers: nats_url, name: 'test', clock: systemClock });
      try {
        const where = ['--nats', nats_url, '--questdb', questdb_http_url, '--questdb-pg', questdb_pg_url];
        const at = ['--data', join(data, name.replaceAll(' ', '-'))];
        const tells = startCli(['engine', ...where, ...at], { main: engine });
        await tells.until('it reads', () => /reads DCGM_RAW from/.test(tells.stderr()));
        const shows = startCli(['serve', ...where, ...at, '--api', '127.0.0.1:0', '--live', '127.0.0.1:0'], {
          main: serve,
        });
        await shows.until('it listens', () => shows.stdout().includes('"ready"'));
        const { api } = JSON.parse(shows.stdout().split('\n')[0] ?? '') as { api: string };
        const metrics = async (): Promise<string> => (await fetch(`${api}/metrics`)).text();
        const figure = async (metric: string): Promise<number> =>
          Number(new RegExp(`^gpu_vitals_${metric}(?:{[^}]*})? (\\S+)$`, 'm').exec(await metrics())?.[1]);
        const publisher = own.publisher();
        for (const message of storedMessages().slice(-200)) await publisher.publish(message);
        await publisher.close();
        await until('frames are shown', async () => (await figure('api_gpus')) >= 40);
        expect(await figure('api_frames_total')).toBeGreaterThan(0);
        expect(await figure('api_frames_refused_total')).toBe(0);
        expect(await figure('api_anomalies_refused_total')).toBe(0);
      } finally {
        await own.close();
        await stop();
      }
    },
    120_000,
  );
});
