import { describe, expect, it } from 'vitest';
import { type MetricName, metricIndex } from '../contract/metrics.ts';
import type { ScrapedGpu } from '../contract/scrape.ts';
import { DIALECT_46, encode, UUID_A, UUID_B } from './exposition.fixture.ts';
import { ExpositionParser } from './exposition-parser.ts';

const TS = 1_767_225_600_000;
const metricOf = (gpu: ScrapedGpu | undefined, name: MetricName): number | undefined => gpu?.values[metricIndex(name)];
const parse = (text: string, parser = new ExpositionParser()) =>
  parser.parse(encode(text), { fallback_node: 'rack-7', ts: TS });
const line = (name: string, value: string, labels = `UUID="${UUID_A}"`): string => `${name}{${labels}} ${value}\n`;

describe('time of a sample', () => {
  it.each([
    ['1767225601500', 1_767_225_601_500],
    ['1767225601', 1_767_225_601_000],
    ['1767225601.5', 1_767_225_601_500],
    ['1.7672256015e9', 1_767_225_601_500],
    ['1767225601500 # {trace="x"} 1', 1_767_225_601_500],
    ['0', TS],
    ['-5', TS],
    ['99999999999999999', TS],
  ])('%s', (stamp, ts) => {
    const [scrape] = parse(line('DCGM_FI_DEV_GPU_TEMP', `45 ${stamp}`));
    expect(scrape?.ts).toBe(TS);
    expect(scrape?.gpus[0]?.ts).toBe(ts);
    expect(metricOf(scrape?.gpus[0], 'gpu_temp_celsius')).toBe(45);
    expect(scrape?.refusals).toEqual([]);
  });

  it('is per row, the latest of its samples, and of this scrape only', () => {
    const parser = new ExpositionParser();
    const text =
      line('DCGM_FI_DEV_GPU_TEMP', '45 1767225601500') +
      line('DCGM_FI_DEV_POWER_USAGE', '70 1767225602500') +
      line('DCGM_FI_DEV_GPU_TEMP', '45', `UUID="${UUID_B}"`);
    expect(parse(text, parser)[0]?.gpus.map((gpu) => gpu.ts)).toEqual([1_767_225_602_500, TS]);
    expect(parse(line('DCGM_FI_DEV_GPU_TEMP', '45'), parser)[0]?.gpus[0]?.ts).toBe(TS);
  });

  it('is a row each where a body tells of several instants of one series', () => {
    const at = (value: number, stamp: number | string, name = 'DCGM_FI_DEV_GPU_TEMP') =>
      line(name, `${value} ${stamp}`);
    const parser = new ExpositionParser();
    const dump =
      '?bad\n' +
      at(45, 1_767_225_611_000) +
      at(44, '1767225601 # {a="b"} 1') +
      line('DCGM_FI_DEV_GPU_TEMP', '40') +
      at(100, 1_767_225_601_000, 'DCGM_FI_DEV_POWER_USAGE') +
      at(110, 1_767_225_611_000, 'DCGM_FI_DEV_POWER_USAGE');
    for (const scrapes of [parse(dump, parser), parse(dump, parser)]) {
      expect(scrapes.map((scrape) => [scrape.ts, scrape.refusals.length])).toEqual([
        [TS, 0],
        [1_767_225_601_000, 0],
        [1_767_225_611_000, 1],
      ]);
      expect(scrapes.map(({ gpus: [gpu] }) => [gpu?.ts, metricOf(gpu, 'gpu_temp_celsius')])).toEqual([
        [TS, 40],
        [1_767_225_601_000, 44],
        [1_767_225_611_000, 45],
      ]);
      expect(scrapes.map(({ gpus: [gpu] }) => metricOf(gpu, 'power_watts'))).toEqual([Number.NaN, 100, 110]);
    }
  });

  it('leaves aside when a counter began', () => {
    const [scrape] = parse(line('DCGM_FI_DEV_PCIE_REPLAY_COUNTER', '7 1767225601 st@1767225000.5 # {a="b"} 1'));
    expect(metricOf(scrape?.gpus[0], 'pcie_replay_total')).toBe(7);
    expect(scrape?.gpus[0]?.ts).toBe(1_767_225_601_000);
  });

  it.each(['45 z', '45 1 2', '45 NaN', '45 1.1.1', ''])('refuses %j', (tail) => {
    const [scrape] = parse(line('DCGM_FI_DEV_GPU_TEMP', tail) + line('DCGM_FI_DEV_POWER_USAGE', '70'));
    expect(scrape?.refusals).toMatchObject([{ level: 'line', reason: 'unreadable_line' }]);
    expect(metricOf(scrape?.gpus[0], 'gpu_temp_celsius')).toBeNaN();
  });
});

describe('several sources of one metric', () => {
  const limits = (enforced: string | null, requested: string): number | undefined => {
    const text =
      line('DCGM_FI_DEV_POWER_MGMT_LIMIT', requested) +
      (enforced === null ? '' : line('DCGM_FI_DEV_ENFORCED_POWER_LIMIT', enforced));
    return metricOf(parse(text)[0]?.gpus[0], 'power_limit_watts');
  };
  it('takes the requested power limit only where the enforced one is missing', () => {
    expect(limits(null, '300')).toBe(300);
    expect(limits('250', '300')).toBe(250);
    expect(limits('2147483632', '300')).toBe(300);
  });

  it('tells ratio from percent by what the exporter sends, for all its GPUs and from then on', () => {
    const parser = new ExpositionParser();
    const utils = (...values: string[]) =>
      parse(
        values.map((value, gpu) => line('DCGM_FI_DEV_GPU_UTIL_RATIO', value, `UUID="GPU-${gpu}"`)).join(''),
        parser,
      )[0]?.gpus.map((gpu) => metricOf(gpu, 'gpu_util_ratio'));
    expect(utils('0.42', '1')).toEqual([0.42, 1]);
    expect(utils('4294967295', '1')).toEqual([Number.NaN, 1]);
    expect(utils('1.0000001', '0.95')).toEqual([1, 0.95]);
    expect(utils('1', '57')).toEqual([0.01, 0.57]);
    expect(utils('1', '0')).toEqual([0.01, 0]);
    expect(metricOf(parse(DIALECT_46)[0]?.gpus[0], 'gpu_util_ratio')).toBe(0.42);
  });

  it('keeps links, switches and CPUs out of the GPU', () => {
    const [scrape] = parse(
      line('DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL', '9', `nvlink="1",gpu="0",gpu_uuid="${UUID_A}"`) +
        line('DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL', '5') +
        line('DCGM_FI_DEV_GPU_TEMP', '70', 'nvswitch="2",hostname="other"') +
        line('DCGM_FI_DEV_GPU_TEMP', '70', 'cpu="0"'),
    );
    expect(scrape).toMatchObject({ node: 'rack-7', unknown_metrics: 2, refusals: [] });
    expect(scrape?.gpus.map((gpu) => metricOf(gpu, 'nvlink_bandwidth_mb_per_second'))).toEqual([5]);
  });
});

it('takes several XIDs of one GPU at once', () => {
  const xid = (code: string, more = '') =>
    line('DCGM_FI_DEV_XID_ERRORS', code, `UUID="${UUID_A}",err_code="${code}"${more}`);
  const [scrape] = parse(xid('79') + xid('31') + xid('79', ',pod="a"') + xid('31', ',pod="a"') + xid('0') + xid('1e9'));
  expect(metricOf(scrape?.gpus[0], 'xid_last')).toBe(79);
  expect(scrape?.gpus[0]?.xids).toEqual([{ xid: 31, kind: 'window_count', count: 1 }]);
});

describe('names', () => {
  it('may stand in quotes inside the braces, and labels in quotes too', () => {
    const parser = new ExpositionParser();
    const text = [
      `{"DCGM_FI_DEV_GPU_TEMP",gpu="0","UUID"="${UUID_A}"} 45`,
      `{ gpu="1" , "DCGM_FI_DEV_GPU_TEMP" , UUID="${UUID_B}"} 46`,
      `{"DCGM_FI_DEV_POWER_USAGE","UUID"="${UUID_A}"} 100`,
      `DCGM_FI_DEV_SM_CLOCK{"UUID"="${UUID_A}"} 1000`,
    ].join('\n');
    for (const [scrape] of [parse(text, parser), parse(text, parser), parse(text.replace('45', '45.0'), parser)]) {
      expect(scrape).toMatchObject({ refusals: [], unknown_metrics: 0 });
      expect(scrape?.gpus.map((gpu) => [gpu.uuid, metricOf(gpu, 'gpu_temp_celsius')])).toEqual([
        [UUID_A, 45],
        [UUID_B, 46],
      ]);
      expect(metricOf(scrape?.gpus[0], 'power_watts')).toBe(100);
      expect(metricOf(scrape?.gpus[0], 'sm_clock_mhz')).toBe(1000);
    }
  });

  it.each(['{} 1', '{"A","B"} 1', 'A{"B"} 1', '{"A} 1', '{A} 1', `{UUID="${UUID_A}"} 1`])('are not in %s', (bad) => {
    const parser = new ExpositionParser();
    parse(`{"B"} 1\n${line('DCGM_FI_DEV_GPU_TEMP', '45')}`, parser);
    const [scrape] = parse(`${bad}\n${line('DCGM_FI_DEV_GPU_TEMP', '45')}`, parser);
    expect(scrape?.refusals).toMatchObject([{ reason: 'unreadable_line', original: bad }]);
  });

  it('of counters may end in _total', () => {
    const [scrape] = parse(
      line('DCGM_FI_DEV_PCIE_REPLAY_COUNTER_total', '7') +
        line('DCGM_FI_DEV_PCIE_REPLAY_COUNTER_created', '1.7e9') +
        line('DCGM_FI_DEV_PCIE_REPLAY_TOTAL', '8'),
    );
    expect(metricOf(scrape?.gpus[0], 'pcie_replay_total')).toBe(7);
    expect(scrape?.unknown_metrics).toBe(1);
  });

  it.each(['UUID', 'uuid', 'gpu_uuid', 'GPU_UUID', 'DCGM_FI_DEV_UUID'])('%s is who', (label) => {
    expect(parse(`DCGM_FI_DEV_GPU_TEMP{${label}="x"} 1\n`)[0]?.gpus[0]?.uuid).toBe('x');
  });

  it.each(['modelName', 'model_name', 'model', 'DCGM_FI_DEV_NAME'])('%s is what', (label) => {
    expect(parse(`DCGM_FI_DEV_GPU_TEMP{UUID="x",${label}="L4"} 1\n`)[0]?.gpus[0]?.model).toBe('L4');
  });

  it('does not take the exporter for a user of the GPU', () => {
    const own = 'namespace="monitoring",pod="nvidia-dcgm-exporter-x7k2p",container="exporter"';
    const [idle] = parse(line('DCGM_FI_DEV_GPU_TEMP', '45', `UUID="${UUID_A}",${own}`));
    expect(idle?.gpus[0]?.attribution).toEqual([]);
    const [used] = parse(line('DCGM_FI_DEV_GPU_TEMP', '45', `UUID="${UUID_A}",${own},exported_pod="train"`));
    expect(used?.gpus[0]?.attribution).toMatchObject([{ pod: 'train' }]);
  });
});

describe('a user whom a Prometheus has renamed', () => {
  const user = (labels: string): unknown =>
    parse(line('DCGM_FI_DEV_GPU_TEMP', '45', `UUID="${UUID_A}",${labels}`))[0]?.gpus[0]?.attribution;
  const train = [{ namespace: 'ai', pod: 'train', container: 'main', job: '' }];

  it.each([
    ['namespace="ops",pod="e",container="x",exported_namespace="ai",exported_pod="train",exported_container="main"'],
    ['namespace="ops",pod="e",exported_namespace="ai",exported_pod="train",container="main"'],
    ['namespace="ops",exported_namespace="ai",pod="train",container="main"'],
    ['namespace="ai",pod="train",container="main"'],
  ])('is found whichever labels the target has: %s', (labels) => {
    expect(user(labels)).toEqual(train);
  });
});

describe('what becomes of a body', () => {
  it('makes one scrape a host, in the order of their first samples', () => {
    const scrapes = parse(
      'go_goroutines 7\nbroken{\n' +
        line('DCGM_FI_DEV_GPU_TEMP', '1', `UUID="${UUID_B}",Hostname="b"`) +
        line('DCGM_FI_DEV_GPU_TEMP', '2147483632', `UUID="${UUID_A}",hostname="a"`) +
        line('DCGM_FI_DEV_GPU_TEMP', '999', `UUID="${UUID_A}"`) +
        line('some_metric', '3', 'Hostname="a"') +
        line('DCGM_FI_DEV_GPU_TEMP', '3', 'Hostname="a"'),
    );
    expect(
      scrapes.map(({ node, gpus, blanks, unknown_metrics, refusals }) => [
        node,
        gpus.map((gpu) => gpu.uuid),
        blanks,
        unknown_metrics,
        refusals.map((refusal) => refusal.reason),
      ]),
    ).toEqual([
      ['b', [UUID_B], 0, 1, ['unreadable_line']],
      ['a', [UUID_A], 1, 1, ['no_identity']],
      ['rack-7', [UUID_A], 0, 0, ['out_of_range']],
    ]);
  });

  it('refuses a row where only unknown metrics are, and takes one where a known one is blank', () => {
    const license = line('DCGM_FI_DEV_VGPU_LICENSE_STATUS', '0');
    expect(parse(license + license)).toMatchObject([
      {
        node: 'rack-7',
        gpus: [],
        unknown_metrics: 2,
        refusals: [{ level: 'row', reason: 'no_metrics', original: license.trim() }],
      },
    ]);
    const slice = line('DCGM_FI_DEV_FB_USED', '1', `UUID="${UUID_A}",GPU_I_ID="1"`);
    expect(parse(license + slice)[0]?.refusals).toEqual([]);
    expect(parse(slice + license)[0]?.refusals).toEqual([]);
    expect(parse(line('DCGM_FI_DEV_GPU_TEMP', '2147483632'))[0]?.gpus).toHaveLength(1);
  });

  it('follows the name of the target', () => {
    const parser = new ExpositionParser();
    const body = encode(line('DCGM_FI_DEV_GPU_TEMP', '45'));
    expect(parser.parse(body, { fallback_node: 'one', ts: 1 })[0]?.node).toBe('one');
    expect(parser.parse(body, { fallback_node: 'two', ts: 2 })[0]).toMatchObject({ node: 'two', gpus: [{ ts: 2 }] });
  });

  it('hands out values that the next scrape leaves alone', () => {
    const parser = new ExpositionParser();
    const before = parse(line('DCGM_FI_DEV_GPU_TEMP', '45', `UUID="${UUID_A}",pod="a"`), parser);
    const copy = structuredClone(before);
    parse(line('DCGM_FI_DEV_GPU_TEMP', '46', `UUID="${UUID_A}",pod="b"`), parser);
    expect(before).toEqual(copy);
  });

  it('tells at most 1,000 bad lines one by one, and the rest as a number', () => {
    const bad = Array.from({ length: 5_000 }, (_, i) => `?bad ${i}`).join('\n');
    const [scrape] = parse(`${bad}\n${line('DCGM_FI_DEV_GPU_TEMP', '45')}`);
    expect(scrape?.refusals).toHaveLength(1_001);
    expect(scrape?.refusals.at(-1)?.detail).toBe('4000 more unreadable lines in this scrape');
    const long = parse(`?${'x'.repeat(1e6)}\n${line('DCGM_FI_DEV_GPU_TEMP', '45')}`)[0];
    expect(long?.refusals[0]?.original).toHaveLength(65_536);
  });
});
