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

  it('is no row where only unknown metrics are, and a row where a known one is blank', () => {
    expect(parse(line('DCGM_FI_DEV_VGPU_LICENSE_STATUS', '0'))).toMatchObject([
      { node: 'rack-7', gpus: [], unknown_metrics: 1, refusals: [] },
    ]);
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
