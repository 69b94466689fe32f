/** Events, each counting half after every `half_life`: per key how many, and how many are there that could have one. */
export interface DecayedCounts {
  add(key: number, at: number): void;
  enter(key: number): void;
  leave(key: number): void;
  /** Events per member and day at `at`, as if the rate had always been this; NaN without a member. */
  rate(key: number, at: number): number;
}

export function decayedCounts(half_life_days: number): DecayedCounts {
  const counts = new Map<number, { count: number; at: number; members: number }>();
  const of = (key: number): { count: number; at: number; members: number } => {
    let one = counts.get(key);
    if (one === undefined) {
      one = { count: 0, at: 0, members: 0 };
      counts.set(key, one);
    }
    return one;
  };
  const decayed = (one: { count: number; at: number }, at: number): number =>
    one.count === 0 ? 0 : one.count * 2 ** ((one.at - at) / half_life_days);
  const days = half_life_days / Math.LN2;
  return {
    add(key, at) {
      const one = of(key);
      one.count = decayed(one, at) + 1;
      one.at = at;
    },
    enter(key) {
      of(key).members++;
    },
    leave(key) {
      of(key).members--;
    },
    rate(key, at) {
      const one = counts.get(key);
      return one === undefined || one.members === 0 ? Number.NaN : decayed(one, at) / (days * one.members);
    },
  };
}
