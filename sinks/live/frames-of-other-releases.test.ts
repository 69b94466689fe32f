import { describe, expect, it } from 'vitest';
import { METRIC_COUNT, METRICS } from '../../pipeline/contract/metrics.ts';
import { SCHEMA_IDS } from '../../pipeline/contract/wire-format.ts';
import { FRAME_HEADER_BYTES, FRAME_MAGIC, FRAME_SCHEMA_ID, FRAME_VERSION, frameReader } from './frame-format.ts';

const IDENTITY = JSON.stringify(['GPU-a', '', 'n1', 'H100', '0', []]);
const TS = 1_767_225_600_000;

/** A frame of one row as an engine with so many metrics writes it: each of them its own index. */
function frameOf(written: {
  readonly metrics?: number;
  readonly version?: number;
  readonly schema?: number;
}): Uint8Array {
  const { metrics = METRIC_COUNT, version = FRAME_VERSION } = written;
  const { schema = SCHEMA_IDS[metrics - 1] ?? 7 } = written;
  const words = Math.ceil(metrics / 32);
  const head = (20 + words * 4 + 7) & ~7;
  const text = Buffer.from(IDENTITY);
  const row = Buffer.alloc((head + metrics * 8 + text.length + 7) & ~7);
  row.writeUInt32LE(row.length, 0);
  row.writeUInt32LE(1, 4);
  row.writeDoubleLE(TS, 8);
  row.writeUInt16LE(text.length, 16);
  row.writeUInt16LE(metrics, 18);
  for (let metric = 0; metric < metrics; metric++) {
    const at = 20 + (metric >> 5) * 4;
    row.writeUInt32LE((row.readUInt32LE(at) | (1 << (metric & 31))) >>> 0, at);
    row.writeDoubleLE(metric, head + metric * 8);
  }
  text.copy(row, head + metrics * 8);
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(FRAME_MAGIC, 0);
  header.writeUInt16LE(version, 4);
  header.writeUInt16LE(metrics, 6);
  header.writeUInt32LE(schema, 8);
  header.writeUInt32LE(1, 12);
  return Uint8Array.from(Buffer.concat([header, row]));
}

const read = (frame: Uint8Array): number[] => {
  const told: number[] = [];
  frameReader().read(frame, (_, ts, values) => {
    expect(ts).toBe(TS);
    told.push(...values);
  });
  return told;
};

describe('a frame of another release', () => {
  it.each([1, 31, 32, 33, METRIC_COUNT - 1, METRIC_COUNT])(
    'of %i metrics is read; what it has not is missing',
    (metrics) => {
      const wanted = METRICS.map((_, metric) => (metric < metrics ? metric : Number.NaN));
      expect(read(frameOf({ metrics }))).toEqual(wanted);
    },
  );

  it.each([
    ['one metric more', { metrics: METRIC_COUNT + 1 }, `${METRIC_COUNT + 1} metrics`],
    ['a newer version', { version: FRAME_VERSION + 1 }, `version ${FRAME_VERSION + 1}`],
    ['as many metrics by other names', { schema: FRAME_SCHEMA_ID + 1 }, 'another catalogue'],
    ['no metrics', { metrics: 0 }, '0 metrics'],
  ] as const)('with %s is refused whole, with what to do', (_, changes, message) => {
    expect(() => read(frameOf(changes))).toThrow(
      expect.objectContaining({
        code: 'GV-WIR-002',
        message: expect.stringContaining(message),
        action: 'Upgrade API and live before engines.',
      }),
    );
  });

  it('is no reason not to read the next one', () => {
    const reader = frameReader();
    expect(() => reader.read(frameOf({ metrics: METRIC_COUNT + 1 }), () => undefined)).toThrow();
    expect(reader.read(frameOf({}), () => undefined)).toBe(1);
  });
});
