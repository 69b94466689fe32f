import { expect, it, vi } from 'vitest';
import { DecoderV2 } from './decode-v2.ts';
import { DecodedRequest } from './decoded-request.ts';
import { START, testReceiver, WAIT_MS } from './receiver.fixture.ts';
import { field, requestV1, requestV2, type SentSeries, seriesV1, snappy, varint } from './request.fixture.ts';
import { SeriesTable } from './series-table.ts';
import { SnappyBlocks } from './snappy-block.ts';

const SERIES: SentSeries[] = ['GPU-a', 'GPU-b'].flatMap((UUID) =>
  ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_POWER_USAGE', 'up'].map((__name__) => ({
    labels: { __name__, UUID, Hostname: 'node-7', instance: 'node-7:9400', job: 'dcgm' },
    samples: [[START, 40]] as const,
  })),
);
const unpacked = (packed: Uint8Array): Uint8Array =>
  new SnappyBlocks({ size_max_bytes: 1_000_000 }).unpack(packed).slice();
const BODIES = [
  [1, requestV1(SERIES)],
  [2, requestV2(SERIES)],
] as const;

const random = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
};

it.each([
  ['a field of number 0', [0x02, 0]],
  ['a group, which is no kind of field any more', [0x0b]],
  ['a tag that never ends', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
  ['a length that never ends', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
  ['a length beyond the end', [0x0a, 100, 1]],
  ['a length beyond all memory', [0x0a, ...varint(2 ** 52)]],
  ['labels in two places', [...field(1, seriesV1(SERIES[0] as SentSeries), field(1, field(1, [65])))]],
])('refuses 1.0 with %s', (_, bytes) => {
  expect(testReceiver().receiver.take(snappy(bytes), 1)).toMatchObject({ kind: 'unreadable' });
});

it.each([
  ['a label whose symbol is not there', [...field(4), ...field(5, field(1, [0, 1]))]],
  ['a label without a value', [...field(4), ...field(5, field(1, [0]))]],
  ['more labels than anyone has', [...field(4), ...field(5, field(1, Array(2_000).fill(0)))]],
  ['symbols that are cut off', [0x22, 50, 1]],
])('refuses 2.0 with %s', (_, bytes) => {
  expect(testReceiver().receiver.take(snappy(bytes), 2)).toMatchObject({ kind: 'unreadable' });
});

it('reads fields that it does not know, and in any order', () => {
  const { take, told, pass } = testReceiver();
  const one = SERIES[0] as SentSeries;
  const strange = [0x38, 1, 0x41, 1, 2, 3, 4, 5, 6, 7, 8, 0x4d, 1, 2, 3, 4, ...field(10, [1, 2, 3])];
  const backwards = [0x10, ...varint(START + 1), ...strange, 0x09, 0, 0, 0, 0, 0, 0, 0x44, 0x40];
  take(snappy([...strange, ...field(1, seriesV1({ ...one, samples: [] }), strange, field(2, backwards))]));
  pass(WAIT_MS);
  expect(told[0]?.scrape.ts).toBe(START + 1);
  expect(told[0]?.scrape.gpus[0]?.values[0]).toBe(40);
});

it.each(BODIES)('refuses every beginning of a request of %d', (version, body) => {
  const { receiver, told, pass } = testReceiver();
  for (let length = 0; length < body.length; length++) {
    expect(receiver.take(body.subarray(0, length), version).kind, `${length} bytes`).toBe('unreadable');
  }
  const message = unpacked(body);
  for (let length = 1; length < message.length; length++) receiver.take(snappy(message.subarray(0, length)), version);
  pass(WAIT_MS);
  for (const { scrape } of told) for (const gpu of scrape.gpus) expect(['GPU-a', 'GPU-b']).toContain(gpu.uuid);
});

it.each(BODIES)('survives 4,000 damaged requests of %d, and then reads a whole one', (version, body) => {
  const message = unpacked(body);
  const draw = random(version);
  const { receiver, take, pass, told } = testReceiver();
  for (let round = 0; round < 4_000; round++) {
    const bytes = Uint8Array.from(round % 2 === 0 ? message : body);
    for (let hits = 1 + draw(4); hits > 0; hits--) bytes[draw(bytes.length)] = draw(256);
    const outcome = receiver.take(round % 2 === 0 ? snappy(bytes) : bytes, version);
    expect(['taken', 'unreadable']).toContain(outcome.kind);
  }
  pass(WAIT_MS);
  told.length = 0;
  const later = SERIES.map(({ labels }) => ({ labels, samples: [[START + 3_000_000, 50]] as const }));
  take(version === 1 ? requestV1(later) : requestV2(later), version);
  pass(WAIT_MS);
  const rows = told.flatMap(({ scrape }) => scrape.gpus.map(({ uuid, values }) => [uuid, values[0]]));
  expect(rows).toEqual([
    ['GPU-a', 50],
    ['GPU-b', 50],
  ]);
});

it('keeps nothing of names that somebody makes up', () => {
  const { take, receiver } = testReceiver();
  for (let i = 0; i < 200; i++) {
    const labels = { __name__: `made_up_${i}`, id: String(i), instance: 'x:1' };
    take(requestV1([{ labels, samples: [[START, 1]] }]));
  }
  expect(receiver.counters).toMatchObject({ series: 0, targets: 0, other_samples: 200 });
});

it('keeps no more than 128 MiB of symbols that somebody makes up', () => {
  const table = new SeriesTable<string>({ target: () => 'target' });
  const forget = vi.spyOn(table, 'forgetSymbols');
  const decoder = new DecoderV2(table);
  const texts = ['UUID', 'GPU-a', '__name__', 'DCGM_FI_DEV_GPU_TEMP'].map((text) => field(4, Buffer.from(text)));
  const known = field(5, field(1, [0, 1, 2, 3]), field(2, [0x10, ...varint(START)]));
  /** The series that is known, and one with as many labels, of which the first has to be looked at. */
  const body = (letter: string): Uint8Array =>
    Buffer.concat([...texts, field(4, Buffer.alloc(50_000_000, letter)), known, field(5, field(1, [4, 1, 2, 3]))]);
  for (const letter of ['a', 'b', 'c', 'd', 'e']) decoder.decode(body(letter), START, new DecodedRequest());
  expect(forget).toHaveBeenCalledTimes(1);
  expect([table.size, table.series[0]?.symbols?.length]).toEqual([1, 4]);
});
