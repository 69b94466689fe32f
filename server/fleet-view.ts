import type { Clock } from '../pipeline/clock.ts';
import type { Anomaly, Attribution, Severity } from '../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../pipeline/contract/metrics.ts';
import type { FrameIdentity } from '../sinks/live/frame-format.ts';
import { VerdictBook, type VerdictChange } from './verdict-now.ts';

/** A GPU or MIG instance as the read side last saw it. */
export interface GpuEntry {
  /** Row in the view's arrays; never changes. */
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
  /** Rises with every change of this entry. */
  revision: number;
}

export interface FleetViewOptions {
  readonly clock: Clock;
  /** A GPU is stale when nothing came for so long. */
  readonly stale_after_ms?: number;
  /** `left` is the node that the GPU was on before, when this change moved it. */
  readonly onChange?: (entry: GpuEntry, left: string | null) => void;
  readonly onAnomaly?: (anomaly: Anomaly) => void;
}

const STALE_AFTER_MS_DEFAULT = 60_000;
const SEVERITY_ORDER: readonly Severity[] = ['critical', 'warning', 'info'];

export const bySeverityThenTime = (a: Anomaly, b: Anomaly): number =>
  SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity) || b.opened_at - a.opened_at;

/**
 * The latest state of every GPU and MIG instance, its open anomalies and what is thought of it: fed from frames and rows, seeded
 * from the database. Older samples than the known one are ignored, so feeding in any order ends the same.
 * State: about 2 kB per GPU. One look-up and one array copy per row.
 */
export class FleetView {
  readonly stale_after_ms: number;
  /** Rises with every change: what a cache of answers compares. */
  revision = 0;
  /** Event time of the newest sample, NaN before the first. */
  newest_ts = Number.NaN;
  readonly verdicts = new VerdictBook();
  private readonly options: FleetViewOptions;
  private readonly entries: GpuEntry[] = [];
  private readonly byKey = new Map<string, GpuEntry>();
  private readonly byUuid = new Map<string, GpuEntry[]>();
  private readonly byNode = new Map<string, Set<GpuEntry>>();
  private readonly nodeConditions = new Map<string, Anomaly>();
  private values = new Float64Array(64 * METRIC_COUNT);
  private sorted: GpuEntry[] | null = [];

  constructor(options: FleetViewOptions) {
    this.options = options;
    this.stale_after_ms = options.stale_after_ms ?? STALE_AFTER_MS_DEFAULT;
  }

  get size(): number {
    return this.entries.length;
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

  /** Marks what has become stale; call it about once a second. */
  sweep(): void {
    const limit = this.options.clock.now() - this.stale_after_ms;
    for (const entry of this.entries) {
      if (!entry.stale && entry.received_at < limit && !Number.isNaN(entry.ts)) {
        entry.stale = true;
        this.changed(entry);
      }
    }
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
    this.sorted ??= [...this.entries].sort(byIdentity);
    return this.sorted;
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
    for (const entry of this.entries) {
      if (entry.anomalies.size > 0) open.push(...entry.anomalies.values());
    }
    return open.sort(bySeverityThenTime);
  }

  private changed(entry: GpuEntry, left: string | null = null): void {
    entry.revision++;
    this.revision++;
    this.options.onChange?.(entry, left);
  }

  private entry(uuid: string, instance: string, node: string): GpuEntry {
    const key = keyOf(uuid, instance);
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const entry: GpuEntry = {
      index: this.entries.length,
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
      revision: 0,
    };
    this.entries.push(entry);
    this.byKey.set(key, entry);
    this.byUuid.set(uuid, [...(this.byUuid.get(uuid) ?? []), entry].sort(byIdentity));
    this.join(entry, node);
    this.sorted = null;
    if (this.entries.length * METRIC_COUNT > this.values.length) {
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

  private move(entry: GpuEntry, node: string): void {
    const left = this.byNode.get(entry.node);
    left?.delete(entry);
    if (left?.size === 0) this.byNode.delete(entry.node);
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

function byIdentity(a: GpuEntry, b: GpuEntry): number {
  const [x, y] = [identityOf(a), identityOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
