import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { targetOwner } from './target-owner.ts';

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 });
const keys = fc.uniqueArray(fc.webUrl(), { minLength: 1, maxLength: 50 });
const plan = (targets: readonly string[], members: readonly string[]): (string | null)[] =>
  targets.map((key) => targetOwner(key, members));

describe('the owner of a target', () => {
  it('is one of those that are there, in whatever order they are named', () => {
    fc.assert(
      fc.property(keys, names, (targets, members) => {
        const owners = plan(targets, members);
        expect(owners.every((owner) => owner !== null && members.includes(owner))).toBe(true);
        expect(plan(targets, members.toReversed())).toEqual(owners);
        expect(plan(targets, [...members, ...members])).toEqual(owners);
      }),
      { seed: 7 },
    );
  });
  it('changes with the one that goes, or comes, and only for its own targets', () => {
    fc.assert(
      fc.property(keys, names, fc.nat(), (targets, members, at) => {
        const one = members[at % members.length];
        const rest = members.filter((name) => name !== one);
        const [all, without] = [plan(targets, members), plan(targets, rest)];
        targets.forEach((_, t) => {
          if (all[t] !== one) expect(without[t]).toBe(all[t]);
          else expect(without[t]).not.toBe(one);
        });
      }),
      { seed: 7 },
    );
  });
  it('is nobody while nobody is there', () => {
    expect(targetOwner('http://a:9400/metrics', [])).toBeNull();
  });
  it.each([2, 3, 5, 8])('is each of %i collectors about equally often', (count) => {
    const members = Array.from({ length: count }, (_, n) => `collector-${n}`);
    const shares = new Map<string | null, number>();
    for (let n = 0; n < 4_000; n++) {
      const owner = targetOwner(`http://10.1.${n >> 8}.${n & 255}:9400/metrics`, members);
      shares.set(owner, (shares.get(owner) ?? 0) + 1);
    }
    expect(shares.size).toBe(count);
    // Five standard deviations of a fair draw.
    const most = 5 * Math.sqrt(4_000 / count);
    for (const share of shares.values()) expect(Math.abs(share - 4_000 / count)).toBeLessThan(most);
  });
});
