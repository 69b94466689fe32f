import { type DurationMs, days, hours, minutes } from '../../pipeline/contract/time.ts';
import type { StoryTruth } from '../fleet/story-schedule.ts';

/**
 * Whose an instant of a GPU is:
 * `fault` a story that touches it is going on, or has just ended;
 * `beside` none is, but its node has a fault at some time of the run: what is told there is nobody's and counts for nothing;
 * `look_alike` something harmless that looks like trouble is going on, or has just ended;
 * `clean` all else.
 */
export type Bucket =
  | { readonly kind: 'fault' | 'look_alike'; readonly truth: StoryTruth }
  | { readonly kind: 'beside' | 'clean' };

export interface TruthOptions {
  /** How long after a fault's end an anomaly may still be told for it. */
  readonly grace: DurationMs;
  /** How long after a look-alike's end a false alarm is still put down to it. */
  readonly tail: DurationMs;
}

const TRUTH_OPTIONS: TruthOptions = { grace: minutes(30), tail: hours(1) };

export interface Place {
  /** Empty for what concerns a whole node. */
  readonly gpu_uuid: string;
  readonly node: string;
}

/** What really happened, ready to be asked about an instant of a GPU or node. */
export interface TruthIndex {
  readonly truths: readonly StoryTruth[];
  /** Of several stories: faults first, then those that are not over yet, then the one nearest to the GPU. */
  bucket(place: Place, ts_ms: number): Bucket;
  /** Faults with something on a node that go on, or have just ended. */
  faultsOn(node: string, ts_ms: number): readonly StoryTruth[];
  /** Days that a GPU spent in each bucket between two instants, by the key that `bucketKey` gives. */
  exposure(place: Place, from_ms: number, to_ms: number): ReadonlyMap<string, number>;
}

/** `fault`, `beside`, `clean`, or the look-alike's name. */
export const bucketKey = (bucket: Bucket): string => (bucket.kind === 'look_alike' ? bucket.truth.story : bucket.kind);

const WIDTH = { gpu: 0, node: 1, rack: 2, fleet: 3 } as const;

export function indexTruth(truths: readonly StoryTruth[], options: TruthOptions = TRUTH_OPTIONS): TruthIndex {
  const by_node = new Map<string, StoryTruth[]>();
  const faulty = new Set<string>();
  for (const truth of truths) {
    for (const node of truth.nodes) {
      by_node.set(node, [...(by_node.get(node) ?? []), truth]);
      if (truth.fault) faulty.add(node);
    }
  }
  const endOf = (truth: StoryTruth): number => truth.until_ms + (truth.fault ? options.grace : options.tail);
  const touches = (truth: StoryTruth, place: Place): boolean =>
    place.gpu_uuid === '' ? truth.scope !== 'gpu' : truth.gpu_uuids.includes(place.gpu_uuid);

  const bucket = (place: Place, ts_ms: number): Bucket => {
    const [truth] = (by_node.get(place.node) ?? [])
      .filter((one) => ts_ms >= one.since_ms && ts_ms <= endOf(one) && touches(one, place))
      .sort(
        (a, b) =>
          Number(b.fault) - Number(a.fault) ||
          Number(ts_ms <= b.until_ms) - Number(ts_ms <= a.until_ms) ||
          WIDTH[a.scope] - WIDTH[b.scope],
      );
    if (truth?.fault) return { kind: 'fault', truth };
    if (faulty.has(place.node)) return { kind: 'beside' };
    return truth ? { kind: 'look_alike', truth } : { kind: 'clean' };
  };

  return {
    truths,
    bucket,
    faultsOn: (node, ts_ms) =>
      (by_node.get(node) ?? []).filter((one) => one.fault && ts_ms >= one.since_ms && ts_ms <= endOf(one)),
    exposure(place, from_ms, to_ms) {
      const cuts = [from_ms, to_ms];
      for (const truth of by_node.get(place.node) ?? []) cuts.push(truth.since_ms, endOf(truth));
      const inside = cuts.filter((cut) => cut >= from_ms && cut <= to_ms).sort((a, b) => a - b);
      const spent = new Map<string, number>();
      for (let i = 1; i < inside.length; i++) {
        const [left, right] = [inside[i - 1] as number, inside[i] as number];
        if (right <= left) continue;
        const key = bucketKey(bucket(place, (left + right) / 2));
        spent.set(key, (spent.get(key) ?? 0) + (right - left) / days(1));
      }
      return spent;
    },
  };
}
