import type { Severity } from '../../pipeline/contract/events.ts';
import { grouped, tally } from './grouped.ts';
import { type Bucket, bucketKey, type Place, type TruthIndex } from './match-truth.ts';
import type { SinkLog } from './sink-log.ts';
import { type Alarm, peakedAt, type ToldIncident } from './told.ts';

export type PerSeverity = Readonly<Record<Severity, number>>;

/** What is told where nothing was wrong. Rates are per 1,000 GPU-days. */
export interface FalseAlarmFigures {
  /** `clean`, a look-alike's name, or `beside` (healthy GPUs whose node has a fault at another time or place). */
  readonly where: string;
  /** How often the look-alike was told; null where there is none. */
  readonly instances: number | null;
  readonly gpu_days: number;
  /** Anomalies. */
  readonly count: PerSeverity;
  readonly per_1000_gpu_days: PerSeverity;
  /** Episodes of warning or critical severity, and incidents. */
  readonly episodes: number;
  readonly incidents: number;
  /** Anomalies by `detector/type`, the most frequent first. */
  readonly by_type: Readonly<Record<string, PerSeverity>>;
  /** Some explanations of each type, the most severe first. */
  readonly examples: Readonly<Record<string, readonly string[]>>;
}

export const CLEAN = 'clean';
const BESIDE = 'beside';

/** What is told for nothing: first on clean GPUs, then per look-alike, last beside faults. */
export function falseAlarmFigures(
  truth: TruthIndex,
  log: Pick<SinkLog, 'alarms' | 'episodes' | 'incidents'>,
  fleet: { readonly places: readonly Place[]; readonly from_ms: number; readonly to_ms: number },
): FalseAlarmFigures[] {
  const gpu_days = new Map<string, number>([[CLEAN, 0]]);
  for (const place of fleet.places) {
    for (const [key, spent] of truth.exposure(place, fleet.from_ms, fleet.to_ms)) {
      gpu_days.set(key, (gpu_days.get(key) ?? 0) + spent);
    }
  }
  gpu_days.delete('fault');
  const told = grouped(log.alarms.values(), (alarm) => bucketKey(truth.bucket(alarm, peakedAt(alarm))));
  const serious = [...log.episodes.values()].filter(({ severity }) => severity !== 'info');
  const episodes = tally(serious.map((one) => bucketKey(truth.bucket(one.row, peakedAt(one)))));
  const node_of = new Map(fleet.places.map(({ gpu_uuid, node }) => [gpu_uuid, node]));
  const incidents = tally([...log.incidents.values()].map((one) => bucketKey(worstBucket(truth, one, node_of))));
  const told_of = (story: string): number => truth.truths.filter((one) => one.story === story).length;
  const rank = (key: string): number => (key === CLEAN ? 0 : key === BESIDE ? 2 : 1);
  return [...gpu_days]
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([where, spent]) => {
      const here = told.get(where) ?? [];
      const count = perSeverity(here);
      const rate = (n: number): number => (spent > 0 ? (n / spent) * 1_000 : 0);
      const types = [...grouped(here, (alarm) => `${alarm.detector}/${alarm.type}`)];
      types.sort(([a, n], [b, m]) => m.length - n.length || (a < b ? -1 : 1));
      return {
        where,
        instances: where === CLEAN || where === BESIDE ? null : told_of(where),
        gpu_days: spent,
        count,
        per_1000_gpu_days: { info: rate(count.info), warning: rate(count.warning), critical: rate(count.critical) },
        episodes: episodes[where] ?? 0,
        incidents: incidents[where] ?? 0,
        by_type: Object.fromEntries(types.map(([type, list]) => [type, perSeverity(list)])),
        examples: Object.fromEntries(types.map(([type, list]) => [type, examplesOf(list)])),
      };
    });
}

const GUILT: readonly Bucket['kind'][] = ['fault', 'beside', 'look_alike', 'clean'];

/** Whose an incident is, of all that it speaks of, when each came to it: a fault's before anybody else's. */
function worstBucket(truth: TruthIndex, told: ToldIncident, node_of: ReadonlyMap<string, string>): Bucket {
  const buckets = [
    ...[...told.gpus].map(([gpu_uuid, at_ms]) => truth.bucket({ gpu_uuid, node: node_of.get(gpu_uuid) ?? '' }, at_ms)),
    ...[...told.nodes].map(([node, at_ms]) => truth.bucket({ gpu_uuid: '', node }, at_ms)),
  ];
  const [worst] = buckets.sort((a, b) => GUILT.indexOf(a.kind) - GUILT.indexOf(b.kind));
  return worst ?? { kind: 'clean' };
}

const EXAMPLES = 5;
const SEVEREST: readonly Severity[] = ['critical', 'warning', 'info'];

const examplesOf = (alarms: readonly Alarm[]): string[] =>
  SEVEREST.flatMap((severity) => alarms.filter((alarm) => alarm.severity === severity))
    .slice(0, EXAMPLES)
    .map(({ severity, node, gpu_uuid, told_at, explanation }) =>
      [severity, new Date(told_at).toISOString(), node, gpu_uuid, explanation].join(' '),
    );

export function perSeverity(alarms: Iterable<Pick<Alarm, 'severity'>>): PerSeverity {
  const count = { info: 0, warning: 0, critical: 0 };
  for (const { severity } of alarms) count[severity]++;
  return count;
}
