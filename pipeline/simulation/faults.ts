import type { Draw } from './seeded-random.ts';

/** What may go wrong in a run, each kind within what the real part may do. */
export const FAULT_KINDS = [
  /** The process is gone between two steps; what it had handed out goes on. */
  'kill',
  /** As `kill`, and the disk forgets its last renames. */
  'power',
  /** A bit of one snapshot file is another one. */
  'rot',
  /** Asked to end, and started again. */
  'restart',
  /** Writes fail for a while. */
  'disk_full',
  /** The connection to NATS breaks, or its server is away. */
  'cut',
  /** What was stored is not answered. */
  'lost_acks',
  'database_away',
  /** Rows are stored and the answer gets lost. */
  'lost_answers',
  'slow_database',
  /** The process's clock jumps. */
  'skew',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Times of trouble: epoch ms in virtual time. */
interface Spell {
  readonly from: number;
  readonly to: number;
}

/** What a seed has in store for a run. */
export interface FaultPlan {
  readonly kinds: readonly FaultKind[];
  /** Ends of the process, in order; some steps after an instant, so that any place is met. */
  readonly ends: readonly { readonly at: number; readonly steps: number; readonly kind: FaultKind }[];
  /** Nothing goes wrong from here on. */
  readonly until: number;
  /** Whether a kind of trouble is there now. */
  now(kind: FaultKind, instant: number): boolean;
}

const ENDS: readonly FaultKind[] = ['kill', 'power', 'restart'];
const SPELLS: readonly FaultKind[] = [
  'disk_full',
  'cut',
  'lost_acks',
  'database_away',
  'lost_answers',
  'slow_database',
  'skew',
];

/** A seed's faults: some kinds out of all, so that they also come alone. `without` leaves kinds out and moves no other. */
export function planFaults(
  draw: Draw,
  span: { readonly from: number; readonly to: number },
  without: readonly FaultKind[],
): FaultPlan {
  const share = draw.between(0.15, 0.9);
  const drawn = FAULT_KINDS.filter(() => draw.chance(share));
  if (!drawn.some((kind) => ENDS.includes(kind))) drawn.push('kill');
  const kinds = drawn.filter((kind) => !without.includes(kind));
  const length = span.to - span.from;
  const ends = Array.from({ length: 2 + draw.below(6) }, () => ({
    at: span.from + draw.unit() * length,
    steps: draw.below(30),
    kind: draw.pick(ENDS.filter((kind) => drawn.includes(kind))),
  }))
    // Some come again at once: while it starts.
    .flatMap((end) => (draw.chance(0.3) ? [end, { ...end, at: end.at + draw.between(100, 1_500) }] : [end]))
    .filter(({ kind }) => kinds.includes(kind))
    .sort((a, b) => a.at - b.at);
  const spells = new Map<FaultKind, Spell[]>();
  for (const kind of SPELLS) {
    const times = Array.from({ length: 1 + draw.below(4) }, () => {
      const from = span.from + draw.unit() * length;
      const longest = draw.chance(0.1) ? length : length / 10;
      return { from, to: Math.min(span.to, from + draw.unit() * longest) };
    });
    if (kinds.includes(kind)) spells.set(kind, times);
  }
  return {
    kinds,
    ends,
    until: span.to,
    now: (kind, instant) => (spells.get(kind) ?? []).some(({ from, to }) => instant >= from && instant < to),
  };
}

export const NO_FAULTS: FaultPlan = { kinds: [], ends: [], until: 0, now: () => false };
