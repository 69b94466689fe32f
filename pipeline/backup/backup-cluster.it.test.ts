import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices } from '../../deploy/services/services.fixture.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { letGoBefore } from '../bus/stream-copy.ts';
import { managerOf } from '../bus/stream-manager.ts';
import { endCliRuns, until } from '../cli/cli.fixture.ts';
import { FLEET_UNIT } from '../cluster/assign-units.ts';
import { isMemberKey, isUnitKey, openClusterKeys, openClusterObjects, unitKey } from '../cluster/cluster-keys.ts';
import { connectToCluster, startNatsCluster } from '../cluster/nats-cluster.fixture.ts';
import { readUnit } from '../cluster/unit-record.ts';
import { startWorkerProcess, type WorkerProcess, workerReports } from '../cluster/worker-process.fixture.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import { GROUPS, rawSubject } from '../contract/ids.ts';
import { groupOfSubject } from '../group-of-subject.ts';
import {
  allTables,
  deskCaughtUp,
  finishEngine,
  forgetTold,
  startEngineProcess,
  storedMessages,
} from '../kill-resume.fixture.ts';
import { expectSameRows } from '../same-rows.fixture.ts';
import { brought, openPlace, type Place, saved } from './backup.fixture.ts';

/** A cluster of two workers, backed up while it runs. */

let folder: string;
let first: Place;
let second: Place;
let dir: string;
/** What is told of all messages without any backup. */
let whole: Record<string, string[]>;
// A damaged message has no time but that of its arrival, which is another one elsewhere.
const messages = storedMessages().filter(({ subject }) => subject !== rawSubject('broken'));
const EARLY = Math.floor(messages.length * 0.5);
const LATE = Math.floor(messages.length * 0.7);
/** Two processes at once on the cores of whatever else runs. */
const SETTLED_MAX_MS = 120_000;

async function publish(bus: Bus, some: readonly OutgoingMessage[]): Promise<void> {
  const publisher = bus.publisher();
  await Promise.all(some.map((message) => publisher.publish(message)));
  await publisher.close();
}

const workersAt = ({ services, data }: Place): WorkerProcess[] =>
  ['a', 'b'].map((name) => startWorkerProcess({ name, data, nats_url: services.nats_url, questdb: services }));

/** Newest states of all units, as their records tell them. */
async function unitsAt(bus: Bus) {
  const keys = await openClusterKeys(bus);
  const all = await keys.matching('>');
  return {
    members: all.filter(({ key, value }) => isMemberKey(key) && value.length > 0).length,
    records: all.filter(({ key }) => isUnitKey(key)).map(({ value }) => readUnit(value)),
  };
}

/** Once every group, and the fleet, has a state behind what was published. */
async function statesOf(bus: Bus, published: readonly OutgoingMessage[]): Promise<void> {
  const last = new Map<number, number>([[FLEET_UNIT, published.length]]);
  for (const [i, { subject }] of published.entries()) last.set(groupOfSubject(subject), i + 1);
  await until('states of all that was published', async () => {
    const keys = await openClusterKeys(bus);
    const found = await Promise.all(
      [...last].map(async ([unit, position]) => {
        const entry = await keys.get(unitKey(unit));
        return entry !== null && (readUnit(entry.value).snapshots[0]?.position ?? 0) >= position;
      }),
    );
    return found.every(Boolean);
  });
}

/** What was told since the states were saved is told again where a restored stream has forgotten ids. */
const once = (tables: Record<string, string[]>): Record<string, string[]> => ({
  ...tables,
  dead_letters: [...new Set(tables.dead_letters)],
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-backup-'));
  dir = join(folder, 'running');
  first = await openPlace(folder, 'first');
  second = await openPlace(folder, 'second');
  await ensureStreams(first.bus);
  const workers = workersAt(first);
  const reports = workerReports(first.bus);
  await reports.settled(workers, SETTLED_MAX_MS);
  await publish(first.bus, messages.slice(0, EARLY));
  await statesOf(first.bus, messages.slice(0, EARLY));
  await Promise.all([saved(first, dir), publish(first.bus, messages.slice(EARLY, LATE))]);
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(workers.map(({ exited }) => exited));
  reports.stop();
  await publish(first.bus, messages.slice(LATE));

  const reference = await startTestServices({ questdb: true });
  try {
    const { nats_url } = first.services;
    await forgetTold(first.bus);
    await finishEngine(
      first.bus,
      await startEngineProcess({ data: join(folder, 'alone'), nats_url, questdb: reference }),
    );
    whole = await allTables(first.bus, reference);
  } finally {
    await reference.stop();
  }
}, 400_000);
afterEach(endCliRuns);
afterAll(async () => {
  await first?.bus.close();
  await second?.bus.close();
  await first?.services.stop();
  await second?.services.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe('a cluster, backed up while it ran', () => {
  it('goes on elsewhere from its states, and ends with what one process tells of all', async () => {
    await brought(second, dir);
    const { members, records } = await unitsAt(second.bus);
    const { created, last_position: kept } = await second.bus.streamState('DCGM_RAW');
    const stored = records.filter(({ snapshots }) => snapshots.length > 0);
    expect(members).toBe(0);
    expect(stored.length).toBeGreaterThan(3);
    expect(new Set(stored.map(({ stream }) => stream))).toEqual(new Set([created]));
    const objects = await (await openClusterObjects(second.bus)).names();
    for (const { snapshots } of stored) expect(objects).toContain(snapshots[0]?.name);
    // What the states have behind them is gone, as it is in a stream of some days.
    const behind = Math.min(...stored.map(({ snapshots }) => snapshots[0]?.position ?? 0));
    expect(behind).toBeGreaterThan(EARLY / 2);
    await letGoBefore(second.bus, 'DCGM_RAW', behind + 1);

    const workers = workersAt(second);
    const reports = workerReports(second.bus);
    await reports.settled(workers, SETTLED_MAX_MS);
    await publish(second.bus, messages.slice(kept));
    await reports.caughtUp(SETTLED_MAX_MS);
    await deskCaughtUp(second.bus);
    for (const worker of workers) {
      worker.kill('SIGTERM');
      const { code, stderr } = await worker.exited;
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/GV-SNP|GV-CLU-003/) });
    }
    reports.stop();
    expectSameRows(whole, once(await allTables(second.bus, second.services)));
    expect(whole.gpu_metrics?.length).toBeGreaterThan(10_000);
    expect(whole.alerts_told?.length).toBeGreaterThan(5);
    expect((await unitsAt(second.bus)).records).toHaveLength(GROUPS + 1);
  }, 300_000);

  it('goes on elsewhere as one process, which reads its stream from the start', async () => {
    await brought(second, dir, { force: true });
    const { last_position: kept } = await second.bus.streamState('DCGM_RAW');
    const { nats_url } = second.services;
    const engine = await startEngineProcess({ data: second.data, nats_url, questdb: second.services });
    await publish(second.bus, messages.slice(kept));
    await finishEngine(second.bus, engine);
    expectSameRows(whole, once(await allTables(second.bus, second.services)));
  }, 300_000);

  it('comes into three servers with a copy of everything on each', async (context) => {
    const nats = await startNatsCluster();
    if (nats === null) {
      context.skip('no nats-server on this machine');
      return;
    }
    const bus = await connectToCluster(nats.nats_url, 3);
    try {
      const to: Place = { services: second.services, bus, data: join(folder, 'third') };
      await brought(to, dir, { force: true, replicas: 3 });
      const { streams } = await managerOf(bus);
      const copies: Record<string, number> = {};
      for await (const { config } of streams.list()) copies[config.name] = config.num_replicas;
      expect(Object.keys(copies)).toEqual(
        expect.arrayContaining(['DCGM_RAW', 'PICKED', 'ALERTS', 'KV_GPU_VITALS_CLUSTER', 'OBJ_GPU_VITALS_CLUSTER']),
      );
      expect(Object.entries(copies).filter(([, count]) => count !== 3)).toEqual([]);
      expect((await bus.streamState('DCGM_RAW')).messages).toBeGreaterThanOrEqual(EARLY);
    } finally {
      await bus.close();
      await nats.stop();
    }
  }, 120_000);
});
