import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Scrape, ScrapedGpu } from '../../pipeline/contract/scrape.ts';
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { STORIES } from './stories/story-kinds.ts';

const START = Date.UTC(2026, 2, 3);
const MINUTE_MS = 60_000;
const BEGIN = START + 60 * MINUTE_MS;
const END = BEGIN + 120 * MINUTE_MS;
const STEP_MS = 30_000;
const options: FleetOptions = { gpus: 64, seed: 11, start_ms: START, interval_ms: 10_000, stories: 'none' };

const HEAT: MetricName[] = ['gpu_temp_celsius', 'memory_temp_celsius', 'temp_margin_celsius'];
const SLOWED: MetricName[] = [
  'power_watts',
  'energy_joules_total',
  'sm_clock_mhz',
  'throttle_reasons',
  'power_violation_ns_total',
  'thermal_violation_ns_total',
];
const RESET: MetricName[] = [
  'energy_joules_total',
  'power_violation_ns_total',
  'thermal_violation_ns_total',
  'ecc_sbe_volatile_total',
  'pcie_replay_total',
];
const ERRORS: MetricName[] = METRICS.filter(({ name }) =>
  /ecc|retired|remap|nvlink_.*errors|replay_total|recovery_action/.test(name),
).map(({ name }) => name);
const WORK: MetricName[] = METRICS.filter(
  ({ name }) =>
    !ERRORS.includes(name) &&
    !['power_limit_watts', 'xid_last', 'pcie_max_link_gen', 'pcie_max_link_width', 'fb_reserved_bytes'].includes(name),
).map(({ name }) => name);
const NVLINK: MetricName[] = [
  'nvlink_crc_flit_errors_total',
  'nvlink_crc_data_errors_total',
  'nvlink_replay_errors_total',
  'nvlink_recovery_errors_total',
];
const TRAFFIC: MetricName[] = [
  'nvlink_tx_bytes_per_second',
  'nvlink_rx_bytes_per_second',
  'nvlink_bandwidth_mb_per_second',
];
const PROF: MetricName[] = [
  'gr_engine_active_ratio',
  'sm_active_ratio',
  'sm_occupancy_ratio',
  'tensor_active_ratio',
  'dram_active_ratio',
];
const SBE: MetricName[] = ['ecc_sbe_volatile_total', 'ecc_sbe_aggregate_total'];

/** What must change on the GPU, what may, and whether the other boards of the node are part of it. */
interface Expectation {
  readonly must: readonly MetricName[];
  readonly may?: readonly MetricName[];
  readonly peers?: true;
  readonly elsewhere?: true;
}
// biome-ignore format: a table
const EXPECTED: Readonly<Record<string, Expectation>> = {
  sbe_slow_burn: { must: [...SBE, 'remapped_rows_correctable_total'] },
  dbe_row_remap: { must: ['ecc_dbe_volatile_total', 'ecc_dbe_aggregate_total', 'row_remap_pending', 'recovery_action', 'xid_last'] },
  row_remap_failure: { must: [...SBE, 'ecc_dbe_volatile_total', 'ecc_dbe_aggregate_total', 'row_remap_failed', 'recovery_action', 'xid_last'] },
  page_retirement: { must: [...SBE, 'retired_pages_sbe_total', 'retired_pages_dbe_total', 'retired_pages_pending', 'xid_last'] },
  cold_plate_decay: { must: ['gpu_temp_celsius', 'memory_temp_celsius', 'thermal_violation_ns_total', 'throttle_reasons', 'sm_clock_mhz'], may: [...HEAT, ...SLOWED] },
  fan_decay: { must: ['gpu_temp_celsius', 'memory_temp_celsius'], may: [...HEAT, ...WORK], peers: true },
  dust: { must: ['gpu_temp_celsius', 'memory_temp_celsius'], may: [...HEAT, ...WORK], peers: true },
  paste_pump_out: { must: ['gpu_temp_celsius', 'thermal_violation_ns_total', 'throttle_reasons'], may: [...HEAT, ...SLOWED] },
  hot_inlet: { must: ['gpu_temp_celsius', 'memory_temp_celsius'], may: [...HEAT, ...SLOWED], peers: true, elsewhere: true },
  power_brake: { must: ['sm_clock_mhz', 'power_watts', 'throttle_reasons', 'board_limit_violation_ns_total'], may: [...HEAT, ...SLOWED] },
  psu_droop: { must: ['sm_clock_mhz', 'power_watts', 'throttle_reasons', 'board_limit_violation_ns_total'], may: [...HEAT, ...WORK], peers: true },
  power_cap: { must: ['power_limit_watts', 'sm_clock_mhz', 'power_watts'], may: [...HEAT, ...SLOWED] },
  pcie_downtrain: { must: ['pcie_replay_total'], may: ['pcie_link_gen', 'pcie_link_width', 'pcie_tx_bytes_per_second', 'pcie_rx_bytes_per_second'] },
  pcie_replays: { must: ['pcie_replay_total'] },
  fallen_off_bus: { must: ['xid_last', 'recovery_action'] },
  nvlink_crc: { must: [...NVLINK, 'xid_last'] },
  nvlink_down: { must: ['nvlink_recovery_errors_total', ...TRAFFIC, 'xid_last'] },
  nvswitch_domain: { must: [...NVLINK, ...TRAFFIC, 'xid_last'], peers: true },
  gsp_hang: { must: ['xid_last', 'recovery_action', 'power_watts', 'gpu_util_ratio', 'sm_clock_mhz'], may: METRICS.map(({ name }) => name) },
  driver_hang: { must: [], peers: true },
  exporter_frozen: { must: ['power_watts', 'energy_joules_total', 'sm_active_ratio'], may: METRICS.map(({ name }) => name), peers: true },
  prof_stuck_zero: { must: [...PROF, 'xid_last'], may: [...TRAFFIC, 'pcie_tx_bytes_per_second', 'pcie_rx_bytes_per_second'] },
  temp_stuck: { must: ['gpu_temp_celsius'], may: ['temp_margin_celsius'] },
  util_garbage: { must: ['gpu_util_ratio'] },
  straggler: { must: ['sm_clock_mhz', 'power_watts'], may: WORK, peers: true },
  job_change: { must: ['fb_used_bytes', 'power_watts', 'sm_active_ratio'], may: WORK },
  idle: { must: ['fb_used_bytes', 'power_watts', 'sm_clock_mhz', 'throttle_reasons', 'gpu_util_ratio'], may: WORK },
  hot_afternoon: { must: ['gpu_temp_celsius', 'memory_temp_celsius'], may: [...HEAT, ...SLOWED], peers: true, elsewhere: true },
  driver_reload: { must: [], peers: true },
  reboot: { must: [], peers: true },
  application_xid: { must: ['xid_last', 'gpu_util_ratio'], may: WORK },
  power_capped_training: { must: ['sm_active_ratio', 'fb_used_bytes'], may: WORK, peers: true },
  checkpoint_bursts: { must: ['pcie_tx_bytes_per_second', 'gpu_util_ratio'], may: WORK, peers: true },
};

const sampleOf = (scrape: Scrape | null, uuid: string): ScrapedGpu | undefined =>
  scrape?.gpus.find((gpu) => gpu.uuid === uuid);

/** A GPU of a plainly exporting H100 node that trains from before the story until after it. */
const chosen = ((): { gpu: number; node: string; uuid: string } => {
  const fleet = createFleet({ ...options, gpus: 256 });
  const busy = new Map<number, number>();
  for (let ts = BEGIN - 10 * MINUTE_MS; ts < END + 60 * MINUTE_MS; ts += 10 * MINUTE_MS) {
    fleet.node_names.forEach((node, n) => {
      if (!node.startsWith('h100')) return;
      fleet.scrape(node, ts)?.gpus.forEach((gpu, slot) => {
        const { values } = gpu;
        const loaded =
          (values[metricIndex('sm_active_ratio')] as number) > 0.5 &&
          (values[metricIndex('nvlink_tx_bytes_per_second')] as number) > 0;
        const xid_row = !Number.isNaN(values[metricIndex('xid_last')] as number);
        if (loaded && xid_row && slot === 5) busy.set(n * 8 + slot, (busy.get(n * 8 + slot) ?? 0) + 1);
      });
    });
  }
  const gpu = [...busy].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] as number;
  return { gpu, node: fleet.node_names[gpu >> 3] as string, uuid: fleet.gpuUuids()[gpu] as string };
})();

const fleetWith = (story?: string): Fleet =>
  createFleet({
    ...options,
    gpus: 256,
    stories: story ? [{ story, gpu: chosen.gpu, at_ms: BEGIN, duration_ms: END - BEGIN }] : 'none',
  });

/** Metrics in which two samples differ, as names. */
function differences(a: ScrapedGpu, b: ScrapedGpu, into: Set<MetricName>): void {
  METRICS.forEach((metric, m) => {
    if (!Object.is(a.values[m], b.values[m])) into.add(metric.name);
  });
}

describe.each(STORIES)('story $name', ({ name, category }) => {
  const expected = EXPECTED[name] as Expectation;
  const told = fleetWith(name);
  const quiet = fleetWith();
  const far = quiet.node_names.find((node) => node.startsWith('a100')) as string;
  const own = new Set<MetricName>();
  const peers = new Set<MetricName>();
  const elsewhere = new Set<MetricName>();
  let silent = 0;
  let lost = 0;
  const rising: MetricName[] = [];

  it('changes what it should and nothing else', () => {
    for (let ts = START; ts < END; ts += STEP_MS) {
      const base = quiet.scrape(chosen.node, ts) as Scrape;
      const now = told.scrape(chosen.node, ts);
      const changed = new Set<MetricName>();
      const look = (ts - START) % 300_000 === 0;
      const farther = (look ? told.scrape(far, ts)?.gpus : null) ?? [];
      ((look ? quiet.scrape(far, ts)?.gpus : null) ?? []).forEach((gpu, k) => {
        differences(gpu, farther[k] as ScrapedGpu, elsewhere);
      });
      if (now === null) {
        silent++;
        continue;
      }
      for (const gpu of base.gpus) {
        const other = sampleOf(now, gpu.uuid);
        if (!other) {
          expect(gpu.uuid).toBe(chosen.uuid);
          lost++;
        } else {
          differences(gpu, other, gpu.uuid === chosen.uuid ? own : peers);
          differences(gpu, other, changed);
          for (const error of ERRORS) {
            const m = metricIndex(error);
            if ((other.values[m] as number) > (gpu.values[m] as number) && !rising.includes(error)) rising.push(error);
          }
        }
      }
      if (ts < BEGIN) expect([...changed, ...elsewhere]).toEqual([]);
    }
    expect([...own]).toEqual(expect.arrayContaining([...expected.must]));
    const allowed = new Set([...expected.must, ...(expected.may ?? [])]);
    expect([...own].filter((metric) => !allowed.has(metric))).toEqual([]);
    if (!expected.peers) expect([...peers]).toEqual([]);
    if (!expected.elsewhere) expect([...elsewhere]).toEqual([]);
  });

  it('is silent, loses its GPU or raises error counters only if that is the story', () => {
    expect(silent > 0).toBe(
      ['fallen_off_bus', 'nvswitch_domain', 'gsp_hang', 'driver_hang', 'driver_reload', 'reboot'].includes(name),
    );
    expect(lost > 0).toBe(name === 'fallen_off_bus');
    if (category === 'benign' || ['thermal', 'power', 'driver', 'straggler'].includes(category)) {
      expect(rising.filter((metric) => metric !== 'recovery_action' || category === 'benign')).toEqual([]);
    }
  });

  it('ends', () => {
    for (let ts = END; ts < END + 40 * MINUTE_MS; ts += STEP_MS) {
      quiet.scrape(chosen.node, ts);
      told.scrape(chosen.node, ts);
    }
    const after = new Set<MetricName>();
    const base = quiet.scrape(chosen.node, END + 40 * MINUTE_MS) as Scrape;
    const now = told.scrape(chosen.node, END + 40 * MINUTE_MS) as Scrape;
    expect(now.gpus.map((gpu) => gpu.uuid)).toEqual(base.gpus.map((gpu) => gpu.uuid));
    for (const gpu of base.gpus) differences(gpu, sampleOf(now, gpu.uuid) as ScrapedGpu, after);
    const levels = [...after].filter((metric) => METRICS[metricIndex(metric)]?.kind !== 'counter');
    expect(levels).toEqual(name === 'application_xid' ? ['xid_last'] : []);
  });
});

describe('the course of a story', () => {
  const column = (story: string, metric: MetricName): number[] => {
    const fleet = fleetWith(story);
    const out: number[] = [];
    for (let ts = START; ts < END; ts += STEP_MS)
      out.push(sampleOf(fleet.scrape(chosen.node, ts), chosen.uuid)?.values[metricIndex(metric)] ?? Number.NaN);
    return out;
  };

  it('burns slowly to a storm of 17,700 a second', () => {
    const counts = column('sbe_slow_burn', 'ecc_sbe_volatile_total');
    const last = (counts.at(-1) as number) - (counts.at(-2) as number);
    expect(last / 30).toBeGreaterThan(14_000);
    expect(last / 30).toBeLessThan(17_800);
    expect((counts[140] as number) - (counts[120] as number)).toBeLessThan(100);
  });

  it('shows XID 48, 63 and 94 around an uncorrectable error, and 79 before a board is gone', () => {
    expect(new Set(column('dbe_row_remap', 'xid_last'))).toContain(94);
    expect(column('fallen_off_bus', 'xid_last').slice(119, 124)).toEqual([0, 79, Number.NaN, Number.NaN, Number.NaN]);
  });

  it('throttles by software first, by hardware when that is not enough', () => {
    const bits = column('cold_plate_decay', 'throttle_reasons');
    const software = bits.findIndex((b) => (b & 32) !== 0);
    const hardware = bits.findIndex((b) => (b & 64) !== 0);
    expect(software).toBeGreaterThan(121);
    expect(hardware).toBeGreaterThan(software);
  });

  it('drops the clocks of a straggler by 8 %', () => {
    const fleet = fleetWith('straggler');
    for (let ts = START; ts < BEGIN + 30 * MINUTE_MS; ts += STEP_MS) fleet.scrape(chosen.node, ts);
    const clocks = (fleet.scrape(chosen.node, BEGIN + 30 * MINUTE_MS) as Scrape).gpus.map((gpu) => ({
      own: gpu.uuid === chosen.uuid,
      mhz: gpu.values[metricIndex('sm_clock_mhz')] as number,
    }));
    const peers = clocks.filter(({ own }) => !own).map(({ mhz }) => mhz);
    const mean = peers.reduce((sum, mhz) => sum + mhz, 0) / peers.length;
    expect((clocks.find(({ own }) => own)?.mhz as number) / mean).toBeGreaterThan(0.88);
    expect((clocks.find(({ own }) => own)?.mhz as number) / mean).toBeLessThan(0.96);
  });

  it('resets volatile counters and energy with the driver', () => {
    for (const story of ['driver_reload', 'reboot']) {
      const fleet = fleetWith(story);
      const before = sampleOf(fleet.scrape(chosen.node, BEGIN - STEP_MS), chosen.uuid) as ScrapedGpu;
      const after = sampleOf(fleet.scrape(chosen.node, END + STEP_MS), chosen.uuid) as ScrapedGpu;
      for (const metric of RESET)
        expect(after.values[metricIndex(metric)] as number).toBeLessThanOrEqual(
          before.values[metricIndex(metric)] as number,
        );
      expect(after.values[metricIndex('energy_joules_total')] as number).toBeLessThan(30_000);
    }
  });
});
