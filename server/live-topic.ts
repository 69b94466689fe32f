import type { Anomaly } from '../pipeline/contract/events.ts';
import type { GpuEntry } from './fleet-view.ts';

export type TopicKind = 'fleet' | 'node' | 'gpu' | 'anomalies' | 'alerts';

/** A topic as clients spell it; null when there is none of that name. Nodes and GPUs may be unknown: they can appear later. */
export function parseTopic(name: string): { kind: TopicKind; id: string } | null {
  if (name === 'fleet' || name === 'anomalies' || name === 'alerts') return { kind: name, id: '' };
  const match = /^(node|gpu)\/(.{1,253})$/s.exec(name);
  return match === null ? null : { kind: match[1] as 'node' | 'gpu', id: match[2] as string };
}

export interface RingLimits {
  readonly deltas_max: number;
  readonly bytes_max: number;
}

/**
 * One topic that somebody listens to or did a moment ago: its place in the numbering, the last deltas for those who come
 * back, and what has changed since the last delta. Numbers begin at a value that no earlier life of the topic reached.
 */
export class LiveTopic {
  readonly name: string;
  readonly kind: TopicKind;
  readonly id: string;
  /** What sockets join to hear of it: the topics of a tenant have the names of everybody's. */
  readonly channel: string;
  seq: number;
  /** GPUs changed since the last delta. */
  readonly gpus = new Set<GpuEntry>();
  /** Conditions (anomalies, alerts) changed since the last delta, by id. */
  readonly conditions = new Map<string, Anomaly | string>();
  /** How many sessions want it, and since when nobody does (monotonic ms). */
  listeners = 0;
  idle_since = 0;
  /** What its deltas cost to send of late, ms. */
  cost_ms = 0;
  /** No delta is due before (monotonic ms). */
  rest_until = 0;
  /** The last snapshot made, good while its seq is the topic's. */
  snapshot: { readonly seq: number; readonly text: string } | null = null;
  /** Length of the last snapshot that was made; 0 before the first. */
  snapshot_length = 0;
  private readonly limits: RingLimits;
  private ring: string[] = [];
  private first = 0;
  private ringBytes = 0;

  constructor(name: string, kind: TopicKind, id: string, seq: number, limits: RingLimits, tenant = '') {
    this.name = name;
    this.channel = tenant === '' ? name : `${tenant}\u001f${name}`;
    this.kind = kind;
    this.id = id;
    this.seq = seq;
    this.limits = limits;
  }

  get dirty(): boolean {
    return this.gpus.size > 0 || this.conditions.size > 0;
  }

  /** Keeps a delta that carries `seq + 1`. */
  record(text: string): void {
    this.seq++;
    this.ring.push(text);
    this.ringBytes += text.length;
    // Deltas that are longer than the whole state together help nobody.
    const bytes_max = Math.max(this.limits.bytes_max, this.snapshot_length);
    while (this.ring.length - this.first > this.limits.deltas_max || this.ringBytes > bytes_max) {
      this.ringBytes -= (this.ring[this.first] as string).length;
      this.ring[this.first++] = '';
    }
    // Moving the rest is paid once per ring, not per delta.
    if (this.first > this.limits.deltas_max) {
      this.ring = this.ring.slice(this.first);
      this.first = 0;
    }
  }

  /** Nothing that was told before counts any more: everybody needs a snapshot. */
  forget(): void {
    this.ring = [];
    this.first = 0;
    this.ringBytes = 0;
    this.snapshot = null;
    this.gpus.clear();
    this.conditions.clear();
    this.seq++;
  }

  /** The deltas after `since`, or null when they are no longer, or not yet, there. */
  after(since: number): readonly string[] | null {
    const missed = this.seq - since;
    if (missed < 0 || missed > this.ring.length - this.first) return null;
    return missed === 0 ? [] : this.ring.slice(-missed);
  }

  /** What a session that fell behind is to get: the deltas after `since`, or null when the state anew is shorter or all there is. */
  cheapest(since: number): readonly string[] | null {
    const missed = this.after(since);
    if (missed === null) return null;
    return missed.reduce((sum, text) => sum + text.length, 0) <= this.snapshot_length ? missed : null;
  }
}
