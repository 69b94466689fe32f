import { type Draw, seededDraw } from '../../pipeline/simulation/seeded-random.ts';
import type { Skew } from './skewed-clock.ts';

/** Processes that can be killed and stopped. The alert desk lives in the engine. */
export const PARTS = ['nats', 'questdb', 'collector', 'engine', 'api'] as const;
export type Part = (typeof PARTS)[number];

/** Connections that can be cut, held up and slowed, by who calls and who is called. */
export const LINKS = [
  'collector-targets',
  'collector-nats',
  'engine-nats',
  'engine-rows',
  'engine-sql',
  'api-nats',
  'api-sql',
] as const;
export type Link = (typeof LINKS)[number];

/** Parts with a disk of their own that can run full. */
export const DISKS = ['nats', 'questdb', 'collector', 'engine'] as const;
export type DiskOwner = (typeof DISKS)[number];

export const FAULT_KINDS = ['kill', 'stop', 'cut', 'stall', 'slow', 'disk_full', 'skew'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type Fault =
  | {
      readonly kind: 'kill';
      /** One, or two at once. */
      readonly parts: readonly Part[];
      readonly down_ms: number;
      /** Once more, so long after it was started again: while it recovers. Null: no more. */
      readonly again_ms: number | null;
    }
  | { readonly kind: 'stop'; readonly part: Part; readonly for_ms: number }
  | { readonly kind: 'cut' | 'stall' | 'slow'; readonly link: Link; readonly for_ms: number }
  | { readonly kind: 'disk_full'; readonly disk: DiskOwner; readonly for_ms: number };

/** A fault, and when it comes: when the fleet has told this tick, and then so much later. */
export interface PlannedFault {
  readonly tick: number;
  readonly after_ms: number;
  readonly fault: Fault;
}

export interface ChaosPlan {
  readonly kinds: readonly FaultKind[];
  readonly faults: readonly PlannedFault[];
  /** The clock of the n-th life of a process. */
  readonly skewOf: (part: Part, life: number) => Skew | null;
  readonly engine_threads: number;
}

const SKEW_MAX_MS = 90 * 60_000;

/**
 * What a seed has in store for a run of so many ticks. Some kinds out of all, so that they also come alone; nothing begins in
 * the last tenth. `without` leaves kinds out and moves no other fault.
 */
export function chaosPlan(seed: number, ticks: number, without: readonly FaultKind[] = []): ChaosPlan {
  const draw = seededDraw(seed, 1);
  const share = draw.between(0.2, 0.8);
  const drawn = FAULT_KINDS.filter(() => draw.chance(share));
  if (drawn.length === 0 || (drawn.length === 1 && drawn[0] === 'skew')) drawn.push('kill');
  const active = drawn.filter((kind) => kind !== 'skew');
  const count = 3 + draw.below(5);
  const faults = Array.from({ length: count }, () => {
    const kind = draw.pick(active);
    return { tick: draw.below(Math.floor(ticks * 0.9)), after_ms: draw.below(400), fault: drawFault(kind, draw) };
  });
  const kinds = drawn.filter((kind) => !without.includes(kind));
  const engine_threads = draw.chance(0.3) ? 2 : 1;
  return {
    kinds,
    faults: faults.filter(({ fault }) => kinds.includes(fault.kind)).sort((a, b) => a.tick - b.tick),
    engine_threads,
    skewOf(part, life) {
      if (!kinds.includes('skew')) return null;
      const own = seededDraw(seed, 100 + PARTS.indexOf(part) * 1_000 + life);
      const off = (): number => Math.round(own.between(-SKEW_MAX_MS, SKEW_MAX_MS));
      return own.chance(0.3) ? null : { off_ms: off(), jump_after_ms: own.below(12_000), then_off_ms: off() };
    },
  };
}

export const NO_CHAOS: ChaosPlan = { kinds: [], faults: [], skewOf: () => null, engine_threads: 1 };

function drawFault(kind: Exclude<FaultKind, 'skew'>, draw: Draw): Fault {
  const for_ms = Math.round(draw.between(300, 4_000));
  switch (kind) {
    case 'kill': {
      const first = draw.pick(PARTS);
      const second = draw.pick(PARTS.filter((part) => part !== first));
      return {
        kind,
        parts: draw.chance(0.3) ? [first, second] : [first],
        down_ms: draw.chance(0.3) ? 0 : draw.below(2_500),
        again_ms: draw.chance(0.3) ? draw.below(2_500) : null,
      };
    }
    case 'stop':
      return { kind, part: draw.pick(PARTS), for_ms };
    case 'disk_full':
      return { kind, disk: draw.pick(DISKS), for_ms };
    case 'slow':
      return { kind, link: draw.chance(0.8) ? 'engine-rows' : draw.pick(LINKS), for_ms: for_ms * 2 };
    case 'cut':
    case 'stall':
      return { kind, link: draw.pick(LINKS), for_ms: draw.chance(0.3) ? 0 : for_ms };
  }
}

/** A fault in words, for people who follow a run. */
export function faultInWords(fault: Fault): string {
  switch (fault.kind) {
    case 'kill': {
      const again = fault.again_ms === null ? '' : `, again ${fault.again_ms} ms after its start`;
      return `kill -9 ${fault.parts.join(' and ')}, down for ${fault.down_ms} ms${again}`;
    }
    case 'stop':
      return `stop ${fault.part} for ${fault.for_ms} ms`;
    case 'disk_full':
      return `the disk of ${fault.disk} is full for ${fault.for_ms} ms`;
    default:
      return `${fault.kind} ${fault.link} for ${fault.for_ms} ms`;
  }
}
