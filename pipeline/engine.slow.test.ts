import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { systemClock } from './clock.ts';
import type { Batch } from './contract/batch.ts';
import type { Bus } from './contract/bus.ts';
import type { VitalsError } from './contract/errors.ts';
import { rawSubject } from './contract/ids.ts';
import type { RawMessage } from './contract/message.ts';
import type { Sink } from './contract/ports.ts';
import { minutes } from './contract/time.ts';
import { startEngine } from './engine.ts';
import { runInOneThread } from './running-topology.ts';
import { shardsInOneThread } from './shards/shards.fixture.ts';
import { SnapshotFiles } from './snapshot-files.ts';
import { defaultTopology, type SinkItems } from './topology.ts';

const TS = Date.UTC(2026, 0, 1);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-engine-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const message = (position: number, minute: number): RawMessage => ({
  subject: rawSubject(`node-${position % 3}`),
  data: Buffer.from(
    JSON.stringify({ ts: TS + minute * 60_000, gpu_uuid: `GPU-${position % 3}`, gpu_temp_celsius: 50 }),
  ),
  content_type: 'application/json',
  position,
  arrived_at: TS + minute * 60_000,
  event_time: TS + minute * 60_000,
});

/** A stream that yields these arrays, `created` at a time; then waits until the reader is stopped. */
function stubBus(batches: readonly (readonly RawMessage[])[], created: string, asked: number[] = []) {
  let told: () => void = () => {};
  const read = new Promise<void>((resolve) => {
    told = resolve;
  });
  const last_position = batches.at(-1)?.at(-1)?.position ?? 0;
  const bus: Partial<Bus> = {
    publish() {},
    streamState: async () => ({ messages: 1, bytes: 1, first_position: 1, last_position, created }),
    async *read({ from }, signal) {
      asked.push(from);
      for (const batch of batches) yield batch;
      told();
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  };
  return { bus: bus as Bus, read };
}

async function run(threads: number, batches: readonly (readonly RawMessage[])[], created: string) {
  const minutesSeen: number[] = [];
  const reports: string[] = [];
  const asked: number[] = [];
  const sink: Sink<Batch> = {
    write(batch) {
      for (const ts of batch.ts) minutesSeen.push((ts - TS) / 60_000);
    },
    flush: async () => {},
    pressure: () => null,
    close: async () => {},
  };
  const { bus, read } = stubBus(batches, created, asked);
  const states = new GroupStates();
  const report = (error: VitalsError): number => reports.push(error.code);
  const files = new SnapshotFiles(folder, report);
  const topology = defaultTopology();
  const clock = systemClock;
  const sinks = { gpu_metrics: sink };
  const engine = await startEngine({
    bus,
    topology,
    running:
      threads === 1
        ? runInOneThread<SinkItems>({ topology, states, sinks, files, clock })
        : shardsInOneThread<SinkItems>({
            topology: defaultTopology,
            states,
            files,
            sinks: {},
            shard_sinks: Array.from({ length: threads }, () => sinks),
            future_max: minutes(5),
          }).running,
    states,
    worker: 'w',
    files,
    snapshot_interval: minutes(1),
    clock,
    report,
  });
  await read;
  await engine.stop();
  return { minutesSeen: minutesSeen.sort((a, b) => a - b), reports, asked };
}

const span = (from: number, to: number, minute: number): RawMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i, minute + i));

it.each([1, 2, 4])('reads on when the stream was made anew, from whatever position (%i threads)', async (threads) => {
  const first = await run(threads, [span(1, 5, 0), span(1, 2, 5), span(3, 3, 7)], 'b');
  expect(first.minutesSeen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(first.reports).toEqual(['GV-SNP-002']);
  const mixed = [...span(4, 5, 8), ...span(2, 3, 10)];
  const second = await run(threads, [mixed], 'b');
  expect(second.asked).toEqual([4]);
  expect(second.minutesSeen).toEqual([8, 9, 10, 11]);
  const third = await run(threads, [span(4, 4, 12)], 'b');
  expect([third.asked, third.minutesSeen, third.reports]).toEqual([[4], [12], []]);
});

it.each([1, 2])('notices at its start that a longer stream is another one (%i threads)', async (threads) => {
  await run(threads, [span(1, 5, 0)], 'a');
  expect(await run(threads, [span(6, 7, 5)], 'a')).toMatchObject({ asked: [6], minutesSeen: [5, 6], reports: [] });
  const other = await run(threads, [span(1, 9, 7)], 'b');
  expect([other.asked, other.reports]).toEqual([[1], ['GV-SNP-002']]);
  expect(other.minutesSeen).toHaveLength(9);
});
