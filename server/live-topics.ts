import { randomInt } from 'node:crypto';
import type { Clock } from '../pipeline/clock.ts';
import type { Anomaly } from '../pipeline/contract/events.ts';
import type { FleetReading, GpuEntry } from './fleet-view.ts';
import { instantText } from './instant.ts';
import { LiveTopic, parseTopic, type RingLimits } from './live-topic.ts';
import { anomalyJson, gpuState, summaryTexts } from './view-json.ts';

export interface LiveTopicsOptions extends RingLimits {
  readonly clock: Clock;
  readonly view: FleetReading;
  /** A topic that nobody listens to is kept for so long. */
  readonly keep_ms: number;
  /** Beyond so many, topics without a listener are forgotten at once. */
  readonly topics_max: number;
  readonly alerts_max: number;
  /** Whose topics these are; everybody's when absent. */
  readonly tenant?: string;
  /** Where topics with changes are gathered; a set of its own when absent. */
  readonly dirty?: Set<LiveTopic>;
}

/** In microseconds, twelve days: so many deltas as could make two servers' numbers meet are not kept. */
const APART_MAX = 2 ** 40;

/** What of an alert tells whose it is. */
export interface AlertTold {
  readonly id: string;
  readonly state: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly source: string;
  readonly tenant: string;
  readonly opened_at: number | null;
}

/** The topics in use: who is touched by a change, and the texts of deltas and snapshots, each made once for all listeners. */
export class LiveTopics {
  /** Topics with changes that no delta carries yet. */
  readonly dirty: Set<LiveTopic>;
  private readonly options: LiveTopicsOptions;
  private readonly topics = new Map<string, LiveTopic>();
  private readonly nodes = new Map<string, LiveTopic>();
  private readonly gpus = new Map<string, LiveTopic>();
  private readonly alerts = new Map<string, { readonly alert: AlertTold; readonly json: string }>();
  private readonly summary: (entry: GpuEntry) => string;
  /** Somebody may come from a server beside this one, where the topic was begun in the same millisecond. */
  private readonly apart = randomInt(APART_MAX);
  private seqFloor = 0;

  constructor(options: LiveTopicsOptions) {
    this.options = options;
    this.dirty = options.dirty ?? new Set();
    this.summary = summaryTexts(options.view);
  }

  /** The topic of that name, begun if need be; null when the name is none. */
  open(name: string): LiveTopic | null {
    const known = this.topics.get(name);
    if (known !== undefined) return known;
    const parsed = parseTopic(name);
    if (parsed === null) return null;
    // Microseconds of the clock, from a point of our own: beyond every number of an earlier life, and far from other processes'.
    this.seqFloor = Math.max(this.seqFloor + 1, Math.floor(this.options.clock.now() * 1_000) + this.apart);
    const topic = new LiveTopic(name, parsed.kind, parsed.id, this.seqFloor, this.options, this.options.tenant);
    topic.idle_since = this.options.clock.monotonic();
    this.topics.set(name, topic);
    if (topic.kind === 'node') this.nodes.set(topic.id, topic);
    if (topic.kind === 'gpu') this.gpus.set(topic.id, topic);
    return topic;
  }

  all(): Iterable<LiveTopic> {
    return this.topics.values();
  }

  openAlerts(): Iterable<{ readonly alert: AlertTold; readonly json: string }> {
    return this.alerts.values();
  }

  /** These are the open alerts from now on. */
  setAlerts(open: Iterable<{ readonly alert: AlertTold; readonly json: string }>): void {
    this.alerts.clear();
    for (const one of open) this.alerts.set(one.alert.id, one);
  }

  get size(): number {
    return this.topics.size;
  }

  touchGpu(entry: GpuEntry, left: string | null): void {
    this.mark(this.topics.get('fleet'), entry);
    this.mark(this.nodes.get(entry.node), entry);
    if (left !== null) this.mark(this.nodes.get(left), entry);
    this.mark(this.gpus.get(entry.gpu_uuid), entry);
  }

  touchAnomaly(anomaly: Anomaly): void {
    const topic = this.topics.get('anomalies');
    if (topic === undefined) return;
    topic.conditions.set(anomaly.id, anomaly);
    this.dirty.add(topic);
  }

  touchAlert(alert: AlertTold, json: string): void {
    if (alert.state === 'closed') this.alerts.delete(alert.id);
    else if (this.alerts.has(alert.id) || this.alerts.size < this.options.alerts_max) {
      this.alerts.set(alert.id, { alert, json });
    }
    const topic = this.topics.get('alerts');
    if (topic === undefined) return;
    topic.conditions.set(alert.id, json);
    this.dirty.add(topic);
  }

  /** Turns what has changed into the topic's next delta; null when nothing has. */
  takeDelta(topic: LiveTopic): string | null {
    this.dirty.delete(topic);
    if (!topic.dirty) return null;
    let data: string;
    if (topic.kind === 'gpu') data = JSON.stringify(gpuState(this.options.view, topic.id));
    else if (topic.gpus.size > 0) data = list(topic.gpus, this.summary);
    else data = list(topic.conditions.values(), conditionJson);
    topic.gpus.clear();
    topic.conditions.clear();
    const text = this.envelope(topic.name, topic.seq + 1, 'delta', data);
    topic.record(text);
    return text;
  }

  /** The whole state, numbered with the last delta that it contains. */
  snapshot(topic: LiveTopic): string {
    if (topic.snapshot?.seq !== topic.seq) {
      topic.snapshot = { seq: topic.seq, text: this.envelope(topic.name, topic.seq, 'snapshot', this.state(topic)) };
      topic.snapshot_length = topic.snapshot.text.length;
    }
    return topic.snapshot.text;
  }

  gap(topic: LiveTopic, from: number | null): string {
    return this.envelope(topic.name, topic.seq, 'gap', `{"from":${from},"to":${topic.seq}}`);
  }

  envelope(topic: string | null, seq: number | null, type: string, data: string): string {
    const ts = instantText(this.options.clock.now());
    return `{"topic":${JSON.stringify(topic)},"seq":${seq},"type":"${type}","ts":"${ts}","data":${data}}`;
  }

  /** Forgets topics that nobody has listened to for a while, and old deltas of the others. */
  expire(): void {
    const limit = this.options.clock.monotonic() - this.options.keep_ms;
    for (const topic of this.topics.values()) {
      topic.expire();
      if (topic.listeners > 0) continue;
      if (topic.idle_since > limit && this.topics.size <= this.options.topics_max) continue;
      this.seqFloor = Math.max(this.seqFloor, topic.seq);
      topic.forget();
      this.topics.delete(topic.name);
      this.nodes.delete(topic.kind === 'node' ? topic.id : '');
      this.gpus.delete(topic.kind === 'gpu' ? topic.id : '');
      this.dirty.delete(topic);
    }
  }

  private mark(topic: LiveTopic | undefined, entry: GpuEntry): void {
    if (topic === undefined) return;
    topic.gpus.add(entry);
    this.dirty.add(topic);
  }

  private state(topic: LiveTopic): string {
    const { view } = this.options;
    switch (topic.kind) {
      case 'fleet':
        return list(view.all(), this.summary);
      case 'node':
        return list(view.ofNode(topic.id), this.summary);
      case 'gpu':
        return JSON.stringify(gpuState(view, topic.id));
      case 'anomalies':
        return list(view.openAnomalies(), anomalyJson);
      case 'alerts':
        return list(this.alerts.values(), ({ json }) => json);
    }
  }
}

const conditionJson = (condition: Anomaly | string): string =>
  typeof condition === 'string' ? condition : anomalyJson(condition);

function list<T>(items: Iterable<T>, json: (item: T) => string): string {
  let text = '[';
  for (const item of items) text += text.length === 1 ? json(item) : `,${json(item)}`;
  return `${text}]`;
}
