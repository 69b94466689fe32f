import { describe, expect, it } from 'vitest';
import { METRICS, metricIndex } from '../../pipeline/contract/metrics.ts';
import { createFleet, type FleetOptions } from './fleet.ts';
import { STORIES } from './stories/story-kinds.ts';

const START = Date.UTC(2026, 2, 2);
const DAY_MS = 86_400_000;
const options: FleetOptions = { gpus: 256, seed: 42, start_ms: START, interval_ms: 10_000 };

const told = (days: number, more: Partial<FleetOptions> = {}) => {
  const fleet = createFleet({ ...options, ...more });
  for (let ts = START; ts <= START + days * DAY_MS; ts += DAY_MS / 4)
    for (const node of fleet.node_names) fleet.scrape(node, ts);
  return { fleet, truth: fleet.truth(), now: START + days * DAY_MS };
};

describe('the default schedule', () => {
  it.each([1, 2, 3, 42, 1000])('has something to show after a week, and look-alikes (seed %d)', (seed) => {
    const { truth, now } = told(7, { seed });
    const open = truth.filter((story) => story.fault && story.until_ms > now);
    expect(truth.filter((story) => story.fault).length).toBeGreaterThan(12);
    expect(truth.filter((story) => !story.fault).length).toBeGreaterThan(12);
    expect(new Set(truth.filter((story) => story.fault).map((story) => story.category)).size).toBeGreaterThan(3);
    expect(open.length).toBeGreaterThan(1);
  });

  it('has a fault in the making at every moment', () => {
    const faults = told(8).truth.filter((story) => story.fault);
    for (let ts = START + 700_000; ts < START + 8 * DAY_MS; ts += 3_600_000) {
      expect(faults.some((story) => story.since_ms <= ts && ts < story.until_ms)).toBe(true);
    }
  });

  it('has one fault beginning in the first quarter of an hour', () => {
    const { truth } = told(0.25);
    expect(truth.some((story) => story.fault && story.since_ms - START < 900_000)).toBe(true);
  });

  it('draws another week from another seed, the same from the same', () => {
    expect(told(3).truth).toEqual(told(3).truth);
    expect(told(3).truth).not.toEqual(told(3, { seed: 43 }).truth);
  });

  it('grows more slowly than the fleet', () => {
    const faults = (gpus: number): number => told(4, { gpus }).truth.filter((story) => story.fault).length;
    const few = faults(256);
    const many = faults(4096);
    expect(many).toBeGreaterThan(2 * few);
    expect(many).toBeLessThan(10 * few);
  });

  it('tells nothing where none are wanted', () => {
    expect(told(2, { stories: 'none' }).truth).toEqual([]);
  });
});

describe('truth', () => {
  it('names every story kind once, with a description', () => {
    expect(new Set(STORIES.map(({ name }) => name)).size).toBe(STORIES.length);
    for (const { description } of STORIES) expect(description.length).toBeGreaterThan(30);
  });

  it('does not show in pages', () => {
    const { fleet, now } = told(5);
    const pages = fleet.node_names.map((node) => fleet.exposition(node, now, { timestamps: true }) ?? '').join('');
    for (const { name } of STORIES.filter((story) => story.name.includes('_'))) expect(pages).not.toContain(name);
    expect(pages).not.toMatch(/story|fault|inject/i);
  });

  it('does not show in scrapes: their fields are those of the contract', () => {
    const { fleet, now } = told(5);
    const scrape = fleet.scrape(fleet.node_names[0] as string, now);
    expect(Object.keys(scrape ?? {}).toSorted()).toEqual([
      'blanks',
      'boot_epoch',
      'gpus',
      'node',
      'refusals',
      'sequence',
      'ts',
      'unknown_metrics',
    ]);
    expect(Object.keys(scrape?.gpus[0] ?? {}).toSorted()).toEqual([
      'attribution',
      'instance',
      'model',
      'pci_bus_id',
      'serial',
      'slot',
      'ts',
      'uuid',
      'values',
      'xids',
    ]);
    expect(scrape?.gpus[0]?.values).toHaveLength(METRICS.length);
  });
});

describe('inject', () => {
  it('starts a story on a GPU at an instant', () => {
    const fleet = createFleet({ ...options, stories: 'none' });
    const uuid = fleet.gpuUuids()[3] as string;
    const node = fleet.node_names[0] as string;
    fleet.scrape(node, START);
    const begun = fleet.inject('sbe_slow_burn', uuid, START + 60_000);
    expect(begun).toMatchObject({
      story: 'sbe_slow_burn',
      fault: true,
      category: 'memory',
      nodes: [node],
      gpu_uuids: [uuid],
      since_ms: START + 60_000,
    });
    expect(fleet.truth()).toEqual([begun]);
    const sbe = (ts: number): number =>
      fleet.scrape(node, ts)?.gpus[3]?.values[metricIndex('ecc_sbe_aggregate_total')] as number;
    const before = sbe(START + 50_000);
    expect(sbe(begun.until_ms - 1_000)).toBeGreaterThan(before + 1_000_000);
  });

  it('leaves the schedule of all other stories as it was', () => {
    const plain = told(3).truth;
    const fleet = createFleet(options);
    fleet.inject('temp_stuck', fleet.gpuUuids()[9] as string, START + 1_000);
    for (let ts = START; ts <= START + 3 * DAY_MS; ts += DAY_MS / 4)
      for (const node of fleet.node_names) fleet.scrape(node, ts);
    const without = fleet.truth().filter((story) => story.since_ms !== START + 1_000);
    expect(without.map(({ id: _, ...story }) => story)).toEqual(plain.map(({ id: _, ...story }) => story));
  });

  it.each([
    ['no_such_story', 0, /no story/],
    ['idle', 'GPU-00000000-0000-0000-0000-000000000000', /no GPU/],
    ['nvlink_crc', 'l4', /cannot happen/],
  ])('refuses %s on %s', (story, who, message) => {
    const fleet = createFleet({ ...options, stories: 'none' });
    const l4 = fleet.node_names.findIndex((node) => node.startsWith('l4')) * 8;
    const uuid = typeof who === 'number' ? fleet.gpuUuids()[who] : who === 'l4' ? fleet.gpuUuids()[l4] : who;
    expect(() => fleet.inject(story, uuid as string, START)).toThrow(message);
    expect(fleet.truth()).toEqual([]);
  });
});
