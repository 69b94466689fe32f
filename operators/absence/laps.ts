import { MEMBER_COLUMNS } from '../core/node-members.ts';

export const SEEN_MAX = 255;

/**
 * Scrapes are told apart by who comes again: a lap of a node is a run of rows in which no GPU comes twice, so it does not
 * matter whether the rows of a scrape share one ts, differ by the exporter's milliseconds or come in another order.
 */
export const LAP_COLUMNS = {
  ...MEMBER_COLUMNS,
  last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** Usual time between the GPU's rows. */
  interval_ms: { scope: 'gpu', type: 'f32', width: 1, initial: 0 },
  /** The node's lap that last had the GPU. */
  lap: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** The most that a row of the GPU ever showed (hollow-row.ts), and the lap that last had one which showed less. */
  sight: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  hollow_lap: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** Laps that had the GPU since it arrived on this node or in another slot of it, up to SEEN_MAX. */
  seen: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** Hash of its slot as of the last heartbeat; 0 = not known yet. */
  slot: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  node_lap: { scope: 'node', type: 'u32', width: 1, initial: 1 },
  /** When the lap began. */
  lap_ts: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  /** GPUs that the lap has had, and how many it would have were all there. */
  lap_rows: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  expected: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  cadence_ms: { scope: 'node', type: 'f32', width: 1, initial: 0 },
} as const;

/** A usual interval: falls at once, and doubles at most, so that one gap hardly shows. */
export const usualInterval = (usual: number, now: number): number => (usual === 0 ? now : Math.min(now, 2 * usual));
