import type { Subscription } from 'rxjs';
import type { LiveClient, LiveUpdate } from '../../live-client.ts';
import type { AnomalyAnswer, AssetAnswer, GpuSummary } from '../../schemas.ts';
import type { HealthAnswer } from './answers.ts';
import { type BoardHealth, healthOf, isCurrent, worstPart } from './board-health.ts';
import type { BoardRisk } from './board-risk.ts';
import { type FleetGpu, fleetGpu, type Severity } from './fleet-gpu.ts';

/** Where a GPU stands, as far as the inventory tells. */
export interface Place {
  readonly cluster: string;
  readonly rack: string;
}

const RATE_SPAN_MS = 10_000;
const RATE_SPAN_MIN_MS = 2_000;
const KEEP_MS = 30_000;
const ROWS_AT_ONCE = 4_000;

/**
 * The fleet as this page knows it, fed by the topics `fleet` and `anomalies`. Listeners are told at most every
 * `calm_ms` (longer for large fleets), so that drawing never follows every message. About 600 B a GPU.
 */
export class FleetStore {
  /** Rises with every change. */
  version = 0;
  /** Rises when GPUs come, go or move: when an order or a layout is no longer good. */
  structure = 0;
  /** False until the first snapshot. */
  ready = false;
  readonly gpus = new Map<string, FleetGpu>();
  /** Open anomalies by id. */
  readonly anomalies = new Map<string, AnomalyAnswer>();
  readonly places = new Map<string, Place>();
  /** Rises when a critical anomaly opens, becomes one or closes: scores change with it. */
  criticals = 0;
  /** The same, for warnings too: incidents change with it. */
  alarms = 0;
  /** Event time of the newest score, ISO text; null before the first. */
  scored_at: string | null = null;
  /** Why scores cannot be read just now; null while they can. */
  scores_failure: string | null = null;
  /** GPUs that the snapshot under way has told of: the picture before it stays until it is whole. */
  private seen: Set<string> | null = null;
  private readonly waiting: LiveUpdate<readonly GpuSummary[]>[] = [];
  private risks: ReadonlyMap<string, BoardRisk> = new Map();
  private readonly scores = new Map<string, readonly BoardHealth[]>();
  private readonly client: LiveClient;
  private readonly now: () => number;
  private readonly rows = new Map<string, [GpuSummary, ...GpuSummary[]]>();
  private readonly listeners = new Set<() => void>();
  private readonly seqs = new Map<string, number>();
  private subscriptions: Subscription[] = [];
  private users = 0;
  private snapshot_at = 0;
  private leaving: ReturnType<typeof setTimeout> | undefined;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private arrivals: { at: number; samples: number }[] = [];

  constructor(client: LiveClient, now: () => number = Date.now) {
    this.client = client;
    this.now = now;
  }

  /** Keeps the store fed until the returned function is called, and half a minute longer: going back is then free. */
  use(): () => void {
    clearTimeout(this.leaving);
    this.users++;
    if (this.subscriptions.length === 0) {
      this.subscriptions = [
        this.follow<readonly GpuSummary[]>('fleet', (update) => this.applyFleet(update)),
        this.follow<readonly AnomalyAnswer[]>('anomalies', (update) => this.applyAnomalies(update)),
      ];
    }
    return () => {
      if (--this.users > 0) return;
      this.leaving = setTimeout(() => {
        for (const subscription of this.subscriptions) subscription.unsubscribe();
        this.subscriptions = [];
      }, KEEP_MS);
    };
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A long snapshot is taken in parts with room for input in between; what comes meanwhile waits for it. */
  applyFleet(update: LiveUpdate<readonly GpuSummary[]>): void {
    if (this.waiting.length === 0 && update.data.length <= ROWS_AT_ONCE) {
      this.begin(update);
      this.finish(update, this.applyRows(update.data));
      return;
    }
    if (update.type === 'snapshot' && this.waiting.length > 1) this.waiting.splice(1);
    this.waiting.push(update);
    if (this.waiting.length === 1) void this.takeWaiting();
  }

  private async takeWaiting(): Promise<void> {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      this.begin(next);
      let samples = 0;
      for (let at = 0; at < next.data.length; at += ROWS_AT_ONCE) {
        samples += this.applyRows(next.data.slice(at, at + ROWS_AT_ONCE));
        await new Promise((resolve) => setTimeout(resolve));
      }
      this.finish(next, samples);
      this.waiting.shift();
    }
  }

  private begin({ type }: LiveUpdate<readonly GpuSummary[]>): void {
    if (type === 'delta') return;
    this.seen = new Set();
    this.snapshot_at = this.now();
    this.arrivals = [];
  }

  private applyRows(rows: readonly GpuSummary[]): number {
    let samples = 0;
    for (const row of rows) {
      if (this.seen !== null && !this.seen.has(row.gpu_uuid)) {
        this.seen.add(row.gpu_uuid);
        this.rows.delete(row.gpu_uuid);
      }
      samples += this.applyRow(row) ? 1 : 0;
    }
    return samples;
  }

  private finish({ type }: LiveUpdate<readonly GpuSummary[]>, samples: number): void {
    if (type === 'snapshot') {
      for (const uuid of this.gpus.keys()) if (this.seen?.has(uuid) === false) this.forget(uuid);
      this.seen = null;
      this.ready = true;
    } else this.arrivals.push({ at: this.now(), samples });
    this.changed();
  }

  applyAnomalies(update: LiveUpdate<readonly AnomalyAnswer[]>): void {
    const [criticals, warnings] = [this.idsOf('critical'), this.idsOf('warning')];
    if (update.type === 'snapshot') this.anomalies.clear();
    for (const anomaly of update.data) {
      if (anomaly.state === 'open') this.anomalies.set(anomaly.id, anomaly);
      else this.anomalies.delete(anomaly.id);
    }
    const changed = this.idsOf('critical') !== criticals;
    if (changed) this.criticals++;
    if (changed || this.idsOf('warning') !== warnings) this.alarms++;
    this.changed();
  }

  /** Scores newer than those known; a board is shown by its worst part. */
  applyHealth(answers: readonly HealthAnswer[]): void {
    this.scores_failure = null;
    const touched = new Set<string>();
    for (const answer of answers) {
      const parts = this.scores.get(answer.gpu_uuid) ?? [];
      const known = parts.find(({ instance }) => instance === answer.instance);
      if (known !== undefined && known.ts >= answer.ts) continue;
      this.scores.set(answer.gpu_uuid, [...parts.filter((part) => part !== known), healthOf(answer)]);
      touched.add(answer.gpu_uuid);
      if (this.scored_at === null || answer.ts > this.scored_at) this.scored_at = answer.ts;
    }
    for (const gpu of this.gpus.values()) {
      const current = gpu.health !== null && isCurrent(gpu.health.ts, gpu.ts);
      if (!touched.has(gpu.gpu_uuid) && (current || gpu.health === null)) continue;
      this.gpus.set(gpu.gpu_uuid, { ...gpu, health: this.healthOf(gpu.gpu_uuid, gpu.ts) });
    }
    this.changed();
  }

  private forget(gpu_uuid: string): void {
    this.gpus.delete(gpu_uuid);
    this.rows.delete(gpu_uuid);
    this.structure++;
  }

  failHealth(why: string): void {
    this.scores_failure = why;
    this.changed();
  }

  /** What is foreseen, in place of what was foreseen before. */
  applyRisks(risks: ReadonlyMap<string, BoardRisk>): void {
    this.risks = risks;
    for (const gpu of this.gpus.values()) {
      const risk = risks.get(gpu.gpu_uuid) ?? null;
      if (risk !== gpu.risk) this.gpus.set(gpu.gpu_uuid, { ...gpu, risk, p30: gpu.p30 ?? risk?.p30 ?? null });
    }
    this.changed();
  }

  applyPlaces(assets: readonly AssetAnswer[]): void {
    let changed = false;
    for (const { gpu_uuid, cluster, rack } of assets) {
      const known = this.places.get(gpu_uuid);
      if (known?.cluster === cluster && known.rack === rack) continue;
      this.places.set(gpu_uuid, { cluster, rack });
      changed ||= known !== undefined || cluster !== '' || rack !== '';
    }
    if (!changed) return;
    this.structure++;
    this.changed();
  }

  /** Samples per second over the last ten seconds, or since the snapshot; null when that is too short to tell. */
  samplesPerSecond(): number | null {
    const now = this.now();
    const span_ms = Math.min(RATE_SPAN_MS, now - this.snapshot_at);
    this.arrivals = this.arrivals.filter(({ at }) => at > now - RATE_SPAN_MS);
    if (span_ms < RATE_SPAN_MIN_MS) return null;
    return this.arrivals.reduce((sum, { samples }) => sum + samples, 0) / (span_ms / 1_000);
  }

  private follow<T>(name: string, apply: (update: LiveUpdate<T>) => void): Subscription {
    const since = this.seqs.get(name);
    return this.client.topic<T>(name, since === undefined ? {} : { since }).subscribe({
      next: (update) => {
        this.seqs.set(name, update.seq);
        apply(update);
      },
      error: () => this.seqs.delete(name),
    });
  }

  /** Whether the row carries a new sample, not only a changed state. */
  private applyRow(row: GpuSummary): boolean {
    const known = this.rows.get(row.gpu_uuid);
    let newer = row.ts !== null;
    let rows: [GpuSummary, ...GpuSummary[]];
    if (known === undefined) {
      rows = [row];
    } else {
      const at = known.findIndex(({ instance }) => instance === row.instance);
      newer = newer && known[at]?.ts !== row.ts;
      rows = known;
      if (at >= 0) rows[at] = row;
      else rows.push(row);
      if (at < 0) rows.sort((a, b) => a.instance.localeCompare(b.instance, 'en', { numeric: true }));
    }
    this.rows.set(row.gpu_uuid, rows);
    const before = this.gpus.get(row.gpu_uuid);
    const health = before === undefined ? this.healthOf(row.gpu_uuid, row.ts) : before.health;
    const after = fleetGpu(rows, health, this.risks.get(row.gpu_uuid) ?? null);
    this.gpus.set(row.gpu_uuid, after);
    if (before?.node !== after.node || before.slot !== after.slot || before.model !== after.model) this.structure++;
    return newer;
  }

  private healthOf(gpu_uuid: string, sampled_at: string | null): BoardHealth | null {
    const parts = this.scores.get(gpu_uuid);
    const worst = parts === undefined ? null : worstPart(parts);
    return worst !== null && isCurrent(worst.ts, sampled_at) ? worst : null;
  }

  private idsOf(wanted: Severity): string {
    let ids = '';
    for (const { id, severity } of this.anomalies.values()) if (severity === wanted) ids += `${id} `;
    return ids;
  }

  private changed(): void {
    this.version++;
    if (this.telling !== undefined) return;
    const calm_ms = this.gpus.size > 20_000 ? 1_000 : this.gpus.size > 2_000 ? 250 : 100;
    this.telling = setTimeout(
      () => {
        this.telling = undefined;
        for (const listener of this.listeners) listener();
      },
      this.version === 1 ? 0 : calm_ms,
    );
  }
}
