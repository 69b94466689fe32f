import type { Place, TruthIndex } from './match-truth.ts';
import type { SinkLog } from './sink-log.ts';
import type { Alarm, ToldTimes } from './told.ts';

export const SIGHTING_KINDS = ['anomaly', 'episode', 'incident', 'refused value'] as const;
export type SightingKind = (typeof SIGHTING_KINDS)[number];

/** Something that a person is told of a GPU or node at an instant. */
export interface Sighting extends Place {
  readonly kind: SightingKind;
  /** `detector/type`, `episode/category`, `incident/scope` or `dead_letters/reason`. */
  readonly by: string;
  readonly at_ms: number;
  readonly critical: boolean;
}

/** How a fault was told. */
export interface Detection {
  readonly at_ms: number;
  readonly critical_at_ms: number | null;
  /** The first sighting, and whatever else was told at the same moment. */
  readonly first: readonly Sighting[];
  readonly kinds: ReadonlySet<SightingKind>;
}

/** Refused values tell of sensors that make values up, of nothing else. */
const TOLD_BY_REFUSAL = 'sensor';

/**
 * All that a run told people: anomalies and episodes when they became a warning and when they became critical, incidents
 * when a GPU or node came to them, refused values. `nodeOf` knows the node of a GPU.
 */
export function* sightings(log: SinkLog, nodeOf: (gpu_uuid: string) => string): Generator<Sighting> {
  for (const alarm of log.alarms.values()) yield* alarmSightings(alarm, 'warning');
  for (const told of log.episodes.values()) {
    const { gpu_uuid, node, category } = told.row;
    for (const { at_ms, critical } of moments(told, 'warning')) {
      yield { kind: 'episode', by: `episode/${category}`, gpu_uuid, node, at_ms, critical };
    }
  }
  for (const { row, critical_at, gpus, nodes } of log.incidents.values()) {
    const by = `incident/${row.scope}`;
    const places = [
      ...[...gpus].map(([gpu_uuid, at_ms]) => ({ gpu_uuid, node: nodeOf(gpu_uuid), at_ms })),
      ...[...nodes].map(([node, at_ms]) => ({ gpu_uuid: '', node, at_ms })),
    ];
    for (const { at_ms, ...place } of places) {
      const critical = critical_at !== null && critical_at <= at_ms;
      yield { kind: 'incident', by, ...place, at_ms, critical };
      if (critical_at !== null && !critical)
        yield { kind: 'incident', by, ...place, at_ms: critical_at, critical: true };
    }
  }
  for (const { reason, gpu_uuid, node, at_ms } of log.refused) {
    yield { kind: 'refused value', by: `dead_letters/${reason}`, gpu_uuid, node, at_ms, critical: false };
  }
}

/** An anomaly when it was told first with the least severity that counts or above, and when it became critical. */
export function* alarmSightings(alarm: Alarm, least: 'info' | 'warning'): Generator<Sighting> {
  const { detector, type, gpu_uuid, node } = alarm;
  for (const { at_ms, critical } of moments(alarm, least)) {
    yield { kind: 'anomaly', by: `${detector}/${type}`, gpu_uuid, node, at_ms, critical };
  }
}

/** When it was told first as severe as that, and when it became more severe. */
function moments(told: ToldTimes, least: 'info' | 'warning'): { readonly at_ms: number; readonly critical: boolean }[] {
  const times = [...(least === 'info' ? [told.told_at] : []), told.warned_at, told.critical_at];
  return [...new Set(times)]
    .filter((at_ms) => at_ms !== null)
    .map((at_ms) => ({ at_ms, critical: at_ms === told.critical_at }));
}

/**
 * The first sighting of each fault: on its GPU, or for stories of nodes and racks on one of their GPUs or nodes, between its
 * beginning and its end plus grace. What was a warning before counts only when it became critical meanwhile. Faults that
 * nobody told are not in the map.
 */
export function detections(truth: TruthIndex, told: Iterable<Sighting>): ReadonlyMap<string, Detection> {
  const found = new Map<
    string,
    { at_ms: number; critical_at_ms: number | null; first: Sighting[]; kinds: Set<SightingKind> }
  >();
  for (const sighting of told) {
    for (const id of faultsOf(truth, sighting)) {
      const { at_ms, critical, kind } = sighting;
      const known = found.get(id) ?? {
        at_ms: Number.POSITIVE_INFINITY,
        critical_at_ms: null,
        first: [],
        kinds: new Set(),
      };
      found.set(id, known);
      known.kinds.add(kind);
      if (at_ms < known.at_ms) {
        known.at_ms = at_ms;
        known.first = [sighting];
      } else if (at_ms === known.at_ms) {
        known.first.push(sighting);
      }
      if (critical) known.critical_at_ms = Math.min(at_ms, known.critical_at_ms ?? at_ms);
    }
  }
  return found;
}

function faultsOf(truth: TruthIndex, sighting: Sighting): readonly string[] {
  if (sighting.kind !== 'refused value') {
    const where = truth.bucket(sighting, sighting.at_ms);
    return where.kind === 'fault' ? [where.truth.id] : [];
  }
  const { gpu_uuid, node, at_ms } = sighting;
  return truth
    .faultsOn(node, at_ms)
    .filter((one) => one.category === TOLD_BY_REFUSAL && (gpu_uuid === '' || one.gpu_uuids.includes(gpu_uuid)))
    .map(({ id }) => id);
}
