import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { ScrapedGpu } from '../../pipeline/contract/scrape.ts';
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { GPU_MODELS, type GpuModel } from './gpu-models.ts';
import { history } from './history.ts';

const START = Date.UTC(2026, 2, 2);
const HOUR_MS = 3_600_000;
const options: FleetOptions = { gpus: 256, seed: 42, start_ms: START, interval_ms: 10_000 };
const value = (gpu: ScrapedGpu, name: MetricName): number => gpu.values[metricIndex(name)] as number;
const modelOf = (gpu: ScrapedGpu): GpuModel =>
  Object.values(GPU_MODELS).find((model) => model.name === gpu.model) as GpuModel;

function* readings(fleet: Fleet, hours: number, step_ms: number): Generator<ScrapedGpu> {
  for (let ts = START; ts < START + hours * HOUR_MS; ts += step_ms) {
    for (const node of fleet.node_names) yield* fleet.scrape(node, ts)?.gpus ?? [];
  }
}

describe('determinism', () => {
  const bytes = (seed: number): string => {
    const fleet = createFleet({ ...options, gpus: 64, seed });
    let text = '';
    for (let ts = START; ts < START + HOUR_MS; ts += 600_000) {
      for (const node of fleet.node_names) text += fleet.exposition(node, ts, { timestamps: true }) ?? 'silent';
    }
    return text;
  };

  it('gives the same bytes for the same seed and others for another', () => {
    const [one, again, other] = [bytes(1), bytes(1), bytes(2)];
    expect(one === again).toBe(true);
    expect(one === other).toBe(false);
  });

  it('does not depend on the order in which nodes are read, nor on a story far away', () => {
    const forward = createFleet(options);
    const backward = createFleet(options);
    const instants = Array.from({ length: 40 }, (_, k) => START + k * HOUR_MS);
    const one = instants.map((ts) => forward.node_names.map((node) => forward.scrape(node, ts)));
    const other = new Map(
      backward.node_names.toReversed().map((node) => [node, instants.map((ts) => backward.scrape(node, ts))]),
    );
    one.forEach((scrapes, k) => {
      scrapes.forEach((scrape, n) => {
        expect(other.get(forward.node_names[n] as string)?.[k]).toEqual(scrape);
      });
    });
    expect(backward.truth()).toEqual(forward.truth());
  });

  it('stays where it is when asked for the past', () => {
    const fleet = createFleet({ ...options, stories: 'none' });
    const node = fleet.node_names[0] as string;
    const now = fleet.scrape(node, START + HOUR_MS);
    const again = fleet.scrape(node, START);
    expect(again?.gpus.map((gpu) => gpu.values)).toEqual(now?.gpus.map((gpu) => gpu.values));
  });
});

describe('physics of the fleet', () => {
  it('integrates power into energy', () => {
    const fleet = createFleet({ ...options, stories: 'none' });
    const last = new Map<string, { watts: number; joules: number; integral: number; first: number }>();
    for (const gpu of readings(fleet, 12, 60_000)) {
      const key = gpu.uuid + gpu.instance;
      const watts = value(gpu, 'power_watts');
      const joules = value(gpu, 'energy_joules_total');
      if (Number.isNaN(watts + joules)) continue;
      const before = last.get(key) ?? { watts, joules, integral: 0, first: joules };
      const seconds = last.has(key) ? 60 : 0;
      last.set(key, {
        watts,
        joules,
        first: before.first,
        integral: before.integral + ((watts + before.watts) / 2) * seconds,
      });
    }
    expect(last.size).toBeGreaterThan(200);
    for (const { joules, first, integral } of last.values()) expect((joules - first) / integral).toBeCloseTo(1, 5);
  });

  it('keeps every value inside the catalogue and what the board can do', () => {
    let rows = 0;
    for (const gpu of readings(createFleet({ ...options, stories: 'none' }), 48, 600_000)) {
      rows++;
      const model = modelOf(gpu);
      METRICS.forEach((metric, m) => {
        const x = gpu.values[m] as number;
        if (x < metric.min || x > metric.max) throw new Error(`${metric.name} ${x} on ${gpu.model}`);
      });
      const watts = value(gpu, 'power_watts');
      const die_c = value(gpu, 'gpu_temp_celsius');
      const memory =
        (value(gpu, 'fb_used_bytes') + value(gpu, 'fb_free_bytes') + value(gpu, 'fb_reserved_bytes')) / 2 ** 20;
      const wrong =
        watts > model.power_limit_watts * 1.12 ||
        watts < model.idle_watts * 0.9 ||
        die_c >= model.slowdown_c ||
        die_c <= 18 ||
        (gpu.instance === '' && !Number.isNaN(memory) && memory !== model.memory_mib);
      if (wrong) throw new Error(`${gpu.model}: ${watts} W, ${die_c} C, ${memory} MiB`);
      if (model.hbm !== null && value(gpu, 'memory_temp_celsius') < value(gpu, 'gpu_temp_celsius') - 1) {
        throw new Error('HBM is colder than its die');
      }
      const bits = value(gpu, 'throttle_reasons');
      if (!Number.isNaN(bits) && ![0, 1, 2, 4, 6].includes(bits)) throw new Error(`throttle bits ${bits}`);
    }
    expect(rows).toBeGreaterThan(256 * 280);
  });

  it('tells idle, held and capped boards apart', () => {
    const seen = { idle: 0, held: 0, capped: 0 };
    for (const gpu of readings(createFleet({ ...options, stories: 'none' }), 24, 300_000)) {
      const model = modelOf(gpu);
      const bits = value(gpu, 'throttle_reasons');
      if (Number.isNaN(bits) || gpu.instance !== '') continue;
      const watts = value(gpu, 'power_watts');
      const free = gpu.attribution.length === 0;
      expect((bits & 1) === 1).toBe(free);
      if (free) {
        seen.idle++;
        expect(value(gpu, 'sm_clock_mhz')).toBe(model.idle_clock_mhz);
        expect(watts).toBeLessThan(model.held_watts);
        expect(value(gpu, 'gpu_util_ratio')).toBe(0);
      } else if (bits & 4) {
        seen.capped++;
        expect(watts / model.power_limit_watts).toBeGreaterThan(0.9);
        expect(value(gpu, 'sm_clock_mhz')).toBeLessThan(model.boost_clock_mhz);
      } else if (value(gpu, 'gpu_util_ratio') === 0) {
        seen.held++;
        expect(watts).toBeGreaterThan(model.held_watts * 0.9);
      }
    }
    expect(Math.min(seen.idle, seen.held, seen.capped)).toBeGreaterThan(1000);
  });

  it('warms a die in its time constant, not at once', () => {
    const fleet = createFleet({
      ...options,
      gpus: 8,
      stories: [
        { story: 'idle', gpu: 0, at_ms: START, duration_ms: HOUR_MS },
        { story: 'power_capped_training', gpu: 0, at_ms: START + HOUR_MS, duration_ms: HOUR_MS },
      ],
    });
    const node = fleet.node_names[0] as string;
    const temperature = (ts: number): number =>
      value(fleet.scrape(node, ts)?.gpus[0] as ScrapedGpu, 'gpu_temp_celsius');
    const cold = temperature(START + HOUR_MS - 1000);
    const rising: number[] = [];
    for (let ts = START + HOUR_MS; ts < START + HOUR_MS + 1_500_000; ts += 4_000) rising.push(temperature(ts));
    const warm = Math.max(...rising);
    const loaded = rising.findIndex((t) => t > cold + 5);
    const reached = rising.findIndex((t) => t >= cold + (warm - cold) * 0.63);
    expect(warm - cold).toBeGreaterThan(20);
    expect((reached - loaded) * 4).toBeGreaterThan(12);
    expect((reached - loaded) * 4).toBeLessThan(60);
  });
});

describe('history', () => {
  it('gives every instant in order and leaves the fleet where live time continues', async () => {
    const past = createFleet({ ...options, gpus: 64 });
    const seen: number[] = [];
    for await (const instant of history(past, START, START + HOUR_MS, 120_000)) {
      expect(new Set(instant.map((scrape) => scrape.ts)).size).toBe(1);
      expect(instant.length).toBe(past.node_names.length);
      seen.push(instant[0]?.ts as number);
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, k) => START + k * 120_000));
    const straight = createFleet({ ...options, gpus: 64 });
    const node = straight.node_names[2] as string;
    for (let ts = START; ts < START + HOUR_MS; ts += 120_000) straight.scrape(node, ts);
    expect(past.scrape(node, START + HOUR_MS)).toEqual(straight.scrape(node, START + HOUR_MS));
  });
});

describe('a node first met late', () => {
  it('has lived until then: counters have run and what stories left behind is there', () => {
    const stories = [
      { story: 'dbe_row_remap', gpu: 2, at_ms: START + 40 * HOUR_MS, duration_ms: 10 * HOUR_MS },
    ] as const;
    const read = (fleet: Fleet, ts: number): ScrapedGpu =>
      fleet.scrape(fleet.node_names[0] as string, ts)?.gpus[2] as ScrapedGpu;
    const lived = createFleet({ ...options, stories });
    const begun = value(read(lived, START), 'energy_joules_total');
    for (let ts = START; ts < START + 48 * HOUR_MS; ts += 120_000) read(lived, ts);
    const whole = read(lived, START + 48 * HOUR_MS);
    const late = read(createFleet({ ...options, stories }), START + 48 * HOUR_MS);
    const ran = (gpu: ScrapedGpu): number => value(gpu, 'energy_joules_total') - begun;
    expect(ran(late) / ran(whole)).toBeGreaterThan(0.9);
    expect(ran(late) / ran(whole)).toBeLessThan(1.1);
    for (const metric of ['row_remap_pending', 'xid_last', 'ecc_dbe_volatile_total', 'recovery_action'] as const) {
      expect(value(whole, metric)).toBeGreaterThan(0);
      expect(value(late, metric)).toBe(value(whole, metric));
    }
  });
});

describe('size', () => {
  it('makes 100,000 GPUs in seconds and without much memory', () => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const fleet = createFleet({ ...options, gpus: 100_000 });
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(fleet.scrape(fleet.node_names.at(-1) as string, START)?.gpus).toHaveLength(8);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(600);
  });

  it.each([8, 12, 100, 1000])('gives %d GPUs, each with its own name', (gpus) => {
    const fleet = createFleet({ ...options, gpus, stories: 'none' });
    const uuids = fleet.gpuUuids();
    expect(new Set(uuids).size).toBe(gpus);
    expect(new Set(fleet.node_names).size).toBe(Math.ceil(gpus / 8));
    const seen = new Set(
      fleet.node_names.flatMap((node) => fleet.scrape(node, START)?.gpus.map((gpu) => gpu.uuid) ?? []),
    );
    expect([...seen].toSorted()).toEqual(uuids.toSorted());
  });

  it('refuses a fleet of nothing', () => {
    expect(() => createFleet({ ...options, gpus: 0 })).toThrow(/0 GPUs/);
  });
});
