import { z } from 'zod';
import type { Alert } from '../contract/alerts.ts';
import { type DeskMatcher, fitsAll } from './alert-matchers.ts';
import { MATCHER_FIELDS, matcherOf } from './alert-routes.ts';
import { severityRank } from './severity-rank.ts';

/**
 * While an alert that fits `source` is open, those that fit `target` and stand where it stands are told to nobody. An alert is
 * never silenced by one that is less severe or narrower (see `before`), so that no two can silence each other.
 */
export interface InhibitionRule {
  readonly name: string;
  readonly source: readonly DeskMatcher[];
  readonly target: readonly DeskMatcher[];
  /** Fields that must agree and not be empty; `covered`: the target lies within the source (see `coveredBy`). */
  readonly equal: readonly (DeskMatcher['field'] | 'instance')[] | 'covered';
}

const OF_A_GPU: readonly DeskMatcher[] = [{ field: 'gpu_uuid', values: [''], not: true }];

export const DEFAULT_INHIBITIONS: readonly InhibitionRule[] = [
  {
    name: 'lost-node',
    source: [
      { field: 'rule', values: ['node_silent'] },
      { field: 'gpu_uuid', values: [''] },
    ],
    target: OF_A_GPU,
    equal: ['node'],
  },
  {
    name: 'incident',
    source: [{ field: 'source', values: ['incidents'] }],
    target: [],
    equal: 'covered',
  },
  {
    name: 'worse-of-the-same',
    source: [{ field: 'severity', values: ['critical'] }],
    target: [{ field: 'severity', values: ['critical'], not: true }],
    equal: ['gpu_uuid', 'category'],
  },
];

const FIELDS = [...MATCHER_FIELDS, 'source'] as const;
const matcher = matcherOf(FIELDS);

export const inhibitionsSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(64),
      source: z.array(matcher).max(20),
      target: z.array(matcher).max(20),
      equal: z.union([z.literal('covered'), z.array(z.enum([...FIELDS, 'instance'])).min(1)]),
    }),
  )
  .max(100);

/** 0 one GPU, 1 several of a node or the node, 2 wider. */
const width = ({ gpu_uuid, node, gpus }: Alert): number =>
  node === '' ? 2 : gpu_uuid === '' || (gpus?.length ?? 0) > 1 ? 1 : 0;

/** A total order: wider, then an incident, then worse, then older. Only what comes before can silence what comes after. */
function before(a: Alert, b: Alert): boolean {
  const order =
    width(b) - width(a) ||
    Number(b.source === 'incidents') - Number(a.source === 'incidents') ||
    severityRank(b.severity) - severityRank(a.severity) ||
    a.opened_at - b.opened_at;
  return order !== 0 ? order < 0 : a.id < b.id;
}

/** Where a source reaches, most exact first: its GPUs, its node, its rack. */
function reachOf({ gpus, gpu_uuid, node, rack }: Alert): readonly string[] {
  if (gpus !== undefined && gpus.length > 0) {
    const whole = gpu_uuid === '' && node !== '' ? [`node ${node}`] : [];
    return [...whole, ...gpus.map((uuid) => `gpu ${uuid}`)];
  }
  if (gpu_uuid !== '') return [`gpu ${gpu_uuid}`];
  if (node !== '') return [`node ${node}`, `on ${node}`];
  return rack === '' ? [] : [`rack ${rack}`];
}

/** Where a target lies, as `reachOf` spells it: a GPU is on its node and in its rack, and so is a node. */
const placesOf = ({ gpu_uuid, node, rack }: Alert): readonly string[] => [
  ...(gpu_uuid === '' ? [`node ${node}`] : [`gpu ${gpu_uuid}`, `on ${node}`]),
  `rack ${rack}`,
];

/** Open alerts that others explain: id of the silenced to id of the one that comes first. O(alerts x rules). */
export function inhibitions(open: readonly Alert[], rules: readonly InhibitionRule[]): ReadonlyMap<string, string> {
  const found = new Map<string, Alert>();
  for (const { source, target, equal } of rules) {
    const sources = new Map<string, Alert>();
    const keysOf = (alert: Alert, reach: boolean): readonly string[] => {
      if (equal === 'covered') return reach ? reachOf(alert) : placesOf(alert);
      const values = equal.map((field) => alert[field]);
      return values.includes('') ? [] : [values.join('\u001f')];
    };
    for (const alert of open) {
      if (!fitsAll(alert, source)) continue;
      for (const key of keysOf(alert, true)) {
        const known = sources.get(key);
        // The worst can silence most; among equals the first in order.
        const better =
          known === undefined ||
          severityRank(alert.severity) > severityRank(known.severity) ||
          (alert.severity === known.severity && before(alert, known));
        if (better) sources.set(key, alert);
      }
    }
    if (sources.size === 0) continue;
    for (const alert of open) {
      if (!fitsAll(alert, target)) continue;
      for (const key of keysOf(alert, false)) {
        const by = sources.get(key);
        if (by === undefined || by.id === alert.id || !before(by, alert)) continue;
        if (severityRank(by.severity) < severityRank(alert.severity)) continue;
        const known = found.get(alert.id);
        if (known === undefined || before(by, known)) found.set(alert.id, by);
      }
    }
  }
  return new Map([...found].map(([id, by]) => [id, by.id]));
}

/** The open incident that an alert belongs to: itself when it is one; null when none covers it. */
export function incidentOf(alert: Alert, open: Iterable<Alert>): string | null {
  if (alert.source === 'incidents') return alert.id;
  const places = placesOf(alert);
  let found: Alert | null = null;
  for (const other of open) {
    if (other.source !== 'incidents') continue;
    if (!reachOf(other).some((reach) => places.includes(reach))) continue;
    if (found === null || before(other, found)) found = other;
  }
  return found?.id ?? null;
}
