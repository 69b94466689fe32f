import type { Clock } from '../pipeline/clock.ts';
import type { Anomaly, Attribution, Severity } from '../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../pipeline/contract/metrics.ts';
import type { FrameIdentity } from '../sinks/live/frame-format.ts';
import { VerdictBook, type VerdictChange } from './verdict-now.ts';

/** A GPU or MIG instance as the read side last saw it. */
export interface GpuEntry {
  /** Row in the view's arrays; another may have it when this one is forgotten. */
  readonly index: number;
  readonly gpu_uuid: string;
  readonly instance: string;
  node: string;
  model: string;
  slot: string;
  attribution: readonly Attribution[];
  /** Event time of the latest sample, epoch ms; NaN before the first. */
  ts: number;
  /** When that sample came here, by our clock: staleness is judged by it, since event time may run at another speed. */
  received_at: number;
  stale: boolean;
  readonly anomalies: Map<string, Anomaly>;
  /** Rises with every change of this entry; no other ever has the same. */
  revision: number;
}

export interface FleetViewOptions {
  readonly clock: Clock;
  /** A GPU is stale when nothing came for so long. */
  readonly stale_after_ms?: number;
  /** A GPU without an open anomaly is forgotten when nothing came for so long; as late as the engine when absent. */
  readonly forget_after_ms?: number;
  /** `left` is the node that the GPU was on before, when this change moved it. */
  readonly onChange?: (entry: GpuEntry, left: string | null) => void;
  readonly onAnomaly?: (anomaly: Anomaly) => void;
  /** GPUs were forgotten. */
  readonly onForget?: () => void;
}

const STALE_AFTER_MS_DEFAULT = 60_000;
const FORGET_AFTER_MS_DEFAULT = 30 * 86_400_000;
/** Whoever follows the fleet gets its whole state anew when GPUs were forgotten. */
const FORGET_EVERY_MS = 3_600_000;
const SEVERITY_ORDER: readonly Severity[] = ['critical', 'warning', 'info'];

export const bySeverityThenTime = (a: Anomaly, b: Anomaly): number =>
  SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity) || b.opened_at - a.opened_at;

/**
 * The latest state of every GPU and MIG instance, its open anomalies and what is thought of it: fed from frames and rows, seeded
 * from the database. Older samples than the known one are ignored, so feeding in any order ends the same.
 * State: about 2 kB for every GPU that was heard of within `forget_after_ms` or has an open anomaly, and as much of verdicts. One
 * look-up and one array copy per row.
 */
export class FleetView {
  readonly stale_after_ms: number;
  /** Rises with every change: what a cache of answers compares. */
  revision = 0;
  /** Event time of the newest sample, NaN before the first. */
  newest_ts = Number.NaN;
  readonly verdicts = new VerdictBook();
  private readonly options: FleetViewOptions;
  private readonly forget_after_ms: number;
  private readonly byKey = new Map<string, GpuEntry>();
  private readonly byUuid = new Map<string, readonly GpuEntry[]>();
  private readonly byNode = new Map<string, Set<GpuEntry>>();
  private readonly nodeConditions = new Map<string, Anomaly>();
  private values = new Float64Array(64 * METRIC_COUNT);
  private sorted: GpuEntry[] | null = [];
  /** Rows in `values`: how many were ever used, and which of them are nobody's. */
  private rows = 0;
  private readonly free: number[] = [];
  private forgot_at: number;

  constructor(options: FleetViewOptions) {
    this.options = options;
    this.stale_after_ms = options.stale_after_ms ?? STALE_AFTER_MS_DEFAULT;
    this.forget_after_ms = options.forget_after_ms ?? FORGET_AFTER_MS_DEFAULT;
    this.forgot_at = options.clock.now();
  }

  get size(): number {
    return this.byKey.size;
  }

  /** A sample; `values` is copied. A seed says when it was taken by setting `receivedAt`. */
  applySample(who: FrameIdentity, ts: number, values: Float64Array, receivedAt = this.options.clock.now()): void {
    const entry = this.entry(who.gpu_uuid, who.instance, who.node);
    if (entry.ts > ts || Number.isNaN(ts)) return;
    const left = entry.node === who.node ? null : entry.node;
    if (left !== null) this.move(entry, who.node);
    entry.model = who.model || entry.model;
    entry.slot = who.slot || entry.slot;
    entry.attribution = who.attribution;
    entry.ts = ts;
    entry.received_at = receivedAt;
    entry.stale = this.options.clock.now() - receivedAt > this.stale_after_ms;
    this.values.set(values, entry.index * METRIC_COUNT);
    if (!(this.newest_ts >= ts)) this.newest_ts = ts;
    this.changed(entry, left);
  }

  /** An anomaly opened, changed or closed. One without a GPU is of its whole node. */
  applyAnomaly(anomaly: Anomaly): void {
    if (anomaly.gpu_uuid === '') {
      if (anomaly.state === 'open') this.nodeConditions.set(anomaly.id, anomaly);
      else this.nodeConditions.delete(anomaly.id);
      this.revision++;
      this.options.onAnomaly?.(anomaly);
      return;
    }
    const entry = this.entry(anomaly.gpu_uuid, anomaly.instance, anomaly.node);
    if (anomaly.state === 'open') entry.anomalies.set(anomaly.id, anomaly);
    else entry.anomalies.delete(anomaly.id);
    this.options.onAnomaly?.(anomaly);
    this.changed(entry);
  }

  /** A score, prediction or decision. It is kept also when its GPU has not been seen yet. */
  applyVerdict(change: VerdictChange): void {
    if (!this.verdicts.apply(change)) return;
    const { gpu_uuid } = change;
    if (change.kind === 'decision') for (const entry of this.ofGpu(gpu_uuid)) this.changed(entry);
    else {
      const entry = this.find(gpu_uuid, change.row.instance);
      if (entry !== undefined) this.changed(entry);
    }
  }

  /** Marks what has become stale, and forgets what has been for long; call it about once a second. */
  sweep(): void {
    const now = this.options.clock.now();
    const limit = now - this.stale_after_ms;
    for (const entry of this.byKey.values()) {
      if (!entry.stale && entry.received_at < limit && !Number.isNaN(entry.ts)) {
        entry.stale = true;
        this.changed(entry);
      }
    }
    if (now - this.forgot_at < FORGET_EVERY_MS) return;
    this.forgot_at = now;
    this.forgetBefore(now - this.forget_after_ms);
  }

  private forgetBefore(limit: number): void {
    this.verdicts.forgetBefore(this.newest_ts - this.forget_after_ms);
    const gone = [...this.byKey.values()].filter((one) => one.received_at < limit && one.anomalies.size === 0);
    for (const entry of gone) {
      const { gpu_uuid, instance, index } = entry;
      this.byKey.delete(keyOf(gpu_uuid, instance));
      const others = this.ofGpu(gpu_uuid).filter((one) => one !== entry);
      if (others.length > 0) this.byUuid.set(gpu_uuid, others);
      else this.byUuid.delete(gpu_uuid);
      this.leave(entry);
      this.free.push(index);
    }
    if (gone.length === 0) return;
    this.sorted = null;
    this.revision++;
    this.options.onForget?.();
  }

  value(entry: GpuEntry, metric: number): number {
    return this.values[entry.index * METRIC_COUNT + metric] as number;
  }

  find(uuid: string, instance: string): GpuEntry | undefined {
    return this.byKey.get(keyOf(uuid, instance));
  }

  /** The board first, then its MIG instances in the order of their ids; empty when it was never seen. */
  ofGpu(uuid: string): readonly GpuEntry[] {
    return this.byUuid.get(uuid) ?? [];
  }

  ofNode(node: string): Iterable<GpuEntry> {
    return this.byNode.get(node) ?? [];
  }

  /** All, ordered by UUID and instance. */
  all(): readonly GpuEntry[] {
    this.sorted ??= [...this.byKey.values()].sort(byIdentity);
    return this.sorted;
  }

  uuids(): readonly string[] {
    return [...this.byUuid.keys()];
  }

  nodes(): readonly string[] {
    return [...this.byNode.keys()];
  }

  /** Open anomalies of whole nodes. */
  nodeAnomalies(): Iterable<Anomaly> {
    return this.nodeConditions.values();
  }

  /** Open anomalies of all GPUs and nodes, worst first, newest first. */
  openAnomalies(): Anomaly[] {
    const open: Anomaly[] = [...this.nodeConditions.values()];
    for (const entry of this.byKey.values()) {
      if (entry.anomalies.size > 0) open.push(...entry.anomalies.values());
    }
    return open.sort(bySeverityThenTime);
  }

  private changed(entry: GpuEntry, left: string | null = null): void {
    entry.revision = ++this.revision;
    this.options.onChange?.(entry, left);
  }

  private entry(uuid: string, instance: string, node: string): GpuEntry {
    const key = keyOf(uuid, instance);
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const entry: GpuEntry = {
      index: this.free.pop() ?? this.rows++,
      gpu_uuid: uuid,
      instance,
      node,
      model: '',
      slot: '',
      attribution: [],
      ts: Number.NaN,
      received_at: this.options.clock.now(),
      stale: false,
      anomalies: new Map(),
      revision: ++this.revision,
    };
    this.byKey.set(key, entry);
    this.byUuid.set(uuid, [...(this.byUuid.get(uuid) ?? []), entry].sort(byIdentity));
    this.join(entry, node);
    this.sorted = null;
    if (this.rows * METRIC_COUNT > this.values.length) {
      const grown = new Float64Array(this.values.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values.fill(Number.NaN, entry.index * METRIC_COUNT, (entry.index + 1) * METRIC_COUNT);
    return entry;
  }

  private join(entry: GpuEntry, node: string): void {
    const there = this.byNode.get(node);
    if (there === undefined) this.byNode.set(node, new Set([entry]));
    else there.add(entry);
  }

  private leave(entry: GpuEntry): void {
    const left = this.byNode.get(entry.node);
    left?.delete(entry);
    if (left?.size === 0) this.byNode.delete(entry.node);
  }

  private move(entry: GpuEntry, node: string): void {
    this.leave(entry);
    entry.node = node;
    this.join(entry, node);
  }
}

/** What is read of a view: the whole fleet's, or that of one tenant. */
export type FleetReading = Pick<
  FleetView,
  | 'stale_after_ms'
  | 'revision'
  | 'newest_ts'
  | 'size'
  | 'value'
  | 'find'
  | 'ofGpu'
  | 'ofNode'
  | 'all'
  | 'nodes'
  | 'nodeAnomalies'
  | 'openAnomalies'
> & { readonly verdicts: Pick<VerdictBook, 'health' | 'prediction' | 'decision'> };

const keyOf = (uuid: string, instance: string): string => (instance === '' ? uuid : `${uuid}\u001f${instance}`);

/** Sorts like the identity: by UUID, the board first, then its instances by number. */
export const identityOf = (entry: Pick<GpuEntry, 'gpu_uuid' | 'instance'>): string =>
  `${entry.gpu_uuid}\u001f${entry.instance === '' ? '' : entry.instance.padStart(4, '0')}`;

export function byIdentity(a: GpuEntry, b: GpuEntry): number {
  const [x, y] = [identityOf(a), identityOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
