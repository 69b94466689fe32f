import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName, metricIndex } from '../contract/metrics.ts';
import type { Scrape } from '../contract/scrape.ts';
import { decodeScrape } from '../contract/wire.ts';
import { promBodies } from './prom-bodies.ts';
import { readInput } from './read-input.ts';

const FOLDER = '../shared/data/telemetry';
const absent = !existsSync(FOLDER);
const DEFAULTS = { format: 'auto', interval_ms: 10_000, start_ms: Date.UTC(2026, 0, 1) } as const;

async function read(name: string): Promise<Scrape[]> {
  const scrapes: Scrape[] = [];
  for await (const messages of readInput({ ...DEFAULTS, path: `${FOLDER}/${name}` })) {
    for (const message of messages) scrapes.push(decodeScrape(message.data));
  }
  return scrapes;
}
const linesOf = (name: string): string[] =>
  gunzipSync(readFileSync(`${FOLDER}/${name}`))
    .toString('utf8')
    .trimEnd()
    .split(/\r?\n/);

/** The slow way, for comparison: every cell of every row by hand, keyed by time and GPU. */
type Expected = Map<string, Partial<Record<MetricName, number>>>;
function compare(scrapes: readonly Scrape[], expected: Expected): void {
  const keys = new Set<string>();
  for (const scrape of scrapes) {
    for (const gpu of scrape.gpus) {
      const key = `${scrape.ts} ${gpu.uuid}`;
      expect(keys.has(key)).toBe(false);
      keys.add(key);
      const want = expected.get(key);
      if (want === undefined) throw new Error(`${key} was not expected`);
      for (const [i, { name }] of METRICS.entries()) {
        const value = gpu.values[i] as number;
        const wanted = want[name];
        const same = wanted === undefined ? Number.isNaN(value) : Math.abs(value - wanted) <= 1e-12 * Math.abs(wanted);
        if (!same) throw new Error(`${key} ${name}: ${value}, expected ${wanted}`);
      }
    }
  }
  expect(keys.size).toBe(expected.size);
}

describe.skipIf(absent)('real telemetry (skipped where ../shared/data is absent)', () => {
  it.each<[string, number]>([
    ['h100x8_b1', 26_272],
    ['h100x8_e2', 24_216],
    ['h100x8_t3', 26_792],
  ])('%s: every value of every row', async (name, rows) => {
    const [head = '', ...lines] = linesOf(`${name}.csv.gz`);
    const at = (column: string): number => head.split(',').indexOf(column);
    const expected: Expected = new Map();
    for (const line of lines) {
      const cells = line.split(',');
      const cell = (column: string, work: (n: number) => number = (n) => n) => {
        const text = cells[at(column)] as string;
        return text === '' ? undefined : work(Number(text));
      };
      const want: Record<string, number | undefined> = {
        power_watts: cell('power_w'),
        gpu_temp_celsius: cell('temp_c'),
        fb_used_bytes: cell('mem_used_mib', (n) => n * 1024 * 1024),
        gpu_util_ratio: cell('gpu_util_pct', (n) => n / 100),
        memory_util_ratio: cell('mem_util_pct', (n) => n / 100),
        sm_active_ratio: cell('sm_active'),
        tensor_active_ratio: cell('tensor_active'),
        dram_active_ratio: cell('dram_active'),
        pcie_tx_bytes_per_second: cell('pcie_tx_bytes_s'),
        pcie_rx_bytes_per_second: cell('pcie_rx_bytes_s'),
        nvlink_tx_bytes_per_second: cell('nvlink_tx_bytes_s'),
        nvlink_rx_bytes_per_second: cell('nvlink_rx_bytes_s'),
        throttle_reasons: cell('throttle_reasons'),
        energy_joules_total: cell('energy_mj', (n) => n / 1000),
      };
      const ts = Math.round(Number(cells[0]) * 1000);
      expected.set(`${ts} ${name}:${cells[at('gpu')]}`, want as Partial<Record<MetricName, number>>);
    }
    expect(expected.size).toBe(rows);
    const scrapes = await read(`${name}.csv.gz`);
    compare(scrapes, expected);
    expect(scrapes.flatMap((s) => s.refusals)).toEqual([]);
    expect(scrapes.every((s) => s.gpus.length === 8 && s.node === name)).toBe(true);
  });

  it('nvidia-smi log: every value of every row', async () => {
    const name = 'nvidia_smi_10hz_mistral7b';
    const expected: Expected = new Map();
    for (const line of linesOf(`${name}.csv.gz`).slice(1)) {
      const m = /^(\d+)\/(\d+)\/(\d+) (\d+):(\d+):(\d+)\.(\d+), ([\d.]+) W, (\d+) %, (\d+) %$/.exec(line);
      if (m === null) throw new Error(line);
      const [year, month, day, hour, minute, second, ms, power, gpu, memory] = m.slice(1).map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      expected.set(`${Date.UTC(year, month - 1, day, hour, minute, second, ms)} ${name}:0`, {
        power_watts: power,
        gpu_util_ratio: gpu / 100,
        memory_util_ratio: memory / 100,
      });
    }
    expect(expected.size).toBe(30_344);
    const scrapes = await read(`${name}.csv.gz`);
    compare(scrapes, expected);
    expect(scrapes.flatMap((s) => s.refusals)).toEqual([]);
  });

  it('long export of 247 H100 on 31 hosts: every value', async () => {
    const units: Record<string, [MetricName, (n: number) => number]> = {
      DCGM_FI_DEV_GPU_UTIL: ['gpu_util_ratio', (n) => n / 100],
      DCGM_FI_DEV_MEM_COPY_UTIL: ['memory_util_ratio', (n) => n / 100],
      DCGM_FI_DEV_DEC_UTIL: ['decoder_util_ratio', (n) => n / 100],
      DCGM_FI_DEV_ENC_UTIL: ['encoder_util_ratio', (n) => n / 100],
      DCGM_FI_DEV_POWER_USAGE: ['power_watts', (n) => n],
      DCGM_FI_DEV_GPU_TEMP: ['gpu_temp_celsius', (n) => n],
      DCGM_FI_DEV_FB_USED: ['fb_used_bytes', (n) => n * 1_048_576],
      DCGM_FI_DEV_FB_FREE: ['fb_free_bytes', (n) => n * 1_048_576],
      DCGM_FI_DEV_SM_CLOCK: ['sm_clock_mhz', (n) => n],
      DCGM_FI_DEV_MEM_CLOCK: ['memory_clock_mhz', (n) => n],
    };
    const expected: Expected = new Map();
    const hosts = new Map<string, string>();
    for (const line of linesOf('dcgm_metrics_20250718_247xH100.csv.gz').slice(1)) {
      const [ts = '', metric = '', , , uuid = '', , host = '', , , , value = ''] = line
        .slice(1)
        .split('","')
        .map((cell) => cell.replace(/"$/, ''));
      const [name, work] = units[metric] as [MetricName, (n: number) => number];
      const key = `${Date.parse(ts)} ${uuid}`;
      expected.set(key, { ...expected.get(key), [name]: work(Number(value)) });
      hosts.set(uuid, host);
    }
    const scrapes = await read('dcgm_metrics_20250718_247xH100.csv.gz');
    compare(scrapes, expected);
    expect(hosts.size).toBe(247);
    expect(new Set(scrapes.map((s) => s.node)).size).toBe(31);
    expect(scrapes.flatMap((s) => s.refusals)).toEqual([]);
    for (const s of scrapes) for (const gpu of s.gpus) expect(hosts.get(gpu.uuid)).toBe(s.node);
  });

  it('golden cases, without identity: 10,080 rows each', async () => {
    const scrapes = await read('../golden/case_1.csv.gz');
    expect(scrapes).toHaveLength(10_080);
    expect(scrapes.flatMap((s) => s.refusals)).toEqual([]);
    const last = linesOf('../golden/case_1.csv.gz').at(-1)?.split(',') ?? [];
    expect(scrapes.at(-1)?.ts).toBe(Number(last[0]));
    expect(scrapes.at(-1)?.gpus[0]?.values[metricIndex('power_watts')]).toBe(Number(last[2]));
  });

  it('captures: every line of a text reaches exactly one body', () => {
    const folder = `${FOLDER}/../dcgm-exporter`;
    const names = execFileSync('ls', [folder], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.endsWith('.prom'));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const data = readFileSync(`${folder}/${name}`);
      const samples = (bytes: Uint8Array): string[] =>
        Buffer.from(bytes)
          .toString('latin1')
          .split('\n')
          .filter((line) => line.trim() !== '' && !line.startsWith('#'));
      const bodies = promBodies(data, 'fallback');
      expect(bodies.flatMap((body) => samples(body.data)).sort()).toEqual(samples(data).sort());
      for (const body of bodies) {
        for (const line of samples(body.data)) {
          const host = /[Hh]ostname="([^"]*)"/.exec(line)?.[1];
          if (host !== undefined) expect(host).toBe(body.node);
        }
      }
    }
  });
});
