import type { Anomaly, Episode, HealthScore, Incident, Severity } from '../../pipeline/contract/events.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';
import type { Topology } from '../../pipeline/define-topology.ts';
import type { Sinks } from '../../pipeline/run-topology.ts';
import type { SinkItems } from '../../pipeline/topology.ts';

/** An anomaly over its life: what it was last told as, and when (event time of the stream) it became what it is. */
export interface Alarm {
  readonly id: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly type: string;
  readonly detector: string;
  readonly metric: string;
  readonly opened_at: number;
  /** The highest severity that it had. */
  severity: Severity;
  /** When it was first told, and when with each severity; null = never. */
  readonly told_at: number;
  warned_at: number | null;
  critical_at: number | null;
  closed_at: number | null;
  explanation: string;
}

/** Health of one GPU (or instance) over time, in columns. */
export interface HealthTrack {
  readonly ts: number[];
  /** NaN = unknown. */
  readonly score: number[];
  readonly grade: string[];
}

/** Everything that a run told, as far as it is judged. */
export interface SinkLog {
  readonly alarms: ReadonlyMap<string, Alarm>;
  /** By UUID, then instance. */
  readonly health: ReadonlyMap<string, ReadonlyMap<string, HealthTrack>>;
  readonly episodes: ReadonlyMap<string, Episode>;
  readonly incidents: ReadonlyMap<string, Incident>;
  /** Items by table. */
  readonly items: Readonly<Record<string, number>>;
  /** What no anomaly may do, as `what: detector/type`, with how often it was done. */
  readonly breaches: Readonly<Record<string, number>>;
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/**
 * Sinks that remember what a run tells. Tables that the topology does not have stay empty; `now` is the event time that
 * the stream has reached.
 */
export function createSinkLog(now: () => number): SinkLog & { sinksFor(topology: Topology): Sinks<SinkItems> } {
  const alarms = new Map<string, Alarm>();
  const open = new Map<string, string>();
  const health = new Map<string, Map<string, HealthTrack>>();
  const episodes = new Map<string, Episode>();
  const incidents = new Map<string, Incident>();
  const items: Record<string, number> = {};
  const breaches: Record<string, number> = {};
  const breach = (what: string): void => {
    breaches[what] = (breaches[what] ?? 0) + 1;
  };

  const note = (anomaly: Anomaly): void => {
    const known = alarms.get(anomaly.id);
    judge(anomaly, known, open, (what) => breach(`${what}: ${anomaly.detector}/${anomaly.type}`));
    const alarm: Alarm = known ?? {
      id: anomaly.id,
      gpu_uuid: anomaly.gpu_uuid,
      node: anomaly.node,
      type: anomaly.type,
      detector: anomaly.detector,
      metric: anomaly.metric,
      opened_at: anomaly.opened_at,
      severity: anomaly.severity,
      told_at: now(),
      warned_at: null,
      critical_at: null,
      closed_at: null,
      explanation: '',
    };
    if (RANK[anomaly.severity] > RANK[alarm.severity]) alarm.severity = anomaly.severity;
    if (anomaly.severity !== 'info') alarm.warned_at ??= now();
    if (anomaly.severity === 'critical') alarm.critical_at ??= now();
    alarm.closed_at = anomaly.closed_at;
    alarm.explanation = anomaly.explanation;
    alarms.set(anomaly.id, alarm);
  };

  const keep: Readonly<Record<string, (item: never) => void>> = {
    anomalies: note,
    gpu_health_scores(row: HealthScore) {
      const instances = health.get(row.gpu_uuid) ?? new Map<string, HealthTrack>();
      const track = instances.get(row.instance) ?? { ts: [], score: [], grade: [] };
      track.ts.push(row.ts);
      track.score.push(row.overall_score ?? Number.NaN);
      track.grade.push(row.health_grade);
      instances.set(row.instance, track);
      health.set(row.gpu_uuid, instances);
    },
    xid_episodes: (row: Episode) => void episodes.set(row.id, row),
    incidents: (row: Incident) => void incidents.set(row.id, row),
  };

  return {
    alarms,
    health,
    episodes,
    incidents,
    items,
    breaches,
    sinksFor(topology) {
      const sinks: Record<string, Sink<never>> = {};
      for (const { kind, id } of topology.nodes) {
        const write = keep[id];
        if (kind !== 'sink' || write === undefined) continue;
        items[id] = 0;
        sinks[id] = {
          write(item) {
            items[id] = (items[id] as number) + 1;
            write(item);
          },
          flush: () => Promise.resolve(),
          pressure: () => null,
          close: () => Promise.resolve(),
        };
      }
      return sinks as unknown as Sinks<SinkItems>;
    },
  };
}

/** What no sentence for people holds. */
const UNWORTHY = /\b(?:NaN|undefined|null|Infinity)\b|1970-01-01/;

/** One condition is one open anomaly with one id; its row is rewritten, never moved; it says why. */
function judge(
  anomaly: Anomaly,
  known: Alarm | undefined,
  open: Map<string, string>,
  breach: (what: string) => void,
): void {
  const { id, state } = anomaly;
  const condition = [
    anomaly.detector,
    anomaly.type,
    anomaly.metric,
    anomaly.gpu_uuid,
    anomaly.node,
    anomaly.instance,
  ].join(' ');
  const holder = open.get(condition);
  if (anomaly.ts !== anomaly.opened_at) breach('ts is not opened_at');
  if (known && known.opened_at !== anomaly.opened_at) breach('opened_at moved');
  if (known && known.closed_at !== null) breach('told again after it closed');
  if (anomaly.explanation.trim() === '') breach('no explanation');
  if (UNWORTHY.test(anomaly.explanation)) breach('explanation with NaN, undefined or the epoch');
  if (![anomaly.score, anomaly.observed, anomaly.expected].every(Number.isFinite)) breach('a figure that is no number');
  if (state === 'open' && anomaly.closed_at !== null) breach('open with closed_at');
  if (state === 'closed' && !(anomaly.closed_at !== null && anomaly.closed_at >= anomaly.opened_at)) {
    breach('closed_at before opened_at');
  }
  if (holder !== undefined && holder !== id) breach('a second one for an open condition');
  if (state === 'open') open.set(condition, id);
  else if (holder === id) open.delete(condition);
}
