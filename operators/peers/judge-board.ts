import type { Severity } from '../../pipeline/contract/events.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { type DurationMs, minutes, seconds } from '../../pipeline/contract/time.ts';
import { robustCentre } from './robust-centre.ts';
import { HELD, READING } from './smooth-readings.ts';

/** A busy board of a node at one evaluation. */
export interface Board {
  readonly model: string;
  /** Whose work it does; empty when nobody is known. */
  readonly gang: string;
  /** One of HELD. */
  readonly held: number;
  /** How long load and user have been the same. */
  readonly steady_ms: number;
  /** Averages, by READING from `at` on. */
  readonly smooth: Float32Array;
  readonly at: number;
}

export interface PeerLimits {
  /** How much hotter than peers that draw the same power. */
  readonly hotter_celsius: number;
  /** How far below the peers' clock, how far from their power, how far below their traffic, as shares of the median. */
  readonly clock_ratio: number;
  readonly power_ratio: number;
  readonly traffic_ratio: number;
  /** And so many MADs. */
  readonly mads: number;
  readonly peers_min: number;
}

export interface Deviation {
  readonly observed: number;
  readonly median: number;
  readonly mad: number;
  readonly peers: number;
  /** Distance from the median, in limits. */
  readonly score: number;
  readonly severity: Severity;
}

export interface Kind {
  readonly reading: number;
  readonly metric: MetricName;
  readonly settle: DurationMs;
  /** How far the loads of peers may lie apart. */
  readonly load_ratio: number;
  readonly side: 'above' | 'below' | 'both';
  limit(median: number, limits: PeerLimits): number;
  severity(score: number): Severity;
  /** Least median that means anything. */
  readonly median_min: number;
}

const info = (): Severity => 'info';
/** A deviation of so many limits is worth a look this week. */
const WARNING_SCORE = 1.75;
const graded = (score: number): Severity => (score >= WARNING_SCORE ? 'warning' : 'info');

const LOAD_RATIO = 0.1;
/** Cooling takes minutes to settle, clocks and power do not. */
const HEAT_SETTLES = minutes(5);
const LOAD_SETTLES = seconds(60);

/** What is compared, in the order of the votes. */
export const KINDS: readonly Kind[] = [
  {
    reading: READING.temp,
    metric: 'gpu_temp_celsius',
    settle: HEAT_SETTLES,
    load_ratio: LOAD_RATIO,
    side: 'above',
    limit: (_, limits) => limits.hotter_celsius,
    severity: graded,
    median_min: 0,
  },
  {
    reading: READING.clock,
    metric: 'sm_clock_mhz',
    settle: LOAD_SETTLES,
    // Shares of cycles rise where cycles are fewer.
    load_ratio: 2 * LOAD_RATIO,
    side: 'below',
    limit: (median, limits) => limits.clock_ratio * median,
    severity: graded,
    median_min: 1,
  },
  {
    reading: READING.power,
    metric: 'power_watts',
    settle: LOAD_SETTLES,
    load_ratio: LOAD_RATIO,
    side: 'both',
    limit: (median, limits) => limits.power_ratio * median,
    severity: info,
    median_min: 1,
  },
  {
    reading: READING.pcie,
    metric: 'pcie_rx_bytes_per_second',
    settle: LOAD_SETTLES,
    load_ratio: LOAD_RATIO,
    side: 'below',
    limit: (median, limits) => limits.traffic_ratio * median,
    severity: info,
    median_min: 1e9,
  },
  {
    reading: READING.nvlink,
    metric: 'nvlink_bandwidth_mb_per_second',
    settle: LOAD_SETTLES,
    load_ratio: LOAD_RATIO,
    side: 'below',
    limit: (median, limits) => limits.traffic_ratio * median,
    severity: info,
    median_min: 1e4,
  },
];

const LOADS = [READING.activity, READING.sm, READING.tensor, READING.dram] as const;
/** Boards are alike in power within this share. */
const SAME_POWER_RATIO = 0.1;
const MORE_POWER_RATIO = 1.05;
/** So many of the peers must lie on the median's half of the way. */
const AGREEING_SHARE = 0.75;

const reading = (board: Board, index: number): number => board.smooth[board.at + index] as number;

function comparable(a: Board, b: Board, kind: Kind): boolean {
  if (a.model !== b.model || b.steady_ms < kind.settle) return false;
  if (a.gang !== b.gang && a.gang !== '' && b.gang !== '') return false;
  for (const load of LOADS) {
    const own = reading(a, load);
    const other = reading(b, load);
    if (Number.isNaN(own) ? !Number.isNaN(other) : !(Math.abs(own - other) <= kind.load_ratio)) return false;
  }
  // Heat can be told from load only where power is known and alike.
  const power = reading(a, READING.power);
  return kind.reading !== READING.temp || Math.abs(power - reading(b, READING.power)) <= SAME_POWER_RATIO * power;
}

const distanceOn = (side: Kind['side'], off: number): number =>
  side === 'above' ? off : side === 'below' ? -off : Math.abs(off);

/**
 * Whether the boards lie far enough apart in one reading for any of them to lie so far from a median: mostly they do not,
 * and nobody need be compared.
 */
export function mayDeviate(boards: readonly Board[], kind: Kind, limits: PeerLimits): boolean {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const { smooth, at } of boards) {
    const value = smooth[at + kind.reading] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (most < kind.median_min) return false;
  const apart = most - least;
  return apart >= kind.limit(kind.side === 'below' ? most : Math.max(least, kind.median_min), limits);
}

/**
 * How a board deviates in one reading from the boards of its node that do the same; null when it does not, undefined when
 * nobody can tell, such as with fewer than `peers_min` to compare with. `share` of the limits counts. Most peers must agree among themselves: where they fall into two camps nobody is odd.
 */
export function judgeBoard(
  board: Board,
  boards: readonly Board[],
  kind: Kind,
  limits: PeerLimits,
  share: number,
): Deviation | null | undefined {
  if (board.steady_ms < kind.settle || (kind.reading === READING.clock && board.held !== HELD.nothing))
    return undefined;
  const observed = reading(board, kind.reading);
  const peers = boards.filter(
    (other) => other !== board && !Number.isNaN(reading(other, kind.reading)) && comparable(board, other, kind),
  );
  if (peers.length < limits.peers_min || Number.isNaN(observed)) return undefined;
  const values = Float64Array.from(peers, (peer) => reading(peer, kind.reading));
  const { median, mad } = robustCentre(values, values.length);
  const limit = kind.limit(median, limits);
  const distance = distanceOn(kind.side, observed - median);
  if (median < kind.median_min || distance < share * Math.max(limit, limits.mads * mad)) return null;
  const agreeing = values.filter((value) => Math.abs(value - median) <= distance / 2).length;
  if (agreeing < AGREEING_SHARE * peers.length) return null;
  // A board that draws more at a lower clock has heavier work, not a fault.
  if (kind.reading === READING.clock) {
    const powers = Float64Array.from(peers, (peer) => reading(peer, READING.power));
    if (reading(board, READING.power) > MORE_POWER_RATIO * robustCentre(powers, powers.length).median) return null;
  }
  const score = distance / limit;
  return { observed, median, mad, peers: peers.length, score, severity: kind.severity(score) };
}
