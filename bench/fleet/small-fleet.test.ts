import { describe, expect, it } from 'vitest';
import { createFleet } from './fleet.ts';
import { STORIES } from './stories/story-kinds.ts';

const START = Date.UTC(2026, 2, 2);
const DAY_MS = 86_400_000;

describe.each([1, 2, 7, 9])('a fleet of %i', (gpus) => {
  it('has so many GPUs, each with readings, through days with and without stories', () => {
    for (const stories of ['default', 'none'] as const) {
      const fleet = createFleet({ gpus, seed: 42, start_ms: START, interval_ms: 10_000, stories });
      expect(fleet.node_names).toHaveLength(Math.ceil(gpus / 8));
      const seen = new Set<string>();
      for (let ts = START; ts < START + 3 * DAY_MS; ts += 600_000) {
        for (const node of fleet.node_names) {
          for (const { uuid, values } of fleet.scrape(node, ts)?.gpus ?? []) {
            seen.add(uuid);
            expect(values.some((value) => !Number.isNaN(value))).toBe(true);
          }
        }
      }
      expect([...seen].toSorted()).toEqual(fleet.gpuUuids().toSorted());
      expect(fleet.truth().length > 0).toBe(stories === 'default');
    }
  });

  it('takes every story on its last GPU, or says why not', () => {
    for (const { name } of STORIES) {
      const fleet = createFleet({ gpus, seed: 42, start_ms: START, interval_ms: 10_000, stories: 'none' });
      const uuid = fleet.gpuUuids().at(-1) as string;
      try {
        expect(fleet.inject(name, uuid, START).gpu_uuids).toContain(uuid);
      } catch (error) {
        expect(error, name).toMatchObject({ code: expect.stringMatching(/^GV-/) });
      }
      for (let ts = START; ts < START + 3_600_000; ts += 60_000) {
        for (const node of fleet.node_names) fleet.exposition(node, ts, { timestamps: false });
      }
    }
  });
});
