import type { Asset, Episode } from '../contract/events.ts';
import { FAILURE_TYPES, type FailureLabel, type FailureType } from '../contract/predictions.ts';

/** A failure that nobody has told of but that seems to have been one. */
export interface LabelSuggestion {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly failed_at: number;
  readonly type: FailureType;
  readonly source: 'episode' | 'rma';
  /** Why, in one sentence. */
  readonly note: string;
}

/** What of an episode tells whether a GPU had failed. */
export type FailureSign = Pick<
  Episode,
  'gpu_uuid' | 'node' | 'severity' | 'category' | 'action' | 'started_at' | 'ended_at' | 'primary_xid' | 'cured'
>;

export interface SuggestInput {
  readonly episodes: readonly FailureSign[];
  readonly assets: readonly Pick<Asset, 'gpu_uuid' | 'node' | 'status' | 'note' | 'retired_at'>[];
  /** Of any status: what a person has rejected is not suggested again. */
  readonly labels: readonly Pick<FailureLabel, 'gpu_uuid' | 'failed_at'>[];
  /** Event time of the last sign of life, by GPU, for those that were taken out at an unknown time. */
  readonly last_seen: ReadonlyMap<string, number>;
}

const DAY_MS = 86_400_000;
/** A label this near to a sign is about the same failure. */
const SAME_FAILURE_MS = 3 * DAY_MS;
/** The same kind of fault again within this time was never mended. */
const RECURRENCE_MS = 30 * DAY_MS;
/** A GPU is taken out some time after it failed. */
const TAKEN_OUT_AFTER_MS = 30 * DAY_MS;

/**
 * Failures worth asking a person about, newest first: critical episodes that ask for a replacement, that no reset cured, or
 * that came back within 30 days; and GPUs that were retired or whose status or note says RMA. Signs of one GPU less than
 * 3 days apart are one failure, told at its first sign. Left out is what a label within 3 days already speaks of, and a
 * retirement within 30 days after a labelled or suggested failure, which explains it.
 */
export function suggestLabels(input: SuggestInput): LabelSuggestion[] {
  const labelled = timesBy(input.labels, ({ failed_at }) => failed_at);
  const found = new Map<string, LabelSuggestion[]>();
  for (const [gpu_uuid, signs] of failuresBy(input.episodes)) {
    const known = labelled.get(gpu_uuid) ?? [];
    const suggestions = chained(signs)
      .filter(
        (chain) =>
          !known.some((at) => chain.some(({ episode }) => Math.abs(episode.started_at - at) <= SAME_FAILURE_MS)),
      )
      .map(ofChain);
    if (suggestions.length > 0) found.set(gpu_uuid, suggestions);
  }
  for (const asset of input.assets) {
    const why = takenOut(asset);
    const at = asset.retired_at ?? input.last_seen.get(asset.gpu_uuid);
    if (why === null || at === undefined) continue;
    const own = found.get(asset.gpu_uuid) ?? [];
    const told = [...(labelled.get(asset.gpu_uuid) ?? []), ...own.map(({ failed_at }) => failed_at)];
    if (told.some((before) => before - at <= SAME_FAILURE_MS && at - before <= TAKEN_OUT_AFTER_MS)) continue;
    const { gpu_uuid, node } = asset;
    found.set(gpu_uuid, [...own, { gpu_uuid, node, failed_at: at, type: 'other', source: 'rma', note: why }]);
  }
  return [...found.values()]
    .flat()
    .sort((a, b) => b.failed_at - a.failed_at || (a.gpu_uuid < b.gpu_uuid ? -1 : a.gpu_uuid > b.gpu_uuid ? 1 : 0));
}

interface Failure {
  readonly episode: FailureSign;
  readonly why: string;
}

/** Critical episodes that look like a failure, by GPU, in order of time. */
function failuresBy(episodes: readonly FailureSign[]): Map<string, Failure[]> {
  const critical = episodes.filter(({ severity }) => severity === 'critical');
  const failures = new Map<string, Failure[]>();
  for (const [gpu_uuid, of_gpu] of groupBy(critical)) {
    const ordered = of_gpu.toSorted((a, b) => a.started_at - b.started_at);
    const last = new Map<string, number>();
    const list = ordered.flatMap((episode): Failure[] => {
      const before = last.get(episode.category);
      last.set(episode.category, episode.started_at);
      const why = reasonOf(episode, before);
      return why === null ? [] : [{ episode, why }];
    });
    if (list.length > 0) failures.set(gpu_uuid, list);
  }
  return failures;
}

function reasonOf({ action, cured, started_at }: FailureSign, before: number | undefined): string | null {
  if (action === 'replace_gpu') return 'asks for a replacement';
  if (cured === false) return 'was not cured by a reset';
  if (before === undefined || started_at - before > RECURRENCE_MS) return null;
  return `came back ${daysText(started_at - before)} after one like it`;
}

/** Failures in order of time, cut where nothing happened for longer than a label reaches. */
function chained(failures: readonly Failure[]): Failure[][] {
  const chains: Failure[][] = [];
  for (const failure of failures) {
    const last = chains.at(-1)?.at(-1);
    const near = last !== undefined && failure.episode.started_at - last.episode.started_at < SAME_FAILURE_MS;
    if (near) chains.at(-1)?.push(failure);
    else chains.push([failure]);
  }
  return chains;
}

function ofChain(chain: readonly Failure[]): LabelSuggestion {
  const { episode, why } = chain[0] as Failure;
  const { gpu_uuid, node, started_at, category, primary_xid } = episode;
  const xid = primary_xid === null ? '' : ` with XID ${primary_xid}`;
  const more = chain.length === 1 ? '' : `; ${chain.length - 1} more within days`;
  return {
    gpu_uuid,
    node,
    failed_at: started_at,
    type: FAILURE_TYPES.find((type) => type === category) ?? 'other',
    source: 'episode',
    note: `A critical ${category} episode${xid} ${why}${more}.`,
  };
}

/** Why a GPU counts as taken out, in a sentence; null when it does not. */
function takenOut(asset: SuggestInput['assets'][number]): string | null {
  const { status, note, retired_at } = asset;
  if (/\brma\b/i.test(status)) return `The inventory has it as ${status}.`;
  if (/\brma\b/i.test(note)) return `The note in the inventory speaks of an RMA: ${note.trim().replace(/\.$/, '')}.`;
  if (status !== 'retired' && retired_at === null) return null;
  return 'It was retired without a failure being told of; confirm only if that was why.';
}

const daysText = (ms: number): string => {
  const days = Math.round(ms / DAY_MS);
  return days < 1 ? 'less than a day' : `${days} day${days === 1 ? '' : 's'}`;
};

function groupBy<T extends { readonly gpu_uuid: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.gpu_uuid);
    if (group === undefined) groups.set(item.gpu_uuid, [item]);
    else group.push(item);
  }
  return groups;
}

const timesBy = <T extends { readonly gpu_uuid: string }>(
  items: readonly T[],
  at: (item: T) => number,
): Map<string, number[]> => new Map([...groupBy(items)].map(([gpu_uuid, list]) => [gpu_uuid, list.map(at)]));
