import { type Interval, intersectIntervals, mergeIntervals, subtractIntervals, totalOf } from './intervals.ts';

/** A board, and when anybody could count on it. */
export interface ServiceBoard {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly model: string;
  readonly cluster: string;
  readonly rack: string;
  readonly owner: string;
  readonly tenant: string;
  /** Of the period: from its first sight to its end, its retirement, or now. */
  readonly service: Interval;
  /** In maintenance or retired, in any order. */
  readonly away: readonly Interval[];
}

/** Why a board could not be used; `to` null: it goes on. */
export interface DownCondition {
  readonly from: number;
  readonly to: number | null;
  readonly cause: 'gpu_lost' | 'node_silent' | 'episode';
}

export interface BoardAvailability {
  readonly board: ServiceBoard;
  readonly in_service_ms: number;
  readonly down_ms: number;
  /** Outages that began in the period, while the board was in service. */
  readonly failures: number;
  /** Outages that ended in the period: how many, and how long they were from their own beginning on. */
  readonly repaired: number;
  readonly repair_ms: number;
  /** It is down at the end of its service in the period. */
  readonly down_now: boolean;
  /** The outage that cost most of the period, and what began it; null: none. */
  readonly longest: { readonly from: number; readonly down_ms: number; readonly cause: DownCondition['cause'] } | null;
}

const FOR_EVER = Number.POSITIVE_INFINITY;

/** One board over one period. Conditions in any order, also from before and after the period. Pure, O(n log n). */
export function boardAvailability(board: ServiceBoard, conditions: readonly DownCondition[]): BoardAvailability {
  const { service } = board;
  const served = subtractIntervals(mergeIntervals([service]), mergeIntervals(board.away));
  const in_service_ms = totalOf(served);
  const none = { board, in_service_ms, down_ms: 0, failures: 0, repaired: 0, repair_ms: 0, down_now: false };
  let result: BoardAvailability = { ...none, longest: null };
  if (in_service_ms === 0) return result;
  for (const outage of mergeIntervals(conditions.map(({ from, to }) => ({ from, to: to ?? FOR_EVER })))) {
    const down_ms = totalOf(intersectIntervals(served, [outage]));
    if (down_ms === 0) continue;
    const ended = outage.to > service.from && outage.to <= service.to;
    const began = outage.from >= service.from && outage.from < service.to;
    result = {
      ...result,
      down_ms: result.down_ms + down_ms,
      failures: result.failures + (began ? 1 : 0),
      repaired: result.repaired + (ended ? 1 : 0),
      repair_ms: result.repair_ms + (ended ? outage.to - outage.from : 0),
      down_now: result.down_now || outage.to > service.to,
      longest:
        result.longest !== null && result.longest.down_ms >= down_ms
          ? result.longest
          : { from: outage.from, down_ms, cause: causeOf(outage, conditions) },
    };
  }
  return result;
}

const causeOf = (outage: Interval, conditions: readonly DownCondition[]): DownCondition['cause'] =>
  conditions.find(({ from }) => from === outage.from)?.cause ?? 'episode';

export interface AvailabilityRow {
  /** What the boards have in common: a UUID, node, owner, tenant, cluster, rack, model or month. */
  readonly group: string;
  readonly gpus: number;
  readonly in_service_ms: number;
  readonly down_ms: number;
  /** 0..1; null without time in service. */
  readonly availability: number | null;
  readonly sla: number;
  /** Whether the target was met by all of them together. */
  readonly met: boolean | null;
  /** Boards that missed it on their own. */
  readonly breaches: number;
  readonly failures: number;
  readonly repaired: number;
  readonly down_now: number;
  /** Mean time to repair; null while nothing was repaired. */
  readonly mttr_ms: number | null;
  /** Mean time between failures: time up over failures; null without failures. */
  readonly mtbf_ms: number | null;
}

/** Boards together by group, in the order of the groups' names. Pure, O(n). */
export function availabilityRows(
  boards: readonly BoardAvailability[],
  options: { readonly sla: number; readonly groupOf: (board: ServiceBoard) => string },
): AvailabilityRow[] {
  const groups = new Map<string, BoardAvailability[]>();
  for (const one of boards) {
    if (one.in_service_ms === 0) continue;
    const group = options.groupOf(one.board);
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [one]);
    else list.push(one);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, list]) => summed(group, list, options.sla));
}

function summed(group: string, list: readonly BoardAvailability[], sla: number): AvailabilityRow {
  const sum = (value: (one: BoardAvailability) => number): number => list.reduce((all, one) => all + value(one), 0);
  const in_service_ms = sum((one) => one.in_service_ms);
  const down_ms = sum((one) => one.down_ms);
  const failures = sum((one) => one.failures);
  const repaired = sum((one) => one.repaired);
  const availability = upShare(in_service_ms, down_ms);
  return {
    group,
    gpus: list.length,
    in_service_ms,
    down_ms,
    availability,
    sla,
    met: availability === null ? null : availability >= sla,
    breaches: list.filter((one) => (upShare(one.in_service_ms, one.down_ms) ?? 1) < sla).length,
    failures,
    repaired,
    down_now: list.filter((one) => one.down_now).length,
    mttr_ms: repaired === 0 ? null : sum((one) => one.repair_ms) / repaired,
    mtbf_ms: failures === 0 ? null : (in_service_ms - down_ms) / failures,
  };
}

const upShare = (in_service_ms: number, down_ms: number): number | null =>
  in_service_ms === 0 ? null : (in_service_ms - down_ms) / in_service_ms;
