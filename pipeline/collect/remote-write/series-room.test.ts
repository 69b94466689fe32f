import { describe, expect, it } from 'vitest';
import { OWN, power, START, series, temp, testReceiver, WAIT_MS } from './receiver.fixture.ts';
import { field, requestV1, requestV2, type SentSeries, seriesV1, snappy, varint } from './request.fixture.ts';
import { LABELS_MAX_BYTES, NEW_TARGET_BYTES, NoRoomError, SeriesRoom } from './series-room.ts';
import { SeriesTable } from './series-table.ts';

const MINUTE_MS = 60_000;
const board = (n: number, ts = START): SentSeries => temp(ts, 40, { UUID: `GPU-${n}` });
const VERSIONS = [
  [1, requestV1],
  [2, requestV2],
] as const;

describe.each(VERSIONS)('remote write %d', (version, request) => {
  it('refuses labels that are too long, and takes the rest', () => {
    const { told, take, pass, receiver } = testReceiver();
    const long = temp(START, 40, { UUID: 'GPU-b', pod: 'x'.repeat(LABELS_MAX_BYTES) });
    const outcome = take(request([long, power(START, 300)]), version);
    expect(outcome).toMatchObject({ samples: 1, invalid: 1, fault: expect.stringContaining('longer than') });
    pass(WAIT_MS);
    expect(told.map(({ scrape }) => scrape.gpus.map(({ uuid }) => uuid))).toEqual([['GPU-a']]);
    expect(receiver.counters).toMatchObject({ series: 1, targets: 1 });
  });

  it('takes labels as long as real ones may be', () => {
    const { take } = testReceiver();
    const labels = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`label_${n}`.padEnd(300, 'x'), 'y'.repeat(63)]),
    );
    expect(take(request([temp(START, 40, labels)]), version)).toMatchObject({ samples: 1, invalid: 0 });
  });

  it('ignores what other jobs send, however long, and names that nobody gives', () => {
    const { take, receiver } = testReceiver();
    const long = { pod: 'x'.repeat(LABELS_MAX_BYTES) };
    const outcome = take(
      request([
        { labels: { __name__: 'up', ...OWN, ...long }, samples: [[START, 1]] },
        series(`DCGM_${'x'.repeat(1_000)}`, [[START, 1]]),
      ]),
      version,
    );
    expect(outcome).toMatchObject({ samples: 2, invalid: 0 });
    expect(receiver.counters).toMatchObject({ series: 0, other_samples: 2 });
  });

  it('puts off new series beyond those that are kept, takes the known ones, and has room again when some have ended', () => {
    const { take, pass, receiver } = testReceiver({ series_max: 3 });
    take(request([board(0), board(1), board(2)]), version);
    pass(WAIT_MS);
    for (let n = 3; n < 100; n++) {
      expect(receiver.take(request([board(n)]), version)).toEqual({
        kind: 'put_off',
        detail: expect.stringContaining('too many series: 3 are kept'),
      });
    }
    expect(receiver.counters).toMatchObject({ series: 3, put_off: 97, samples: 3 });
    for (let minute = 1; minute <= 16; minute++) {
      pass(MINUTE_MS);
      take(request([board(0, START + minute * MINUTE_MS)]), version);
    }
    expect(receiver.counters.series).toBe(1);
    take(request([board(3, START + 16 * MINUTE_MS)]), version);
    expect(receiver.counters.series).toBe(2);
  });

  it('has room again although every request is put off', () => {
    const { take, pass, receiver } = testReceiver({ series_max: 1 });
    take(request([board(0)]), version);
    pass(WAIT_MS);
    pass(16 * MINUTE_MS);
    const next = request([board(1, START + 16 * MINUTE_MS)]);
    expect(receiver.take(next, version).kind).toBe('put_off');
    expect(receiver.take(next, version).kind).toBe('taken');
  });

  it('keeps no more than it may of labels that somebody makes up', () => {
    const { receiver } = testReceiver({ kept_max_bytes: 1_000_000 });
    const kinds = new Set<string>();
    for (let n = 0; n < 400; n++) {
      const labels = { UUID: `GPU-${n}`, Hostname: `node-${n}`, instance: `${n}:1`, pod: 'x'.repeat(1_000) };
      kinds.add(receiver.take(request([temp(START, 40, labels)]), version).kind);
    }
    expect(kinds).toEqual(new Set(['taken', 'put_off']));
    const { series: kept, targets } = receiver.counters;
    // 1,000 bytes of labels in four copies, and what a block and a target take.
    expect(kept).toBeGreaterThan(20);
    expect(kept).toBeLessThan(1_000_000 / 14_000);
    expect(targets).toBe(kept);
  });

  it('does not let the others wait for what there is no room for', () => {
    const { told, take, pass, receiver } = testReceiver({ series_max: 1 });
    take(request([board(0)]), version);
    for (let waited = 0; waited < WAIT_MS; waited += 1_000) {
      expect(receiver.take(request([board(1)]), version).kind).toBe('put_off');
      pass(1_000);
    }
    expect(told.length).toBe(1);
  });

  it('reads a journal again that was written with wider limits, as far as there is room', () => {
    const { told, receiver, pass } = testReceiver({ series_max: 1 });
    receiver.takeAgain(request([board(0)]), version);
    receiver.takeAgain(request([board(1)]), version);
    receiver.resume();
    pass(WAIT_MS);
    expect(told.map(({ scrape }) => scrape.gpus.map(({ uuid }) => uuid))).toEqual([['GPU-0']]);
    expect(receiver.counters).toMatchObject({ unreadable: 1 });
  });

  it('keeps the series of what waits, however long requests are put off', () => {
    const { told, take, pass, receiver } = testReceiver();
    take(request([temp(START, 40)]), version);
    for (let minute = 0; minute < 20; minute++) {
      for (let step = 0; step < 15; step++) {
        receiver.putOff('NATS is away');
        pass(4_000);
      }
    }
    expect(told).toEqual([]);
    take(
      request([temp(START + 20 * MINUTE_MS, 41, { UUID: 'GPU-b', Hostname: 'node-8', instance: 'node-8:9400' })]),
      version,
    );
    pass(WAIT_MS);
    expect(told.map(({ scrape }) => scrape.node).sort()).toEqual(['node-7', 'node-8']);
  });
});

it('reads no text of a symbol as often as labels name it', () => {
  const { receiver } = testReceiver();
  const huge = Buffer.alloc(1_000_000, 'x');
  const symbols = ['__name__', 'DCGM_FI_DEV_GPU_TEMP'].map((text) => field(4, Buffer.from(text)));
  const refs = [0, 1, ...Array<number>(1_000).fill(2)].flatMap(varint);
  const sample = field(2, [0x10, ...varint(START)]);
  const body = Buffer.concat([...symbols, field(4, huge), field(5, field(1, refs), sample)]);
  expect(receiver.take(snappy(body), 2)).toMatchObject({ samples: 0, invalid: 1 });
  expect(receiver.counters.series).toBe(0);
});

it('refuses more symbols than anyone has', () => {
  const { receiver } = testReceiver();
  const empty = Buffer.alloc(2_000_002);
  for (let at = 0; at < empty.length; at += 2) empty[at] = 0x22;
  expect(receiver.take(snappy(empty), 2)).toMatchObject({
    kind: 'unreadable',
    detail: expect.stringContaining('symbols'),
  });
});

describe('the table', () => {
  const labelsOf = (one: SentSeries): Buffer => seriesV1({ ...one, samples: [] });

  it('gives back all that it has taken, names too', () => {
    const room = new SeriesRoom();
    const table = new SeriesTable<string>({ room, target: () => 'target' });
    const labels = labelsOf(series('DCGM_MADE_UP_00000', []));
    const digits = labels.indexOf('00000');
    for (let n = 0; n < 70_000; n++) {
      labels.write(String(n).padStart(5, '0'), digits);
      const found = table.find(labels);
      if (typeof found === 'object') table.keepSymbols(found, new Int32Array(40));
    }
    // More names than anyone has are not told apart.
    expect(room.series).toBe(65_536);
    expect(table.sweep(1).length).toBe(65_536);
    expect([room.series, room.kept_bytes, table.size]).toEqual([0, 0, 0]);
    expect(typeof table.find(labels)).toBe('object');
  });

  it('learns nothing of a series that it has no room for', () => {
    const room = new SeriesRoom({ kept_max_bytes: NEW_TARGET_BYTES, series_max: 1 });
    const table = new SeriesTable<string>({ room, target: (labels) => (labels.has('instance') ? 'target' : null) });
    const first = table.find(labelsOf(board(0)));
    expect(table.find(labelsOf(board(0)))).toBe(first);
    const { kept_bytes } = room;
    expect(() => table.find(labelsOf(board(1)))).toThrowError(NoRoomError);
    expect(() => table.find(labelsOf(power(START, 1, { UUID: 'GPU-0' })))).toThrowError(NoRoomError);
    expect(room).toMatchObject({ series: 1, kept_bytes });
    // What cannot be placed is wrong however much room there is.
    expect(table.find(labelsOf({ labels: { __name__: 'DCGM_FI_DEV_GPU_TEMP', a: 'b' }, samples: [] }))).toBe(
      'homeless',
    );
  });
});
