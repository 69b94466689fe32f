import type { GpuSummary } from '../../schemas.ts';
import type { BoardHealth } from './board-health.ts';
import type { BoardRisk } from './board-risk.ts';

export type Severity = NonNullable<GpuSummary['worst_severity']>;

/** A board as the fleet page shows it: its own row and those of its MIG instances in one. */
export interface FleetGpu {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly model: string;
  readonly slot: string;
  /** MIG instances; 0 for a board without. */
  readonly instances: number;
  readonly ts: string | null;
  readonly stale_since: string | null;
  readonly gpu_temp_celsius: number | null;
  readonly memory_temp_celsius: number | null;
  readonly power_watts: number | null;
  readonly power_limit_watts: number | null;
  readonly util_ratio: number | null;
  readonly fb_used_bytes: number | null;
  readonly sm_clock_mhz: number | null;
  readonly open: Readonly<Record<Severity, number>>;
  readonly worst: Severity | null;
  /** Null: not scored, or so long ago that it says nothing of now. */
  readonly health: BoardHealth | null;
  /** 0..1, to fail within 30 days; null when nothing is foreseen. */
  readonly p30: number | null;
  /** What waiting costs, of the boards where it costs most; null elsewhere. */
  readonly risk: BoardRisk | null;
}

type Field = 'gpu_temp_celsius' | 'memory_temp_celsius' | 'power_watts' | 'power_limit_watts' | 'sm_clock_mhz';

const busy = (row: GpuSummary): number | null => row.gpu_util_ratio ?? row.gr_engine_active_ratio;

/** What the page shows of a board, from its rows: at least one, the board's own first. */
export function fleetGpu(
  rows: readonly [GpuSummary, ...GpuSummary[]],
  health: BoardHealth | null,
  risk: BoardRisk | null = null,
): FleetGpu {
  const [first] = rows;
  if (rows.length === 1) return ofRow(first, health, risk);
  const board = first.instance === '' ? first : null;
  const parts = board === null ? rows : rows.slice(1);
  const highest = (field: Field): number | null => board?.[field] ?? largest(rows.map((row) => row[field]));
  const open = { info: 0, warning: 0, critical: 0 };
  for (const row of rows) {
    open.info += row.open_info;
    open.warning += row.open_warning;
    open.critical += row.open_critical;
  }
  const times = rows.flatMap(({ ts }) => (ts === null ? [] : [ts])).sort();
  const stale = rows.every(({ stale_since }) => stale_since !== null);
  return {
    gpu_uuid: first.gpu_uuid,
    node: first.node,
    model: first.model,
    slot: first.slot,
    instances: parts.length,
    ts: times.at(-1) ?? null,
    stale_since: stale ? (times.at(-1) ?? null) : null,
    gpu_temp_celsius: highest('gpu_temp_celsius'),
    memory_temp_celsius: highest('memory_temp_celsius'),
    power_watts: highest('power_watts'),
    power_limit_watts: highest('power_limit_watts'),
    util_ratio: (board === null ? null : busy(board)) ?? mean(parts.map(busy)),
    fb_used_bytes: board?.fb_used_bytes ?? sum(parts.map((row) => row.fb_used_bytes)),
    sm_clock_mhz: highest('sm_clock_mhz'),
    open,
    worst: worstOf(open),
    health: scoredBy(rows, health),
    p30: largest(rows.map((row) => row.failure_prob_30d)) ?? risk?.p30 ?? null,
    risk,
  };
}

function ofRow(row: GpuSummary, health: BoardHealth | null, risk: BoardRisk | null): FleetGpu {
  return {
    gpu_uuid: row.gpu_uuid,
    node: row.node,
    model: row.model,
    slot: row.slot,
    instances: row.instance === '' ? 0 : 1,
    ts: row.ts,
    stale_since: row.stale_since,
    gpu_temp_celsius: row.gpu_temp_celsius,
    memory_temp_celsius: row.memory_temp_celsius,
    power_watts: row.power_watts,
    power_limit_watts: row.power_limit_watts,
    util_ratio: busy(row),
    fb_used_bytes: row.fb_used_bytes,
    sm_clock_mhz: row.sm_clock_mhz,
    open: { info: row.open_info, warning: row.open_warning, critical: row.open_critical },
    worst: row.worst_severity,
    health: scoredBy([row], health),
    p30: row.failure_prob_30d ?? risk?.p30 ?? null,
    risk,
  };
}

/** The live score of the worst part; what to do about it is from the table, which tells more but later. */
function scoredBy(rows: readonly GpuSummary[], told: BoardHealth | null): BoardHealth | null {
  let worst: GpuSummary | null = null;
  for (const row of rows) {
    if (row.overall_score == null) continue;
    if (worst === null || row.overall_score < (worst.overall_score ?? 0)) worst = row;
  }
  if (worst === null || worst.ts === null || worst.overall_score === null) return told;
  const { instance, ts, overall_score: score, health_grade } = worst;
  const grade = health_grade ?? told?.grade ?? 'unknown';
  return { action: 'none', next: '', ...told, instance, ts: told?.ts ?? ts, score, grade };
}

const known = (values: readonly (number | null | undefined)[]): number[] => values.filter((value) => value != null);

function largest(values: readonly (number | null | undefined)[]): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

function sum(values: readonly (number | null)[]): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : numbers.reduce((total, value) => total + value, 0);
}

function mean(values: readonly (number | null)[]): number | null {
  const total = sum(values);
  return total === null ? null : total / known(values).length;
}

function worstOf(open: Readonly<Record<Severity, number>>): Severity | null {
  return open.critical > 0 ? 'critical' : open.warning > 0 ? 'warning' : open.info > 0 ? 'info' : null;
}
