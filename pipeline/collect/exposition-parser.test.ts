import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName, metricIndex } from '../contract/metrics.ts';
import type { Scrape, ScrapedGpu } from '../contract/scrape.ts';
import {
  DIALECT_1,
  DIALECT_3,
  DIALECT_4,
  DIALECT_46,
  DIALECT_MIG,
  encode,
  UUID_A,
  UUID_B,
} from './exposition.fixture.ts';
import { expectTwins } from './exposition-compare.fixture.ts';
import { ExpositionParser, UnreadableScrape } from './exposition-parser.ts';

const TS = 1_767_225_600_000;
const CONTEXT = { fallback_node: 'rack-7', ts: TS };

function parseOne(text: string, parser = new ExpositionParser()): Scrape {
  const scrapes = parser.parse(encode(text), CONTEXT);
  expect(scrapes).toHaveLength(1);
  return scrapes[0] as Scrape;
}
const metricOf = (gpu: ScrapedGpu | undefined, name: MetricName): number | undefined => gpu?.values[metricIndex(name)];
/** One sample of GPU A. */
const line = (name: string, value: string, more = ''): string => `${name}{gpu="0",UUID="${UUID_A}"${more}} ${value}\n`;

describe('dialects', () => {
  it.each([
    ['1.x', DIALECT_1],
    ['3.x', DIALECT_3],
    ['4.x', DIALECT_4],
    ['4.6', DIALECT_46],
    ['MIG', DIALECT_MIG],
  ])('%s: as the twin reads it, cold and warm, with either line end', (_, text) => {
    const parser = new ExpositionParser();
    for (const variant of [text, text, text.replaceAll('\n', '\r\n'), text.trimEnd(), `\ufeff${text}`]) {
      expectTwins(parser, variant.replace('\ufeff', ''));
      expect(parser.parse(encode(variant), CONTEXT)).toEqual(new ExpositionParser().parse(encode(text), CONTEXT));
    }
  });

  it('reads all names of all metrics, in the unit of the catalogue', () => {
    METRICS.forEach((spec, metric) => {
      for (const name of [...spec.exporter_names, ...(spec.fallback?.exporter_names ?? [])]) {
        const [gpu] = parseOne(line(name, '1')).gpus;
        const expected = spec.ratio_names?.includes(name)
          ? 1
          : spec.scale < 1
            ? Number(spec.scale.toFixed(6))
            : spec.scale;
        expect(gpu?.values[metric], name).toBe(expected);
        expect(gpu?.values.filter((value) => !Number.isNaN(value)).length, name).toBe(1);
      }
    });
  });

  it('tells identity, labels and users', () => {
    const scrape = parseOne(DIALECT_4);
    expect(scrape).toMatchObject({ node: 'node-2', ts: TS, boot_epoch: 0, sequence: 0, refusals: [], blanks: 0 });
    expect(scrape.unknown_metrics).toBe(1);
    expect(scrape.gpus[0]).toMatchObject({
      uuid: UUID_A,
      instance: '',
      model: 'NVIDIA H200',
      pci_bus_id: '00000000:53:00.0',
      serial: '',
      slot: '0',
      ts: TS,
      xids: [{ xid: 79, kind: 'window_count', count: 2 }],
      attribution: [{ namespace: 'ai', pod: 'train-0', container: 'main', job: '' }],
    });
    expect(parseOne(line('DCGM_FI_DEV_GPU_TEMP', '1', ',DCGM_FI_DEV_SERIAL="1650"')).gpus[0]?.serial).toBe('1650');
  });
});

describe('the ten traps', () => {
  it.each(['2147483632', '2147483635', '140737488355328', '140737488355331', '9223372036854775794', '9.22e18'])(
    '1: %s is a blank, counted, and the row goes on',
    (blank) => {
      const scrape = parseOne(line('DCGM_FI_DEV_GPU_TEMP', blank) + line('DCGM_FI_DEV_POWER_USAGE', '70'));
      expect(scrape).toMatchObject({ blanks: 1, refusals: [] });
      expect(metricOf(scrape.gpus[0], 'gpu_temp_celsius')).toBeNaN();
      expect(metricOf(scrape.gpus[0], 'power_watts')).toBe(70);
    },
  );
  it.each(['<<<NULL>>>', '<<<NOT_FOUND>>>', '<<<NOT_SUPPORTED>>>', '<<<NOT_PERM>>>'])('1: %s is a blank', (blank) => {
    const scrape = parseOne(line('DCGM_FI_DEV_GPU_TEMP', blank));
    expect(scrape).toMatchObject({ blanks: 1, refusals: [] });
    expect(scrape.gpus).toHaveLength(1);
  });
  it('1: energy and ECC beyond 2^31 are real', () => {
    const scrape = parseOne(
      line('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', '2147483700') + line('DCGM_FI_DEV_ECC_SBE_AGG_TOTAL', '4294967295'),
    );
    expect(scrape).toMatchObject({ blanks: 0, refusals: [] });
    expect(metricOf(scrape.gpus[0], 'energy_joules_total')).toBe(2_147_483.7);
    expect(metricOf(scrape.gpus[0], 'ecc_sbe_aggregate_total')).toBe(4_294_967_295);
  });

  it('2: no XID row is no XID; the window count is apart from the latched gauge', () => {
    expect(metricOf(parseOne(DIALECT_3).gpus[0], 'xid_last')).toBeNaN();
    const labels = ',window_size_in_ms="300000",xid="31"';
    for (const name of ['DCGM_EXP_XID_ERRORS_COUNT', 'DCGM_FI_DEV_XID_ERRORS_ACTIVE']) {
      const scrape = parseOne(line(name, '3', labels) + line(name, '9', `${labels},pod="p"`) + line(name, '0'));
      expect(scrape.gpus[0]?.xids).toEqual([{ xid: 31, kind: 'window_count', count: 3 }]);
      expect(metricOf(scrape.gpus[0], 'xid_last')).toBeNaN();
      expect(scrape).toMatchObject({ unknown_metrics: 0, refusals: [] });
    }
    const blankGauge = parseOne(line('DCGM_FI_DEV_XID_ERRORS', '2147483632', ',err_code="63"'));
    expect(metricOf(blankGauge.gpus[0], 'xid_last')).toBe(63);
    expect(parseOne(line('DCGM_EXP_XID_ERRORS_COUNT', '-1', ',xid="31"')).refusals).toMatchObject([
      { level: 'value', reason: 'out_of_range' },
    ]);
  });

  it('3: no memory sensor; what a vGPU, Turing or Pascal lacks is missing, not wrong', () => {
    const scrape = parseOne(line('DCGM_FI_DEV_MEMORY_TEMP', '0') + line('DCGM_FI_DEV_FB_USED', '12'));
    expect(scrape).toMatchObject({ blanks: 1, refusals: [] });
    const present = METRICS.filter((spec) => !Number.isNaN(metricOf(scrape.gpus[0], spec.name)));
    expect(present.map((spec) => spec.name)).toEqual(['fb_used_bytes']);
    expect(metricOf(parseOne(line('DCGM_FI_DEV_MEMORY_TEMP', '-3')).gpus[0], 'memory_temp_celsius')).toBe(-3);
  });

  it('4: MIG instances and the parent are rows of their own, nothing is summed', () => {
    const { gpus } = parseOne(DIALECT_MIG);
    expect(gpus.map((gpu) => gpu.instance)).toEqual(['', '1', '2']);
    expect(gpus.map((gpu) => metricOf(gpu, 'gpu_temp_celsius'))).toEqual([40, 40, 40]);
    expect(gpus.map((gpu) => metricOf(gpu, 'fb_used_bytes'))).toEqual([Number.NaN, 98 * 2 ** 20, 4_384 * 2 ** 20]);
    expect(gpus.every((gpu) => Number.isNaN(metricOf(gpu, 'gpu_util_ratio')))).toBe(true);
  });

  it('5: repeated under pods and jobs it is one sample with all its users', () => {
    const repeated = (value: string): string =>
      [',pod="a",namespace="n"', ',pod="b",namespace="n"', ',hpc_job="77"', ',pod="",namespace="",container=""']
        .map((labels) => line('DCGM_FI_DEV_GPU_UTIL', value, labels))
        .join('');
    const scrape = parseOne(repeated('40'));
    expect(scrape.gpus).toHaveLength(1);
    expect(scrape.gpus[0]?.attribution).toEqual([
      { namespace: 'n', pod: 'a', container: '', job: '' },
      { namespace: 'n', pod: 'b', container: '', job: '' },
      { namespace: '', pod: '', container: '', job: '77' },
    ]);
    expect(parseOne(repeated('4294967295')).refusals).toHaveLength(1);
    expect(parseOne(repeated('2147483632')).blanks).toBe(1);
    const first = parseOne(line('DCGM_FI_DEV_GPU_UTIL', '10') + line('DCGM_FI_DEV_GPU_UTIL', '90', ',pod="a"'));
    expect(metricOf(first.gpus[0], 'gpu_util_ratio')).toBe(0.1);
  });
  it('5: behind a Prometheus the exported pod counts', () => {
    const labels =
      ',pod="dcgm-exporter-x",namespace="monitoring",exported_pod="train",exported_namespace="ai",job="dcgm"';
    expect(parseOne(line('DCGM_FI_DEV_GPU_UTIL', '1', labels)).gpus[0]?.attribution).toEqual([
      { namespace: 'ai', pod: 'train', container: '', job: '' },
    ]);
  });

  it.each([
    [`DCGM_FI_DEV_GPU_TEMP{gpu="0", UUID="${UUID_A}"} 45`, 'gpu_temp_celsius', 45],
    [`DCGM_FI_DEV_GPU_TEMP {  gpu = "0" ,\tuuid="${UUID_A}" , }   45  `, 'gpu_temp_celsius', 45],
    [`\t DCGM_FI_DEV_GPU_TEMP{uuid="${UUID_A}"}45`, 'gpu_temp_celsius', 45],
    [`DCGM_FI_PROF_PCIE_TX_BYTES{UUID="${UUID_A}"} 7.8e+06`, 'pcie_tx_bytes_per_second', 7_800_000],
    [
      `DCGM_FI_DEV_GPU_TEMP{UUID="${UUID_A}",modelName="a\\"b\\\\c\\nd } 9 # é☃"} 45 # {x="y"} 1 2`,
      'gpu_temp_celsius',
      45,
    ],
    [`# TYPE DCGM_FI_DEV_GPU_TEMP counter\nDCGM_FI_DEV_GPU_TEMP{gpu_uuid="${UUID_A}"} -3`, 'gpu_temp_celsius', -3],
    [`DCGM_FI_DEV_PCIE_REPLAY_COUNTER{UUID="${UUID_A}"} 9007199254740992`, 'pcie_replay_total', 2 ** 53],
  ] as const)('6: reads %s', (text, name, value) => {
    const scrape = parseOne(text);
    expect(metricOf(scrape.gpus[0], name)).toBe(value);
    expect(scrape.gpus[0]?.uuid).toBe(UUID_A);
    expect(scrape).toMatchObject({ node: 'rack-7', refusals: [] });
  });
  it('6: escapes and UTF-8 come out as they were meant', () => {
    expect(parseOne(line('DCGM_FI_DEV_GPU_TEMP', '1', ',modelName="a\\"b\\\\c\\nd\\t } é☃"')).gpus[0]?.model).toBe(
      'a"b\\c\nd\\t } é☃',
    );
  });
  it('6: samples without a GPU are one refused row, with the lines', () => {
    const scrape = parseOne('DCGM_FI_DEV_GPU_TEMP 45\nDCGM_FI_DEV_POWER_USAGE{gpu="0"} 70\nup 1\n');
    expect(scrape.gpus).toEqual([]);
    expect(scrape.unknown_metrics).toBe(1);
    expect(scrape.refusals).toEqual([
      {
        level: 'row',
        reason: 'no_identity',
        detail: '2 samples of known metrics have no UUID label',
        original: 'DCGM_FI_DEV_GPU_TEMP 45\nDCGM_FI_DEV_POWER_USAGE{gpu="0"} 70',
      },
    ]);
  });

  it.each([
    ['DCGM_FI_DEV_GPU_UTIL', '4294967295', 'out_of_range'],
    ['DCGM_FI_PROF_GR_ENGINE_ACTIVE', '14073748835532800', 'sentinel'],
    ['DCGM_FI_DEV_ECC_SBE_VOL_TOTAL', '-1', 'out_of_range'],
    ['DCGM_FI_DEV_GPU_TEMP', 'NaN', 'not_a_number'],
    ['DCGM_FI_DEV_GPU_TEMP', 'warm', 'not_a_number'],
    ['DCGM_FI_DEV_GPU_TEMP', '+Inf', 'out_of_range'],
  ])('7: %s %s is refused as %s, and the row goes on', (name, text, reason) => {
    const bad = line(name, text);
    const scrape = parseOne(line('DCGM_FI_DEV_POWER_USAGE', '70') + bad);
    expect(scrape.refusals).toMatchObject([{ level: 'value', reason, original: bad.trimEnd() }]);
    expect(scrape.refusals[0]?.detail).toMatch(/^\w+ (is not a number|\S+), valid is /);
    expect(scrape.blanks).toBe(0);
    expect(metricOf(scrape.gpus[0], 'power_watts')).toBe(70);
  });
  it('7: PROF at 0 beside a busy GPU is told as it is', () => {
    const [gpu] = parseOne(line('DCGM_FI_DEV_GPU_UTIL', '99') + line('DCGM_FI_PROF_GR_ENGINE_ACTIVE', '0.000000')).gpus;
    expect([metricOf(gpu, 'gpu_util_ratio'), metricOf(gpu, 'gr_engine_active_ratio')]).toEqual([0.99, 0]);
  });

  it('8: a counter that falls is told as it is', () => {
    const parser = new ExpositionParser();
    const read = (value: string) =>
      metricOf(parseOne(line('DCGM_FI_DEV_ECC_SBE_VOL_TOTAL', value), parser).gpus[0], 'ecc_sbe_volatile_total');
    expect([read('900'), read('3')]).toEqual([900, 3]);
  });

  it('9: a bad line does not lose the scrape, nor a bad scrape the node', () => {
    const parser = new ExpositionParser();
    const cut = `DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-1111`;
    const scrape = parseOne(`${line('DCGM_FI_DEV_GPU_TEMP', '45')}0bad 1\n${cut}`, parser);
    expect(scrape.gpus).toHaveLength(1);
    expect(scrape.refusals.map(({ level, reason, original }) => [level, reason, original])).toEqual([
      ['line', 'unreadable_line', '0bad 1'],
      ['line', 'unreadable_line', cut],
    ]);
    for (const body of [
      '',
      '\n\n',
      '# EOF\n',
      '<html><body>502 Bad Gateway</body></html>',
      '404 page not found',
      '\0\x01\xff{',
    ]) {
      expect(() => parser.parse(encode(body), CONTEXT), body).toThrow(UnreadableScrape);
    }
    expect(parseOne(line('DCGM_FI_DEV_GPU_TEMP', '46'), parser).gpus).toHaveLength(1);
  });

  it('10: a GPU that vanishes is not told; it comes back as itself', () => {
    const parser = new ExpositionParser();
    expect(parseOne(DIALECT_3, parser).gpus.map((gpu) => gpu.uuid)).toEqual([UUID_A, UUID_B]);
    const without = DIALECT_3.split('\n')
      .filter((text) => !text.includes(UUID_B))
      .join('\n');
    expect(parseOne(without, parser).gpus.map((gpu) => gpu.uuid)).toEqual([UUID_A]);
    expect(parseOne(DIALECT_3, parser)).toEqual(parseOne(DIALECT_3));
  });
});
