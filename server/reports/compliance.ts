import type { AliasEntry } from '../../models/registry/alias-book.ts';
import type { LoggedAsset } from '../../pipeline/bus/asset-log.ts';
import type { Asset } from '../../pipeline/contract/events.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { GPU_ASSETS } from '../../pipeline/contract/tables.ts';

export const CHANGE_KINDS = ['asset', 'label', 'model'] as const;

/** Something that people, or a program of theirs, have changed. */
export interface RecordedChange {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: (typeof CHANGE_KINDS)[number];
  /** GPU, or alias of the model registry. */
  readonly subject: string;
  readonly what: string;
  /** Who, where that is known; else empty. */
  readonly by: string;
  /** Old and new values, or why. */
  readonly detail: string;
}

/** What the fields mean, as the page says it. */
export const COMPLIANCE_TERMS: readonly (readonly [term: string, meaning: string])[] = [
  [
    'Assets',
    'Versions of the inventory with the time at which NATS stored them; the last four of each asset are kept. The oldest that is kept is told as recorded, since what was before it is no longer known.',
  ],
  [
    'Labels',
    'Failures as they are told now, at the time of the failure: when somebody told of one is not kept, and telling it again replaces it.',
  ],
  ['Models', 'Moves of the aliases of the model registry: which version judges, who said so and why.'],
];

const INSTANTS: ReadonlySet<string> = new Set(
  GPU_ASSETS.columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => name),
);
const FACTS = GPU_ASSETS.columns
  .map(({ name }) => name)
  .filter((name) => name !== 'ts' && name !== 'gpu_uuid') as (keyof Asset)[];

/** All that was changed, newest first; versions oldest first. Pure, O(n log n). */
export function recordedChanges(sources: {
  readonly versions: readonly LoggedAsset[];
  readonly labels: readonly FailureLabel[];
  readonly moves: readonly AliasEntry[];
}): RecordedChange[] {
  const changes: RecordedChange[] = [];
  const before = new Map<string, Asset>();
  for (const { asset, arrived_at: at } of sources.versions) {
    if (asset === null) continue;
    changes.push({
      at,
      kind: 'asset',
      subject: asset.gpu_uuid,
      by: '',
      ...assetChange(before.get(asset.gpu_uuid), asset),
    });
    before.set(asset.gpu_uuid, asset);
  }
  for (const { failed_at, gpu_uuid, type, source, note, status } of sources.labels) {
    const detail = [`${type} failure, source ${source}`, note].filter((text) => text !== '').join(': ');
    changes.push({ at: failed_at, kind: 'label', subject: gpu_uuid, what: `failure ${status}`, by: '', detail });
  }
  for (const { at, alias, from, to, by, why } of sources.moves) {
    const version = (one: number | null): string => (one === null ? 'none' : `version ${one}`);
    const what = to === null ? 'taken away' : from === null ? 'promoted' : 'moved';
    const detail = [`${version(from)} -> ${version(to)}`, why].filter((text) => text !== '').join(': ');
    changes.push({ at, kind: 'model', subject: alias, what, by, detail });
  }
  return changes.sort((a, b) => b.at - a.at);
}

function assetChange(before: Asset | undefined, after: Asset): { readonly what: string; readonly detail: string } {
  const changed = FACTS.filter((name) => (before === undefined ? !isEmpty(after[name]) : before[name] !== after[name]));
  const detail = changed
    .map(
      (name) =>
        (before === undefined ? '' : `${name}: ${shown(name, before[name])} -> ${shown(name, after[name])}`) ||
        `${name}: ${shown(name, after[name])}`,
    )
    .join('; ');
  if (before === undefined) return { what: 'recorded', detail };
  if (before.status !== after.status) {
    const what =
      after.status === 'retired' ? 'retired' : before.status === 'retired' ? 'back in service' : `now ${after.status}`;
    return { what, detail };
  }
  return { what: changed.length === 0 ? 'told again' : 'changed', detail };
}

const isEmpty = (value: Asset[keyof Asset]): boolean => value === '' || value === null;

function shown(name: string, value: Asset[keyof Asset]): string {
  if (isEmpty(value)) return 'unknown';
  return INSTANTS.has(name) && typeof value === 'number' ? new Date(value).toISOString() : JSON.stringify(value);
}
