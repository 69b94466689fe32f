import { describe, expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import type { Batch } from './contract/batch.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import type { DeadLetter } from './contract/events.ts';
import { groupOf, rawSubject } from './contract/ids.ts';
import type { ContentType, RawMessage } from './contract/message.ts';
import { METRIC_COUNT, metricIndex } from './contract/metrics.ts';
import type { Scrape } from './contract/scrape.ts';
import { minutes } from './contract/time.ts';
import { decode } from './decode.ts';

const TS = Date.UTC(2026, 0, 1);
const TEMPERATURE = metricIndex('gpu_temp_celsius');

const values = (temperature: number): Float64Array => {
  const all = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  all[TEMPERATURE] = temperature;
  return all;
};

const scrape = (node: string, ts: number, temperatures: readonly number[], extra: Partial<Scrape> = {}): Scrape => ({
  node,
  ts,
  boot_epoch: TS,
  sequence: 1,
  gpus: temperatures.map((temperature, i) => ({
    uuid: `GPU-${node}-${i}`,
    instance: '',
    model: 'NVIDIA L4',
    pci_bus_id: '',
    serial: '',
    slot: String(i),
    ts,
    values: values(temperature),
    xids: [],
    attribution: [],
  })),
  refusals: [],
  blanks: 0,
  unknown_metrics: 0,
  ...extra,
});

const message = (position: number, node: string, body: Scrape | string, content_type: ContentType): RawMessage => ({
  subject: rawSubject(node),
  data: typeof body === 'string' ? new TextEncoder().encode(body) : encodeScrape(body),
  content_type,
  position,
  arrived_at: TS + 9,
  event_time: TS,
});
const binary = (position: number, body: Scrape): RawMessage =>
  message(position, body.node, body, 'application/vnd.gpu-vitals.scrape');

function run(rounds: readonly (readonly RawMessage[])[], states = new GroupStates()) {
  const rows: [node: string, uuid: string, ts: number, temperature: number][] = [];
  const refused: DeadLetter[] = [];
  const positions: number[] = [];
  const step = decode({ future_max: null }).start(states);
  for (const messages of rounds) {
    step.process(messages, (port, item) => {
      if (port === 'refused') {
        refused.push(item as DeadLetter);
        return;
      }
      const batch = item as Batch;
      positions.push(batch.position);
      for (let row = 0; row < batch.rows; row++) {
        const node = batch.registry.nodes[batch.node[row] as number] as string;
        const uuid = batch.registry.gpus[batch.gpu[row] as number]?.uuid as string;
        rows.push([node, uuid, batch.ts[row] as number, batch.values[row * METRIC_COUNT + TEMPERATURE] as number]);
      }
    });
  }
  return { rows, refused, positions, states };
}

describe('decode', () => {
  it('puts scrapes of one group into one batch, in order, and notes the position', () => {
    const { rows, positions, states } = run([
      [binary(1, scrape('a', TS, [50, 51])), binary(2, scrape('a', TS + 10, [52, 53]))],
    ]);
    expect(rows).toEqual([
      ['a', 'GPU-a-0', TS, 50],
      ['a', 'GPU-a-1', TS, 51],
      ['a', 'GPU-a-0', TS + 10, 52],
      ['a', 'GPU-a-1', TS + 10, 53],
    ]);
    expect(positions).toEqual([2]);
    expect(states.get(groupOf('a')).position).toBe(2);
  });

  it('hands on what it has before the names change, so that no step sees what comes later', () => {
    const ids: string[][] = [];
    const step = decode({ future_max: null }).start(new GroupStates());
    const text = JSON.stringify({ ts: TS + 30, node: 'a', gpu_uuid: 'GPU-text', gpu_temp_celsius: 50 });
    const messages = [
      binary(1, scrape('a', TS, [50])),
      binary(2, scrape('a', TS + 10, [51])),
      binary(3, scrape('a', TS + 20, [52, 53])),
      message(4, 'a', text, 'application/json'),
      message(5, 'a', text, 'application/json'),
    ];
    const positions: number[] = [];
    step.process(messages, (port, item) => {
      if (port !== 'rows') return;
      const batch = item as Batch;
      positions.push(batch.position);
      ids.push(batch.registry.gpus.map(({ uuid }) => uuid));
    });
    expect(positions).toEqual([2, 3, 5]);
    expect(ids).toEqual([['GPU-a-0'], ['GPU-a-0', 'GPU-a-1'], ['GPU-a-0', 'GPU-a-1', 'GPU-text']]);
  });

  it('tells the known GPUs of a node whose scrape has none as absent, behind the rows before it', () => {
    const told: unknown[] = [];
    const refusals = [{ level: 'line', reason: 'unreadable_line', detail: '', original: 'x' }] as const;
    const step = decode({ future_max: minutes(5) }).start(new GroupStates());
    const messages = [
      binary(1, scrape('a', TS, [50, 51])),
      binary(2, scrape('unknown', TS, [])),
      binary(3, scrape('a', TS + 10, [])),
      binary(4, scrape('a', TS + minutes(6), [])),
      binary(5, scrape('a', TS + 20, [], { refusals })),
      binary(6, scrape('a', TS + 30, [52])),
      binary(7, scrape('a', TS + 40, [], { unanswered: 'GV-COL-001' })),
      binary(8, scrape('unknown', TS + 50, [], { unanswered: 'GV-COL-001' })),
      binary(9, scrape('a', TS + minutes(6), [], { unanswered: 'GV-COL-001' })),
    ];
    step.process(messages, (port, item) => {
      if (port === 'refused') return;
      const { rows, position, ts, gpu, node, registry, clock, values, unanswered } = item as Batch;
      const who = Array.from(gpu, (one, row) => `${registry.nodes[node[row] as number]} ${registry.gpus[one]?.uuid}`);
      const readings = values.filter((value) => !Number.isNaN(value)).length;
      told.push([port, position, who, Array.from(ts, (at) => at - TS), readings, clock.length === rows, unanswered]);
    });
    const both = ['a GPU-a-0', 'a GPU-a-1'];
    expect(told).toEqual([
      ['rows', 1, both, [0, 0], 2, true, undefined],
      ['absent', 3, both, [10, 10], 0, true, undefined],
      ['rows', 6, ['a GPU-a-0'], [30], 1, true, undefined],
      ['absent', 7, ['a GPU-a-0'], [40], 0, true, 'GV-COL-001'],
    ]);
  });

  it('skips what a restored group has seen', () => {
    const states = new GroupStates();
    states.get(groupOf('a')).position = 5;
    const { rows } = run([[binary(5, scrape('a', TS, [50])), binary(6, scrape('a', TS + 1, [51]))]], states);
    expect(rows).toEqual([['a', 'GPU-a-0', TS + 1, 51]]);
  });

  it('notices when a node reports other GPUs than before', () => {
    const { rows } = run([
      [binary(1, scrape('a', TS, [50, 51]))],
      [binary(2, scrape('a', TS + 1, [60]))],
      [binary(3, scrape('a', TS + 2, [70, 71]))],
    ]);
    expect(rows.map(([, uuid, , temperature]) => [uuid, temperature])).toEqual([
      ['GPU-a-0', 50],
      ['GPU-a-1', 51],
      ['GPU-a-0', 60],
      ['GPU-a-0', 70],
      ['GPU-a-1', 71],
    ]);
  });

  it('reads exposition text and JSON as the same rows', () => {
    const text = 'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-x",modelName="NVIDIA L4",Hostname="a"} 50\n';
    const row = { ts: TS, node: 'a', gpu_uuid: 'GPU-x', gpu_temp_celsius: 50 };
    const { ts: _ts, node: _node, ...bare } = row;
    const forms: [string, ContentType][] = [
      [text, 'text/plain'],
      [JSON.stringify(row), 'application/json'],
      [JSON.stringify([row]), 'application/json'],
      [`${JSON.stringify(row)}\n`, 'application/json'],
      [JSON.stringify({ ts: TS, node: 'a', gpus: [bare] }), 'application/json'],
      [JSON.stringify({ gpu_uuid: 'GPU-x', gpu_temp_celsius: 50 }), 'application/json'],
    ];
    for (const [body, type] of forms)
      expect(run([[message(1, 'a', body, type)]]).rows, body).toEqual([['a', 'GPU-x', TS, 50]]);
  });

  it('makes dead letters of what normalising refused', () => {
    const refusals = [
      { level: 'value', reason: 'out_of_range', detail: 'too hot', original: 'GPU_TEMP 9000' },
    ] as const;
    expect(run([[binary(1, scrape('a', TS, [50], { refusals }))]]).refused).toEqual([
      {
        ts: TS,
        node: 'a',
        level: 'value',
        reason: 'out_of_range',
        code: 'GV-VAL-001',
        step: 'decode',
        detail: 'too hot',
        original: 'GPU_TEMP 9000',
      },
    ]);
  });

  it.each<[string, string, ContentType, string]>([
    ['HTML', '<html></html>', 'text/plain', 'unreadable_scrape'],
    ['JSON that is no row', '42', 'application/json', 'unreadable_scrape'],
    ['a damaged binary', 'GPVS....', 'application/vnd.gpu-vitals.scrape', 'damaged_message'],
  ])('refuses %s whole, with its bytes, and goes on', (_, body, type, reason) => {
    const { refused, rows } = run([[message(1, 'b', body, type), binary(2, scrape('a', TS, [50]))]]);
    expect(refused).toMatchObject([{ level: 'scrape', reason, node: 'b', original: body, ts: TS }]);
    expect(rows).toHaveLength(1);
  });

  it('keeps bytes that are no text as base64', () => {
    const data = Uint8Array.of(0x47, 0x50, 0xff, 0xfe);
    const { refused } = run([[{ ...message(1, 'b', '', 'application/vnd.gpu-vitals.scrape'), data }]]);
    expect(refused[0]).toMatchObject({ original_base64: Buffer.from(data).toString('base64') });
    expect(refused[0]).not.toHaveProperty('original');
  });

  const DEEP = 100_000;
  it.each([
    ['a list of lists', '['.repeat(DEEP) + ']'.repeat(DEEP)],
    ['an object of objects', `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`],
    ['xids that are lists of lists', `{"gpu_uuid":"g","xids":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`],
    ['many lines of it', `${'[{"x":'.repeat(DEEP)}\n${'{"a":['.repeat(DEEP)}`],
  ])('goes on after %s', (_, body) => {
    const { refused, rows } = run([[message(1, 'b', body, 'application/json'), binary(2, scrape('a', TS, [50]))]]);
    expect(refused.length).toBeGreaterThan(0);
    expect(rows).toEqual([['a', 'GPU-a-0', TS, 50]]);
  });

  it('does not believe a known identity block on another number of rows', () => {
    const identity = (data: Uint8Array): [number, number] => {
      const at = Buffer.from(data).indexOf('{"node"');
      return [at, at + new DataView(data.buffer).getUint32(36, true)];
    };
    const two = encodeScrape(scrape('a', TS, [50, 51]));
    const block = two.subarray(...identity(two));
    for (const temperatures of [[60], [60, 61, 62]]) {
      const other = encodeScrape(scrape('a', TS + 1, temperatures));
      const forged = Buffer.concat([other.subarray(0, identity(other)[0]), block]);
      forged.writeUInt32LE(block.length, 36);
      forged.writeUInt32LE(forged.length, 52);
      const { refused, rows } = run([
        [binary(1, scrape('a', TS, [50, 51]))],
        [{ ...message(2, 'a', '', 'application/vnd.gpu-vitals.scrape'), data: forged }],
      ]);
      expect(refused).toMatchObject([{ level: 'scrape', reason: 'damaged_message' }]);
      expect(rows).toHaveLength(2);
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('gives a dead letter of a scrape at %s a time', (ts) => {
    const refusals = [{ level: 'line', reason: 'unreadable_line', detail: '', original: 'x' }] as const;
    const bad = { ...scrape('a', TS, [50], { refusals }), ts };
    expect(run([[binary(1, { ...bad, gpus: [] })]]).refused).toMatchObject([{ ts: TS }]);
  });

  it.each([
    ['a byte order mark', '\ufeff{"gpu_uuid":"GPU-x","gpu_temp_celsius":50}'],
    ['NaN in a list', '[{"gpu_uuid":"GPU-x","gpu_temp_celsius":50,"power_watts":NaN}]'],
    ['NaN over many lines', '{\n "gpus": [\n {"gpu_uuid":"GPU-x","gpu_temp_celsius":50,"power_watts":NaN}\n]\n}'],
    ['lines without a time', '{"gpu_uuid":"GPU-x","gpu_temp_celsius":50}\r\n{"gpu_uuid":"","gpu_temp_celsius":50}'],
    ['junk beside a row', '[7, null, "x", [], {"gpu_uuid":"GPU-x","gpu_temp_celsius":50}]'],
    ['Infinity', '[{"gpu_uuid":"GPU-x","gpu_temp_celsius":50,"power_watts":1e999}]'],
  ])('reads JSON with %s', (_, body) => {
    expect(run([[message(1, 'a', body, 'application/json')]]).rows).toEqual([['a', 'GPU-x', TS, 50]]);
  });

  it('tells a bad value inside a list', () => {
    const body = '[{"gpu_uuid":"g","gpu_temp_celsius":50,"power_watts":-Infinity,"sm_clock_mhz":NaN}]';
    const { refused } = run([[message(1, 'a', body, 'application/json')]]);
    expect(refused.map(({ level, reason }) => [level, reason])).toEqual([
      ['value', 'out_of_range'],
      ['value', 'not_a_number'],
    ]);
    expect(refused[0]?.original).toContain('"power_watts":"-Infinity"');
  });
});
