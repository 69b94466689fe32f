import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processCpu } from '../../bench/chain-run.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import { configSchema } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { openClusterKeys } from './cluster-keys.ts';
import { ClusterView } from './cluster-view.ts';
import { type NatsCluster, startNatsCluster } from './nats-cluster.fixture.ts';
import { OwnLease } from './own-lease.ts';

/** What it costs to say again and again that one is there: `CLUSTER_TIMES=1 npm run test:cluster` prints it. */

const MEASURED_MS = 4_000;
const lease = configSchema.parse({})['cluster-lease'];

describe.each([1, 3])('with %i copies of the keys', (copies) => {
  let nats: NatsCluster | null = null;
  beforeAll(async () => {
    nats = await startNatsCluster();
  });
  afterAll(async () => nats?.stop());

  it.for([4, 64])('leases of %i workers are held all the time', async (count, context) => {
    if (nats === null) {
      context.skip('no nats-server on this machine');
      return;
    }
    const { nats_url, pids } = nats;
    const following: AbortController[] = [];
    const gaps: number[] = [];
    const heard = new Map<string, number>();
    const buses: Bus[] = [];
    const owns: OwnLease[] = [];
    const timers: NodeJS.Timeout[] = [];
    try {
      for (let n = 0; n < count; n++) {
        const bus = await connectBus({
          servers: nats_url,
          name: `w${n}`,
          clock: systemClock,
          stream_replicas: copies,
        });
        buses.push(bus);
        let keys = await openClusterKeys(bus).catch(() => null);
        await until('the servers have a leader', async () => {
          keys ??= await openClusterKeys(bus).catch(() => null);
          return keys !== null;
        });
        if (keys === null) throw new Error('no keys');
        const view = new ClusterView(systemClock);
        const one = new AbortController();
        following.push(one);
        void view.follow(keys, one.signal, () => undefined);
        const own = new OwnLease({ keys, worker: `w${n}`, incarnation: `${count}`, lease, clock: systemClock });
        await until(`w${n} is there`, () => own.join().catch(() => false));
        timers.push(setInterval(() => void own.renew().catch(() => undefined), own.every));
        owns.push(own);
      }
      buses[0]?.subscribe('$KV.GPU_VITALS_CLUSTER.member.*', ({ subject }) => {
        const now = systemClock.monotonic();
        const before = heard.get(subject);
        if (before !== undefined) gaps.push(now - before);
        heard.set(subject, now);
      });
      const cpu = (): number => pids().reduce((sum, pid) => sum + processCpu(pid), 0);
      const [cpu_before, began] = [cpu(), systemClock.monotonic()];
      await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
      const share = (cpu() - cpu_before) / (systemClock.monotonic() - began);
      const steady = Math.min(...owns.map((own) => own.steady_ms()));
      gaps.sort((a, b) => a - b);
      if (process.env.CLUSTER_TIMES !== undefined) {
        const figures = `${(share * 100).toFixed(1)} % of a core in all nats-servers, ${(gaps.length / MEASURED_MS) * 1_000} words/s`;
        console.info(`${copies} copies, ${count} workers: ${figures}, longest silence ${gaps.at(-1)?.toFixed(0)} ms`);
      }
      expect(steady).toBeGreaterThan(MEASURED_MS * 0.9);
      expect(gaps.length).toBeGreaterThan(count * 3);
    } finally {
      for (const timer of timers) clearInterval(timer);
      for (const one of following) one.abort();
      for (const own of owns) await own.end().catch(() => undefined);
      for (const bus of buses) await bus.close();
    }
  });
});
