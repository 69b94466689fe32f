import type { Anomaly } from '../pipeline/contract/events.ts';
import type { GpuEntry } from './fleet-view.ts';
import type { RecentDeltas } from './recent-deltas.ts';

export type TopicKind = 'fleet' | 'node' | 'gpu' | 'anomalies' | 'alerts';

/** A topic as clients spell it; null when there is none of that name. Nodes and GPUs may be unknown: they can appear later. */
export function parseTopic(name: string): { kind: TopicKind; id: string } | null {
  if (name === 'fleet' || name === 'anomalies' || name === 'alerts') return { kind: name, id: '' };
  const match = /^(node|gpu)\/(.{1,253})$/s.exec(name);
  return match === null ? null : { kind: match[1] as 'node' | 'gpu', id: match[2] as string };
}

/** Of the deltas that one topic keeps. */
export interface RingLimits {
  readonly deltas_max: number;
  /** Or the length of its last snapshot, where that is longer. */
  readonly bytes_max: number;
  /** How old they may be, and what those of all topics together may take. */
  readonly recent: RecentDeltas;
}

/**
 * One topic that somebody listens to or did a moment ago: its place in the numbering, the last deltas for those who come
 * back, and what has changed since the last delta. Numbers begin at a value that no earlier life of the topic reached.
 * State: at most `deltas_max` deltas within the limits, and the last snapshot.
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
  /** When each was made, as `recent` counts. */
  private seconds: number[] = [];
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
    this.seconds.push(this.limits.recent.add(text.length));
    this.ring.push(text);
    this.ringBytes += text.length;
    // Deltas that are longer than the whole state together help nobody.
    const bytes_max = Math.max(this.limits.bytes_max, this.snapshot_length);
    while (this.kept > this.limits.deltas_max || this.ringBytes > bytes_max) this.letGo();
    this.expire();
  }

  /** Lets go what has become too old, and a snapshot that nobody can be given any more. */
  expire(): void {
    if (this.snapshot !== null && (this.listeners === 0 || this.snapshot.seq !== this.seq)) this.snapshot = null;
    if (this.kept === 0) return;
    const oldest = this.limits.recent.oldest();
    while (this.kept > 0 && (this.seconds[this.first] as number) < oldest) this.letGo();
  }

  /** Nothing that was told before counts any more: everybody needs a snapshot. */
  forget(): void {
    while (this.kept > 0) this.letGo();
    this.snapshot = null;
    this.gpus.clear();
    this.conditions.clear();
    this.seq++;
  }

  private get kept(): number {
    return this.ring.length - this.first;
  }

  private letGo(): void {
    const { length } = this.ring[this.first] as string;
    this.ringBytes -= length;
    this.limits.recent.drop(this.seconds[this.first] as number, length);
    this.ring[this.first++] = '';
    // Moving the rest is paid once per as many as there are.
    if (this.first * 2 <= this.ring.length) return;
    this.ring = this.ring.slice(this.first);
    this.seconds = this.seconds.slice(this.first);
    this.first = 0;
  }

  /** The deltas after `since`, or null when they are no longer, or not yet, there. */
  after(since: number): readonly string[] | null {
    const missed = this.seq - since;
    if (missed < 0 || missed > this.kept) return null;
    return missed === 0 ? [] : this.ring.slice(-missed);
  }

  /** What a session that fell behind is to get: the deltas after `since`, or null when the state anew is shorter or all there is. */
  cheapest(since: number): readonly string[] | null {
    const missed = this.after(since);
    if (missed === null) return null;
    return missed.reduce((sum, text) => sum + text.length, 0) <= this.snapshot_length ? missed : null;
  }
}
