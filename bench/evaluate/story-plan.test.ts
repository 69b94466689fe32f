import { describe, expect, it } from 'vitest';
import { days, minutes } from '../../pipeline/contract/time.ts';
import { createFleet } from '../fleet/fleet.ts';
import { STORY_KINDS } from '../fleet/stories/story-kinds.ts';
import type { StoryTruth } from '../fleet/story-schedule.ts';
import { planStories, storyInstances } from './story-plan.ts';

const START_MS = Date.UTC(2026, 0, 5);
const planned = (gpus: number, length: number, seed: number) => {
  const options = { gpus, seed, start_ms: START_MS, days: length, instances: storyInstances(gpus) };
  const plan = planStories(options);
  const fleet = createFleet({ gpus, seed, start_ms: START_MS, interval_ms: 30_000, stories: plan.specs });
  for (const node of fleet.node_names) fleet.scrape(node, START_MS + days(length));
  return { plan, truth: fleet.truth(), nodes: fleet.node_names.length };
};
const overlap = (a: StoryTruth, b: StoryTruth): boolean => a.since_ms < b.until_ms && b.since_ms < a.until_ms;

describe.each([
  [256, 0.25, 1],
  [256, 0.25, 2],
  [1_024, 4, 3],
  [2_048, 5, 1],
])('%d GPUs for %d days, seed %d', (gpus, length, seed) => {
  const { plan, truth, nodes } = planned(gpus, length, seed);

  it('tells every story, faults as often as wished', () => {
    expect(new Set(truth.map(({ story }) => story))).toEqual(new Set(STORY_KINDS.map(({ name }) => name)));
    expect(Object.keys(plan.unplaced)).toEqual([]);
  });

  it('keeps everything inside the run, with time to learn before', () => {
    for (const { since_ms, until_ms } of truth) {
      expect(since_ms).toBeGreaterThanOrEqual(START_MS + minutes(60));
      expect(until_ms).toBeLessThan(START_MS + days(length));
    }
  });

  it('gives each fault GPUs of its own, and a node one story at a time', () => {
    const local = truth.filter(({ scope }) => scope !== 'fleet');
    local.forEach((a, i) => {
      for (const b of local.slice(i + 1)) {
        const same_node = a.nodes.some((node) => b.nodes.includes(node));
        if (same_node) expect(overlap(a, b), `${a.story} and ${b.story}`).toBe(false);
        if (same_node) expect(a.fault).toBe(b.fault);
        if (a.fault && b.fault) expect(a.gpu_uuids.some((uuid) => b.gpu_uuids.includes(uuid))).toBe(false);
      }
    });
  });

  it('leaves a third of the nodes alone', () => {
    const touched = new Set(truth.filter(({ scope }) => scope !== 'fleet').flatMap((one) => one.nodes));
    expect(touched.size).toBeLessThan(nodes * 0.67);
  });
});

it('follows from the seed', () => {
  expect(planned(256, 0.25, 5).plan).toEqual(planned(256, 0.25, 5).plan);
  expect(planned(256, 0.25, 5).plan).not.toEqual(planned(256, 0.25, 6).plan);
});
