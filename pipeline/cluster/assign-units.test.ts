import { describe, expect, it } from 'vitest';
import { GROUPS } from '../contract/ids.ts';
import { assignUnits, FLEET_UNIT } from './assign-units.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `worker-${i}`);

function loads(plan: readonly (string | null)[]): number[] {
  const count = new Map<string, number>();
  for (const worker of plan.slice(0, GROUPS)) count.set(worker ?? '', (count.get(worker ?? '') ?? 0) + 1);
  return [...count.values()];
}

describe('a plan', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 16, 33, 63, 64])('gives %i workers shares that differ by one at most', (count) => {
    const plan = assignUnits(names(count));
    expect(plan.every((worker) => worker !== null)).toBe(true);
    const shares = loads(plan);
    expect(shares.length).toBe(count);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
  });
  it('depends on the set of names only', () => {
    expect(assignUnits(['b', 'a', 'c', 'a'])).toEqual(assignUnits(['c', 'b', 'a']));
  });
  it('knows nobody when nobody is there', () => {
    expect(assignUnits([])).toEqual(new Array(GROUPS + 1).fill(null));
  });
  it.each([1, 2, 3, 4, 7, 15])('moves few groups when a worker joins %i', (count) => {
    const [before, after] = [assignUnits(names(count)), assignUnits(names(count + 1))];
    const moved = before.slice(0, GROUPS).filter((worker, group) => worker !== after[group]).length;
    // A share has to move; bounded loads push a few more around.
    expect(moved).toBeLessThanOrEqual(3 * Math.ceil(GROUPS / (count + 1)));
    expect(moved).toBeGreaterThan(0);
  });
  it('gives the fleet to different workers in different clusters', () => {
    const owners = Array.from({ length: 40 }, (_, i) => assignUnits([`x${i}`, `y${i}`])[FLEET_UNIT]?.[0]);
    expect(new Set(owners)).toEqual(new Set(['x', 'y']));
  });
});
