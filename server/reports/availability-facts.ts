import type { Asset } from '../../pipeline/contract/events.ts';
import type { Absence, BrokenSpell, Sight } from '../../sinks/questdb/read-outages.ts';
import type { StatusChange } from '../asset-desk.ts';
import { type BoardAvailability, boardAvailability, type DownCondition, type ServiceBoard } from './availability.ts';
import type { Interval } from './intervals.ts';

/** All that a month's availability is made from. */
export interface AvailabilityFacts {
  /** The time that is looked at: it ends now where the month goes on. */
  readonly period: Interval;
  readonly assets: readonly Asset[];
  /** From when on an asset had which status. */
  readonly statuses: ReadonlyMap<string, readonly StatusChange[]>;
  readonly absences: readonly Absence[];
  readonly episodes: readonly BrokenSpell[];
  /** Boards that had samples in the period. */
  readonly sights: readonly Sight[];
}

/**
 * Every board that was seen, or was known to be down, in the period. The definitions are those of AVAILABILITY_TERMS. Pure.
 * Cost     O(boards + conditions).
 */
export function availabilityOf(facts: AvailabilityFacts): BoardAvailability[] {
  const { period, assets, statuses } = facts;
  const conditions = conditionsByBoard(facts);
  const sights = new Map(facts.sights.map((sight) => [sight.gpu_uuid, sight]));
  return assets.flatMap((asset) => {
    const own = conditions.get(asset.gpu_uuid) ?? [];
    const sight = sights.get(asset.gpu_uuid);
    const service = serviceOf(asset, period, sight, own);
    if (service === null) return [];
    const board: ServiceBoard = { ...asset, service, away: awayOf(asset, statuses.get(asset.gpu_uuid) ?? []) };
    const found = boardAvailability(board, own);
    return found.in_service_ms > 0 ? [found] : [];
  });
}

/** From its first sign in the period, or its beginning when it was down then, to the end, its retirement or now. */
function serviceOf(
  asset: Asset,
  period: Interval,
  sight: Sight | undefined,
  conditions: readonly DownCondition[],
): Interval | null {
  // A sight is the hour that the first sample lies in; a board that registered itself did so with that sample.
  const seen = sight === undefined ? Number.POSITIVE_INFINITY : Math.max(sight.first, asset.ts);
  const down = conditions.reduce(
    (first, { from, to }) => (to === null || to > period.from ? Math.min(first, from) : first),
    Number.POSITIVE_INFINITY,
  );
  const from = Math.max(period.from, Math.min(seen, down));
  const to = Math.min(period.to, asset.retired_at ?? Number.POSITIVE_INFINITY);
  return from < to ? { from, to } : null;
}

function awayOf(asset: Asset, changes: readonly StatusChange[]): Interval[] {
  if (changes.length === 0) {
    const out = asset.status !== 'active' && asset.retired_at === null;
    return out ? [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }] : [];
  }
  return changes.flatMap(({ at, status }, i) =>
    // From its retirement on, which is told with a time of its own, a board is out of service anyway.
    status === 'active' || (status === 'retired' && asset.retired_at !== null)
      ? []
      : [{ from: at, to: changes[i + 1]?.at ?? Number.POSITIVE_INFINITY }],
  );
}

function conditionsByBoard({ assets, absences, episodes }: AvailabilityFacts): Map<string, DownCondition[]> {
  const found = new Map<string, DownCondition[]>();
  const add = (gpu_uuid: string, condition: DownCondition): void => {
    const list = found.get(gpu_uuid);
    if (list === undefined) found.set(gpu_uuid, [condition]);
    else list.push(condition);
  };
  const onNode = new Map<string, string[]>();
  for (const { gpu_uuid, node } of assets) {
    const list = onNode.get(node);
    if (list === undefined) onNode.set(node, [gpu_uuid]);
    else list.push(gpu_uuid);
  }
  for (const { gpu_uuid, node, type, opened_at: from, closed_at: to } of absences) {
    if (type === 'node_silent') {
      // A board whose node nobody knows is on none.
      for (const uuid of node === '' ? [] : (onNode.get(node) ?? [])) add(uuid, { from, to, cause: 'node_silent' });
    } else if (gpu_uuid !== '') add(gpu_uuid, { from, to, cause: 'gpu_lost' });
  }
  for (const episode of episodes) {
    add(episode.gpu_uuid, { from: episode.started_at, to: usableAgain(episode), cause: 'episode' });
  }
  return found;
}

/** A reset that is not known to have failed brings a board back; without one nobody can tell more than its last sign. */
function usableAgain({ reset_at, ended_at, cured }: BrokenSpell): number | null {
  if (cured === false) return ended_at === null ? null : Math.max(ended_at, reset_at ?? ended_at);
  return reset_at ?? ended_at;
}
