import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { settableClock } from '../clock.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import type { RawMessage } from '../contract/message.ts';
import type { Topology } from '../define-topology.ts';
import type { TopologyReport } from '../engine.ts';
import type { ClusterWorker } from './cluster-worker.ts';
import { groupReader } from './group-reader.ts';
import { reportWorker } from './report-worker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const idle = { groups: [], fleet: null, waits_from: null, watermark: 0, gpus: 0, snapshots: 0 };

/** What a worker tells when the stream ends at 1,000. */
async function told(running: Partial<ClusterWorker>): Promise<TopologyReport> {
  const published: OutgoingMessage[] = [];
  const reports = reportWorker({
    bus: {
      streamState: async () => ({ last_position: 1_000 }),
      publish: (message: OutgoingMessage) => void published.push(message),
    } as unknown as Bus,
    worker: 'a',
    running: { ...idle, counters: () => [], members: () => ['a'], ...running } as unknown as ClusterWorker,
    topology: { nodes: [] } as unknown as Topology,
    clock: settableClock(0),
  });
  await vi.advanceTimersByTimeAsync(2_000);
  reports.stop();
  return JSON.parse(Buffer.from(published.at(-1)?.data ?? []).toString('utf8'));
}

it.each([
  ['nothing waits', {}, 0],
  ['the fleet is elsewhere and messages wait for a group', { waits_from: 401 }, 600],
  ['it has the fleet, which is as far as the slowest of all workers', { fleet: { position: 300 } }, 700],
  ['its own groups are further behind than the fleet was told', { fleet: { position: 900 }, waits_from: 301 }, 700],
  ['what waits came after the end of the stream was asked for', { waits_from: 1_004 }, 0],
])('lag: %s', async (_, running, lag) => {
  expect((await told(running)).lag_messages).toBe(lag);
});

it('a group waits from the first message that it has not taken', async () => {
  const message = (position: number): RawMessage => ({ position }) as RawMessage;
  const bus = {
    async *read() {
      yield [message(7), message(9), message(12)];
      await new Promise(() => undefined);
    },
  } as unknown as Bus;
  const ready = vi.fn();
  const reader = groupReader({ bus, group: 3, position: 0, silence_max_ms: 1, onReady: ready, onFailure: () => {} });
  expect(reader.waits_from).toBeNull();
  await vi.waitFor(() => expect(ready).toHaveBeenCalled());
  expect(reader.waits_from).toBe(7);
  reader.take(2);
  expect(reader.waits_from).toBe(12);
  reader.take(2);
  expect(reader.waits_from).toBeNull();
});
