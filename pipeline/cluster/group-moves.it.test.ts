import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { endCliRuns, until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { GROUPS } from '../contract/ids.ts';
import { feedSteadily, type GroupMove, groupMoves, type SteadyFeed } from './group-moves.fixture.ts';
import { connectToCluster, type NatsCluster, startNatsCluster } from './nats-cluster.fixture.ts';
import { startWorkerProcess, type WorkerProcess, workerReports } from './worker-process.fixture.ts';

/**
 * How long groups stand still when they move. `CLUSTER_TIMES=1 npm run test:cluster` prints it; the workers share this machine
 * with everything else, so that the test itself only asks for the time in which others may count on it.
 */

/** As many scrapes a second as 10,000 GPUs send. */
const FEED_MS = 500;
const STILL_MAX_MS = 30_000;

describe.each([1, 3])('with %i copies of everything', (copies) => {
  let services: TestServices;
  let nats: NatsCluster | null = null;
  let bus: Bus;
  let data = '';
  let feed: SteadyFeed | null = null;

  beforeAll(async () => {
    nats = await startNatsCluster();
    if (nats === null) return;
    data = await mkdtemp(join(tmpdir(), 'gpu-vitals-moves-'));
    services = await startTestServices({ questdb: true });
    bus = await connectToCluster(nats.nats_url, copies);
  });
  afterEach(async () => {
    const left = feed;
    feed = null;
    try {
      await left?.stop();
    } finally {
      await endCliRuns();
    }
  });
  afterAll(async () => {
    await bus?.close();
    await services?.stop();
    await nats?.stop();
    if (data !== '') await rm(data, { recursive: true, force: true, maxRetries: 5 });
  });

  it('moves each group in a moment: workers that come, go, are killed and paused', async (context) => {
    if (nats === null) {
      context.skip('no nats-server on this machine');
      return;
    }
    const { nats_url } = nats;
    const reports = workerReports(bus);
    // As it is by default, not as often as elsewhere in these tests.
    const more = ['--stream-replicas', String(copies), '--snapshot-interval', '30s'];
    const start = (name: string): WorkerProcess =>
      startWorkerProcess({ name, data, nats_url, questdb: services, more });
    const told: Record<string, readonly GroupMove[]> = {};
    /** What is done to the workers, until they have settled and every group has told something since. */
    const during = async (what: string, change: () => readonly WorkerProcess[]): Promise<void> => {
      const [picked, raw] = await Promise.all(['PICKED', 'DCGM_RAW'].map((stream) => bus.streamState(stream)));
      const since = { picked: picked?.last_position ?? 0, raw: raw?.last_position ?? 1 };
      await reports.settled(change(), 90_000);
      await reports.caughtUp(90_000);
      told[what] = await groupMoves(bus, since);
    };

    const [a, b] = ['a', 'b'].map(start) as [WorkerProcess, WorkerProcess];
    await reports.settled([a, b], 90_000);
    feed = feedSteadily(bus, FEED_MS, systemClock.now());
    await until('all groups are at work', async () => (await bus.streamState('DCGM_RAW')).messages > 10 * GROUPS);
    await reports.caughtUp(90_000);

    let [c, d] = [a, a];
    await during('a third one comes', () => {
      c = start('c');
      return [a, b, c];
    });
    await during('a fourth one comes', () => {
      d = start('d');
      return [a, b, c, d];
    });
    await during('one goes', () => {
      d.kill('SIGTERM');
      return [a, b, c];
    });
    await during('one is killed', () => {
      c.kill('SIGKILL');
      return [a, b];
    });
    await during('one is paused', () => {
      b.kill('SIGSTOP');
      return [a];
    });
    await during('it is back', () => {
      b.kill('SIGCONT');
      return [a, b];
    });
    await feed.stop();
    feed = null;
    reports.stop();
    if (process.env.CLUSTER_TIMES !== undefined) {
      for (const [what, moves] of Object.entries(told)) {
        const figures = (['gap_ms', 'late_ms'] as const).map((name) => {
          const sorted = moves.map((move) => move[name]).sort((x, y) => x - y);
          return `${name} half ${sorted[sorted.length >> 1]}, most ${sorted.at(-1)}`;
        });
        console.info(`${copies} copies, ${what}: ${moves.length} groups moved, ${figures.join('; ')}`);
      }
    }
    expect(told['one goes']?.length).toBeGreaterThanOrEqual(Math.floor(GROUPS / 4));
    expect(told['one is killed']?.length).toBeGreaterThanOrEqual(Math.floor(GROUPS / 3));
    for (const [what, moves] of Object.entries(told)) {
      expect(Math.max(...moves.map(({ late_ms }) => late_ms)), what).toBeLessThan(STILL_MAX_MS);
    }
    for (const worker of [a, b]) {
      worker.kill('SIGTERM');
      await worker.exited;
    }
  }, 400_000);
});
