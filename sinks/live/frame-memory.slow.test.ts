import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { batchOf } from './fleet.fixture.ts';
import { type FrameIdentity, frameReader } from './frame-format.ts';
import { framesSink } from './frames-sink.ts';
import { memoryBus } from './memory-bus.fixture.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** What was reachable from this turn of the loop is not any more in the next. */
const collected = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
};
const RECEIVED_BYTES = 1 << 20;

/** The frame of one sample, somewhere in what was received with it. */
async function frameOf(uuid: string, ts: number, job: string): Promise<Uint8Array> {
  const bus = memoryBus();
  const sink = framesSink(bus, { worker: 'w1' });
  sink.write(batchOf([{ uuid, node: 'n1', ts, job, values: { power_watts: 300 } }]));
  await sink.flush();
  const frame = bus.published[0]?.data ?? new Uint8Array(0);
  const received = Buffer.alloc(RECEIVED_BYTES, 1);
  received.set(frame, 4_096);
  return received.subarray(4_096, 4_096 + frame.length);
}

describe('a reader of frames', () => {
  it('keeps identities, and nothing of what they were received with', async () => {
    const reader = frameReader();
    await collected();
    const before = process.memoryUsage().arrayBuffers;
    for (let gpu = 0; gpu < 60; gpu++) reader.read(await frameOf(`GPU-${gpu}`, gpu + 1, ''), () => undefined);
    await collected();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * RECEIVED_BYTES);
    // It is held on to until here.
    expect(reader.read(await small('GPU-1', 99), () => undefined)).toBe(1);
  });

  it('gives the same object for the same identity, for as long as its rows come', async () => {
    const reader = frameReader();
    const seen = new Set<FrameIdentity>();
    for (let ts = 1; ts <= 3_000; ts++) {
      const frame = ts % 100 === 1 ? await frameOf('GPU-a', ts, '') : null;
      const uuid = `GPU-${ts % 90}`;
      if (frame !== null) reader.read(frame, (who) => seen.add(who));
      else reader.read(await small(uuid, ts), () => undefined);
    }
    expect(seen.size).toBe(1);
  });

  it('lets go of one that no row has had for long: of a job that is over', async () => {
    const reader = frameReader();
    const others = await Promise.all(Array.from({ length: 50 }, (_, gpu) => small(`GPU-${gpu}`, 1)));
    const identities: WeakRef<FrameIdentity>[] = [];
    for (let job = 0; job < 600; job++) {
      reader.read(await small('GPU-a', 1, `job-${job}`), (who) => identities.push(new WeakRef(who)));
      for (const frame of others) reader.read(frame, () => undefined);
    }
    await collected();
    expect(identities).toHaveLength(600);
    expect(identities.filter((one) => one.deref() !== undefined).length).toBeLessThan(60);
    expect(reader.read(await small('GPU-a', 9_999), () => undefined)).toBe(1);
  });
});

async function small(uuid: string, ts: number, job = ''): Promise<Uint8Array> {
  const bus = memoryBus();
  const sink = framesSink(bus, { worker: 'w1' });
  sink.write(batchOf([{ uuid, node: 'n1', ts, job, values: { power_watts: 300 } }]));
  await sink.flush();
  return bus.published[0]?.data ?? new Uint8Array(0);
}
