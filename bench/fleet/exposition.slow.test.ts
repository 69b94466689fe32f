import { describe, expect, it } from 'vitest';
import { ExpositionParser } from '../../pipeline/collect/exposition-parser.ts';
import { METRICS } from '../../pipeline/contract/metrics.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import { createFleet, type FleetOptions } from './fleet.ts';
import { createLayout } from './layout.ts';
import { readSlowly } from './page.fixture.ts';

const START = Date.UTC(2026, 2, 2, 6);
const options: FleetOptions = { gpus: 512, seed: 5, start_ms: START, interval_ms: 10_000, stories: 'none' };
const layout = createLayout(options.gpus, options.seed);
const metricsByName = new Map(
  METRICS.flatMap((metric, m) =>
    [...metric.exporter_names, ...(metric.fallback?.exporter_names ?? [])].map((name) => [name, m] as const),
  ),
);
const nodesBy = (id: string): string[] =>
  layout.nodes.filter((node) => node.dialect.id === id).map((node) => node.name);

describe('a page', () => {
  it.each(['1.x', '2.x', '3.x', '4.x', '4.5', '4.6'])('in dialect %s says what the scrape says', (id) => {
    expect(nodesBy(id).length).toBeGreaterThan(0);
    const fleet = createFleet(options);
    for (const name of nodesBy(id)) {
      const ts = START + 120_000;
      const page = fleet.exposition(name, ts, { timestamps: false }) as string;
      const scrape = fleet.scrape(name, ts) as Scrape;
      const rows = new Map(scrape.gpus.map((gpu) => [`${gpu.uuid} ${gpu.instance}`, gpu]));
      let blanks = 0;
      let seen = 0;
      for (const { name: metric, labels, value, stamp } of readSlowly(page)) {
        expect(stamp).toBeUndefined();
        if (metric === 'DCGM_EXP_XID_ERRORS_COUNT') continue;
        const m = metricsByName.get(metric) as number;
        const row = rows.get(`${labels.UUID ?? labels.uuid} ${labels.GPU_I_ID ?? ''}`);
        const spec = METRICS[m];
        const shown = row?.values[m] as number;
        if (Number.isNaN(shown)) {
          blanks++;
          continue;
        }
        seen++;
        const ratio =
          metric.endsWith('GPU_UTIL_RATIO') && layout.nodes.find((node) => node.name === name)?.dialect.util_as_ratio;
        expect(shown / (Number(value) * (ratio ? 1 : (spec?.scale ?? 0)) || 1)).toBeCloseTo(shown === 0 ? 0 : 1, 12);
      }
      expect(seen).toBeGreaterThan(scrape.gpus.length * 15);
      const repeats = scrape.gpus.some((gpu) => gpu.attribution.length > 1);
      if (!repeats) expect(blanks).toBe(scrape.blanks);
    }
  });

  it('is read by the collector as exactly the scrape, on every node', () => {
    const fleet = createFleet({ ...options, stories: 'default' });
    for (const node of layout.nodes) {
      const parser = new ExpositionParser();
      for (const ts of [START, START + 10_000, START + 7_200_000, START + 3 * 86_400_000]) {
        const page = fleet.exposition(node.name, ts, { timestamps: false });
        const scrape = fleet.scrape(node.name, ts);
        if (page === null || scrape === null) {
          expect([page, scrape]).toEqual([null, null]);
          continue;
        }
        const [read] = parser.parse(Buffer.from(page), { fallback_node: node.name, ts });
        expect(read?.node).toBe(scrape.node);
        expect(read?.gpus).toEqual(scrape.gpus);
        expect(read?.refusals).toEqual(scrape.refusals);
        if (!scrape.gpus.some((gpu) => gpu.attribution.length > 1)) expect(read?.blanks).toBe(scrape.blanks);
      }
    }
  });

  it('carries its time only when asked', () => {
    const name = nodesBy('4.x')[0] as string;
    const page = createFleet(options).exposition(name, START + 500, { timestamps: true }) as string;
    expect(new Set(readSlowly(page).map((sample) => sample.stamp))).toEqual(new Set([String(START + 500)]));
  });

  it.each([
    [
      'MIG instances have their own rows',
      (page: string) => /GPU_I_PROFILE="\dg\.\d+gb",GPU_I_ID="\d+"/.test(page) && !/DCGM_FI_DEV_GPU_UTIL[{]/.test(page),
    ],
    ['old exporters have lower-case names', (page: string) => /^dcgm_gpu_temp\{gpu="0",uuid="GPU-/m.test(page)],
    ['4.6 has hostname and new names', (page: string) => /^DCGM_FI_DEV_BOARD_POWER_WATTS\{.*hostname="/m.test(page)],
    ['some leak blanks', (page: string) => / (9223372036854775794|2147483632|140737488355328\.0+)$/m.test(page)],
    [
      'some have a space after the comma and no HELP',
      (page: string) => /\{gpu="0", UUID=/.test(page) && !page.includes('# HELP'),
    ],
    ['some have HELP apart', (page: string) => /^(# .*\n){4,}[A-Z]/m.test(page)],
    ['some have no XID row', (page: string) => page.includes('# HELP') && !/XID_ERROR|xid_errors/.test(page)],
    ['others have XID 0', (page: string) => /^DCGM_FI_DEV_XID_ERRORS\{.*\} 0$/m.test(page)],
    [
      'L4 boards have memory temperature 0',
      (page: string) => /^DCGM_FI_DEV_MEMORY_TEMP\w*\{.*NVIDIA L4".*\} 0$/m.test(page),
    ],
    ['shared GPUs are repeated', (page: string) => /pod="(\w|-)+-0".*\n.*pod="(\w|-)+-1"/.test(page)],
    ['Slurm jobs have a label', (page: string) => /hpc_job="\d+"/.test(page)],
    [
      'ECC is absent where only the stock counters are served',
      (page: string) => page.includes('DCGM_FI_DEV_FB_USED') && !page.includes('ECC_SBE'),
    ],
  ])('%s', (_, holds) => {
    const fleet = createFleet(options);
    const pages = fleet.node_names.map(
      (name) => fleet.exposition(name, START + 3_600_000, { timestamps: false }) ?? '',
    );
    const matching = pages.filter(holds).length;
    expect(matching).toBeGreaterThan(0);
    expect(matching).toBeLessThan(pages.length);
  });
});
