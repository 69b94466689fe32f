import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { METRIC_COUNT, METRICS, metricIndex } from '../../pipeline/contract/metrics.ts';
import { batchOf, type FixtureRow } from './fleet.fixture.ts';
import { frameReader } from './frame-format.ts';
import { framesSink } from './frames-sink.ts';
import { memoryBus } from './memory-bus.fixture.ts';

const readAll = (frames: readonly { data: Uint8Array }[]) => {
  const reader = frameReader();
  const rows: unknown[] = [];
  for (const { data } of frames) reader.read(data, (who, ts, values) => rows.push({ who, ts, values: [...values] }));
  return rows as { who: { gpu_uuid: string; node: string; instance: string }; ts: number; values: number[] }[];
};

const rowArbitrary: fc.Arbitrary<FixtureRow> = fc.record({
  uuid: fc.constantFrom('GPU-a', 'GPU-b', 'GPU-ü😀', 'GPU-d'),
  instance: fc.constantFrom('', '1', '12'),
  node: fc.constantFrom('n1', 'n2.example', 'node 3'),
  ts: fc.integer({ min: 1, max: 4e12 }),
  job: fc.option(fc.string({ maxLength: 12 }), { nil: undefined }),
  values: fc.dictionary(fc.constantFrom(...METRICS.map((metric) => metric.name)), fc.double({ noNaN: true }), {
    maxKeys: METRIC_COUNT,
  }),
}) as fc.Arbitrary<FixtureRow>;

describe('frames', () => {
  it('carry every row bit for bit, with its identity', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 40 }), async (rows) => {
        const bus = memoryBus();
        const sink = framesSink(bus, { worker: 'w 1' });
        sink.write(batchOf(rows));
        await sink.flush();
        expect(bus.published.every(({ subject }) => subject === 'vitals.frames.w_1')).toBe(true);
        const seen = readAll(bus.published);
        expect(seen.length).toBe(rows.length);
        rows.forEach((row, i) => {
          const got = seen[i];
          expect(got?.who).toMatchObject({
            gpu_uuid: row.uuid,
            instance: row.instance ?? '',
            node: row.node,
            model: 'H100',
          });
          expect(got?.ts).toBe(row.ts);
          METRICS.forEach((metric, m) => {
            expect(Object.is(got?.values[m], row.values[metric.name] ?? Number.NaN)).toBe(true);
          });
        });
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('tell of the present, not of a past that is filled in', async () => {
    const bus = memoryBus();
    const sink = framesSink(bus, { worker: 'w1' });
    const row = { uuid: 'GPU-a', node: 'n1', ts: 1e12, values: { power_watts: 300 } };
    const arrived = (late_ms: number) => ({ ...batchOf([row]), arrived_at: Float64Array.of(1e12 + late_ms) });
    sink.write(arrived(3_600_000));
    await sink.flush();
    expect(bus.published).toEqual([]);
    sink.write(arrived(600_000));
    await sink.flush();
    expect(readAll(bus.published)).toHaveLength(1);
  });

  it('leave once when the poll ends, and at once when full', async () => {
    const bus = memoryBus();
    const sink = framesSink(bus, { worker: 'w1', frame_bytes_max: 1 });
    const batch = batchOf([{ uuid: 'GPU-a', node: 'n1', ts: 1, values: { power_watts: 300 } }]);
    sink.write(batch);
    sink.write(batch);
    expect(bus.published.length).toBe(1);
    await vi.waitFor(() => expect(bus.published.length).toBe(2));
    expect(readAll(bus.published).length).toBe(2);
  });

  it('are understood by a reader that joins late, after identities changed', async () => {
    const bus = memoryBus();
    const sink = framesSink(bus, { worker: 'w1' });
    const first = batchOf([{ uuid: 'GPU-a', node: 'n1', ts: 1, values: { power_watts: 1 } }]);
    sink.write(first);
    await sink.flush();
    sink.write(
      batchOf([{ uuid: 'GPU-a', node: 'n2', ts: 2, job: 'train', values: { power_watts: 2 } }], first.registry),
    );
    await sink.flush();
    const late = readAll(bus.published.slice(1));
    expect(late[0]?.who).toMatchObject({ node: 'n2', attribution: [{ job: 'train' }] });
    expect(late[0]?.values[metricIndex('power_watts')]).toBe(2);
  });

  it('are not made while the bus is away', async () => {
    const bus = memoryBus();
    bus.online = false;
    const sink = framesSink(bus, { worker: 'w1' });
    sink.write(batchOf([{ uuid: 'GPU-a', node: 'n1', ts: 1, values: { power_watts: 1 } }]));
    bus.online = true;
    await sink.close();
    expect(bus.published).toEqual([]);
  });

  it('let a snapshot go on when the connection breaks while they leave', async () => {
    const bus = memoryBus();
    const sink = framesSink({ ...bus, flush: () => Promise.reject(new Error('away')) }, { worker: 'w1' });
    sink.write(batchOf([{ uuid: 'GPU-a', node: 'n1', ts: 1, values: { power_watts: 300 } }]));
    await expect(sink.flush()).resolves.toBeUndefined();
    await expect(sink.close()).resolves.toBeUndefined();
  });

  it('keep a GPU with a monstrous attribution and leave one with a monstrous name', async () => {
    const bus = memoryBus();
    const sink = framesSink(bus, { worker: 'w1' });
    sink.write(
      batchOf([
        { uuid: 'GPU-a', node: 'n1', ts: 1, job: 'j'.repeat(60_000), values: { power_watts: 1 } },
        { uuid: `GPU-${'x'.repeat(60_000)}`, node: 'n1', ts: 1, values: { power_watts: 1 } },
      ]),
    );
    await sink.flush();
    expect(readAll(bus.published).map((row) => row.who.gpu_uuid)).toEqual(['GPU-a']);
  });

  it('are refused with a reason when damaged, and never read beyond their end', async () => {
    const bus = memoryBus();
    const sink = framesSink(bus, { worker: 'w1' });
    sink.write(
      batchOf([
        { uuid: 'GPU-a', node: 'n1', ts: 1, values: { power_watts: 1, xid_last: 79 } },
        { uuid: 'GPU-b', node: 'n1', ts: 1, values: { power_watts: 2 } },
      ]),
    );
    await sink.flush();
    const whole = bus.published[0]?.data ?? new Uint8Array(0);
    const read = (data: Uint8Array) => frameReader().read(data, () => {});
    expect(read(whole)).toBe(2);
    for (let length = 0; length < whole.length; length++) {
      expect(() => read(whole.slice(0, length))).toThrow(expect.objectContaining({ code: 'GV-WIR-001' }));
    }
    const version = whole.slice();
    version[4] = 9;
    expect(() => read(version)).toThrow(expect.objectContaining({ code: 'GV-WIR-002' }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (edits) => {
          const bent = whole.slice();
          for (const [at, byte] of edits) bent[at] = byte;
          try {
            read(bent);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^GV-WIR-00[12]$/) });
          }
        },
      ),
      { numRuns: 500, seed: 7 },
    );
  });
});
