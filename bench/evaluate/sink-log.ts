import type { Anomaly, DeadLetter, Episode, HealthScore, Incident } from '../../pipeline/contract/events.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';
import type { Topology } from '../../pipeline/define-topology.ts';
import type { Sinks } from '../../pipeline/run-topology.ts';
import type { SinkItems } from '../../pipeline/topology.ts';
import { judgeAnomaly } from './anomaly-rules.ts';
import { optionalStepOf } from './judged-topology.ts';
import {
  type Alarm,
  firstTold,
  type RefusedValue,
  type ToldEpisode,
  type ToldIncident,
  type ToldTimes,
  tellAgain,
} from './told.ts';

/** Health of one GPU (or instance) over time, in columns. */
export interface HealthTrack {
  readonly ts: number[];
  /** NaN = unknown. */
  readonly score: number[];
  readonly grade: string[];
}

/** Everything that a run told, as far as it is judged. */
export interface SinkLog {
  /** Of the detectors that are on by default. */
  readonly alarms: ReadonlyMap<string, Alarm>;
  /** Of each step that was switched on beside the defaults. */
  readonly optional: ReadonlyMap<string, ReadonlyMap<string, Alarm>>;
  /** By UUID, then instance. */
  readonly health: ReadonlyMap<string, ReadonlyMap<string, HealthTrack>>;
  readonly episodes: ReadonlyMap<string, ToldEpisode>;
  readonly incidents: ReadonlyMap<string, ToldIncident>;
  readonly refused: readonly RefusedValue[];
  /** Items by table. */
  readonly items: Readonly<Record<string, number>>;
  /** What no anomaly may do, as `what: detector/type`, with how often it was done. */
  readonly breaches: Readonly<Record<string, number>>;
}

/** Reasons for which a value is refused that its exporter made up. */
const MADE_UP: ReadonlySet<string> = new Set(['out_of_range', 'sentinel']);
const NAMED_GPU = /^(GPU-[^:]+): /;

/**
 * Sinks that remember what a run tells. Tables that the topology does not have stay empty; `now` is the event time that
 * the stream has reached.
 */
export function createSinkLog(now: () => number): SinkLog & { sinksFor(topology: Topology): Sinks<SinkItems> } {
  const alarms = new Map<string, Alarm>();
  const optional = new Map<string, Map<string, Alarm>>();
  const health = new Map<string, Map<string, HealthTrack>>();
  const episodes = new Map<string, ToldEpisode>();
  const incidents = new Map<string, ToldIncident>();
  const refused: RefusedValue[] = [];
  const items: Record<string, number> = {};
  const breaches: Record<string, number> = {};

  const noteIn = (into: Map<string, Alarm>): ((anomaly: Anomaly) => void) => {
    const open = new Map<string, string>();
    return (anomaly) => {
      const known = into.get(anomaly.id);
      judgeAnomaly(anomaly, known, open, (what) => {
        const key = `${what}: ${anomaly.detector}/${anomaly.type}`;
        breaches[key] = (breaches[key] ?? 0) + 1;
      });
      const alarm: Alarm = known ?? {
        ...firstTold(anomaly.severity, now()),
        id: anomaly.id,
        gpu_uuid: anomaly.gpu_uuid,
        node: anomaly.node,
        type: anomaly.type,
        detector: anomaly.detector,
        metric: anomaly.metric,
        opened_at: anomaly.opened_at,
        closed_at: null,
        explanation: '',
      };
      tellAgain(alarm, anomaly.severity, now());
      alarm.closed_at = anomaly.closed_at;
      alarm.explanation = anomaly.explanation;
      into.set(anomaly.id, alarm);
    };
  };

  const keep: Readonly<Record<string, (item: never) => void>> = {
    anomalies: noteIn(alarms),
    gpu_health_scores(row: HealthScore) {
      const instances = health.get(row.gpu_uuid) ?? new Map<string, HealthTrack>();
      const track = instances.get(row.instance) ?? { ts: [], score: [], grade: [] };
      track.ts.push(row.ts);
      track.score.push(row.overall_score ?? Number.NaN);
      track.grade.push(row.health_grade);
      instances.set(row.instance, track);
      health.set(row.gpu_uuid, instances);
    },
    xid_episodes(row: Episode) {
      const told = episodes.get(row.id) ?? { ...firstTold(row.severity, now()), row };
      rewrite(told, row, now());
      episodes.set(row.id, told);
    },
    incidents(row: Incident) {
      const told = incidents.get(row.id) ?? {
        ...firstTold(row.severity, now()),
        row,
        gpus: new Map<string, number>(),
        nodes: new Map<string, number>(),
      };
      rewrite(told, row, now());
      for (const uuid of row.gpus) if (!told.gpus.has(uuid)) told.gpus.set(uuid, now());
      for (const node of row.nodes) if (!told.nodes.has(node)) told.nodes.set(node, now());
      incidents.set(row.id, told);
    },
    dead_letters({ level, reason, node, detail }: DeadLetter) {
      if (level !== 'value' || !MADE_UP.has(reason)) return;
      refused.push({ gpu_uuid: NAMED_GPU.exec(detail)?.[1] ?? '', node, reason, at_ms: now() });
    },
  };

  return {
    alarms,
    optional,
    health,
    episodes,
    incidents,
    refused,
    items,
    breaches,
    sinksFor(topology) {
      const sinks: Record<string, Sink<never>> = {};
      for (const { kind, id } of topology.nodes) {
        if (kind !== 'sink') continue;
        const write = keep[id] ?? optionalNote(id);
        if (write === null) continue;
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

  function optionalNote(id: string): ((anomaly: Anomaly) => void) | null {
    const step = optionalStepOf(id);
    if (step === null) return null;
    const found = new Map<string, Alarm>();
    optional.set(step, found);
    return noteIn(found);
  }
}

function rewrite<Row extends Episode | Incident>(told: ToldTimes & { row: Row }, row: Row, now: number): void {
  tellAgain(told, row.severity, now);
  told.row = row;
}
