import type { Anomaly, Episode, FeatureVector, HealthScore } from '../../pipeline/contract/events.ts';
import type { GroupView, ItemOperator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';
import { type DurationMs, minutes } from '../../pipeline/contract/time.ts';
import { anomalyCost, ofInstance } from './anomaly-costs.ts';
import { boardOf } from './board-limits.ts';
import { defaultProfile } from './default-profile.ts';
import { episodeMatters, type OpenAnomaly, type RecentEpisode } from './faults.ts';
import { OBSERVATION_COUNT, READING_COUNT, readObservations, takeObservations } from './observations.ts';
import { healthScore } from './verdict.ts';

export interface HealthOptions {
  /** Event time between two scores of a GPU to which nothing critical happens. */
  readonly every: DurationMs;
}

export interface HealthInputs {
  readonly vectors: FeatureVector;
  readonly anomalies: Anomaly;
  readonly episodes: Episode;
}

export interface HealthPorts {
  readonly scores: HealthScore;
}

const STATE = {
  /** What the last vector said, see observations.ts. */
  seen: { scope: 'gpu', type: 'f64', width: OBSERVATION_COUNT, initial: Number.NaN },
  /** Vectors since each reading was there. */
  missed: { scope: 'gpu', type: 'u8', width: READING_COUNT, initial: 0 },
  /** When those readings were made, when that vector was told, and when the last score was; 0 = never. */
  latest_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  vector_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  told_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** 1: it was out of sight and is back, so that the next vector is told. */
  back: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** Place in the table of boards. */
  board: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** OpenAnomaly[] and RecentEpisode[]. */
  anomalies: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  episodes: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  /** The group's event time to the minute: an escalation does not say when it happened. */
  clock: { scope: 'group', type: 'f64', width: 1, initial: 0 },
} as const;
type HealthState = State<typeof STATE>;

/** A GPU without a vector for so long was out of sight: nobody else may tell that it is back (vectors come every 5 minutes). */
const UNSEEN_MS = minutes(8);

/** Open anomalies and episodes remembered per GPU; of more, the mildest and oldest are let go. */
const REMEMBERED_MAX = 32;
const SEVERITY_RANK = { info: 0, warning: 1, critical: 2 } as const;

/**
 * Tells every GPU's health by the default profile.
 *
 * Input    vectors (the numbers), anomalies (open ones cost), episodes (cost, and decay after their end).
 * Output   scores: with the first vector of a GPU and each one that passes a multiple of 15 minutes, with the last vector of an
 *          input, and at once when a critical anomaly opens, is reached or closes, when one opens that hides all that the GPU
 *          reports, and when a critical episode begins or ends; and with the first vector of a GPU that was out of sight.
 *          A critical anomaly of a GPU without any vector is told with what little confidence there is.
 * MIG      an anomaly or episode of the board counts for every instance, one of an instance's own readings for it alone. An
 *          anomaly without GPU counts for every GPU of its node.
 * Limits   what is found over the fleet (stragglers of a job, novelty) is told after its group has gone on, and costs nothing
 *          here; GPUs of silent nodes send no rows: `silentNodes` tells their scores.
 * Time     a score's ts is its vector's; else that of the opening or closing; of an escalation, and of the end or the return
 *          of an episode, the group's clock to the minute; never before the GPU's last score.
 * State    461 B per GPU, and records of the few GPUs with open anomalies (info ones are not kept, they cost nothing) or
 *          recent episodes, about 200 B each, 32 of either at most.
 * Cost     51 copies per vector; about 15 us per score; a scan of the group's GPUs (10 us for 2,000) per
 *          warning or critical anomaly and per episode.
 * Errors   none; items of unknown GPUs are ignored.
 */
export function health(options: HealthOptions): ItemOperator<HealthInputs, typeof STATE, HealthPorts> {
  const { every } = options;
  const score = (gpu: number, ts: number, { registry }: GroupView, state: HealthState): HealthScore => {
    const { uuid, instance } = registry.gpus[gpu] as GpuIdentity;
    const t = Math.max(ts, state.told_ts[gpu] as number);
    state.told_ts[gpu] = t;
    const verdict = defaultProfile({
      t,
      latest_ts: state.latest_ts[gpu] as number,
      seen: readObservations(state.seen, gpu * OBSERVATION_COUNT),
      board: state.board[gpu] as number,
      anomalies: (state.anomalies[gpu] as readonly OpenAnomaly[] | null) ?? [],
      episodes: (state.episodes[gpu] as readonly RecentEpisode[] | null) ?? [],
    });
    const node = registry.nodes[registry.gpuNodes[gpu] as number] as string;
    return healthScore({ gpu_uuid: uuid, node, instance }, t, verdict, 'default');
  };

  return {
    name: 'health',
    summary: 'a score 0..100 with its reasons, its confidence and the next action',
    state: STATE,
    ports: ['scores'],
    on: {
      vectors(vector, group, state, emit) {
        const gpu = group.registry.find(vector.gpu_uuid, vector.instance);
        const before = state.vector_ts[gpu] as number;
        if (gpu < 0 || vector.ts < before) return;
        takeObservations(vector, state.seen, gpu * OBSERVATION_COUNT, state.missed, gpu * READING_COUNT);
        state.latest_ts[gpu] = vector.latest_ts;
        state.vector_ts[gpu] = vector.ts;
        state.board[gpu] = boardOf(vector.model);
        forgetEpisodes(gpu, vector.ts, state);
        const back = state.back[gpu] !== 0 || vector.ts - before >= UNSEEN_MS;
        state.back[gpu] = 0;
        if (!vector.final && !back && Math.floor(vector.ts / every) === Math.floor(before / every)) return;
        emit('scores', score(gpu, vector.ts, group, state));
      },
      anomalies(anomaly, group, state, emit) {
        const { hides } = anomalyCost(anomaly.type);
        if (anomaly.severity === 'info' && hides === 'nothing') return;
        const whole = !ofInstance(anomaly.metric);
        for (const gpu of gpusOf(anomaly, whole, group.registry)) {
          const open = (state.anomalies[gpu] as readonly OpenAnomaly[] | null) ?? [];
          const known = open.find(({ id }) => id === anomaly.id);
          const others = open.filter(({ id }) => id !== anomaly.id);
          if (anomaly.state === 'closed') {
            state.anomalies[gpu] = others.length > 0 ? others : null;
            if (hides === 'all') state.back[gpu] = 1;
            if (known?.severity === 'critical') {
              emit('scores', score(gpu, latest(anomaly.closed_at ?? 0, gpu, state), group, state));
            }
            continue;
          }
          state.anomalies[gpu] = gravest([...others, openOf(anomaly)], ({ opened_at }) => opened_at);
          const hidden = hides === 'all' && known === undefined;
          const reached = anomaly.severity === 'critical' && known?.severity !== 'critical';
          if (!hidden && !reached) continue;
          const at = known === undefined ? anomaly.opened_at : (state.clock[0] as number);
          emit('scores', score(gpu, latest(Math.max(at, anomaly.opened_at), gpu, state), group, state));
        }
      },
      episodes(episode, group, state, emit) {
        const critical = episode.severity === 'critical';
        for (const gpu of gpusOf(episode, critical, group.registry)) {
          const recent = (state.episodes[gpu] as readonly RecentEpisode[] | null) ?? [];
          const known = recent.find(({ id }) => id === episode.id);
          const others = recent.filter(({ id }) => id !== episode.id);
          state.episodes[gpu] = gravest([...others, recentOf(episode)], ({ started_at }) => started_at);
          const calm = known?.severity !== 'critical' || known.ended_at !== null;
          const begun = critical && calm && episode.ended_at === null;
          const ended = critical && known !== undefined && known.ended_at === null && episode.ended_at !== null;
          if (!begun && !ended) continue;
          // Its end is known only once it has been quiet for a while: until then it went on, and was told so.
          const at = known ? (state.clock[0] as number) : episode.started_at;
          const from = episode.ended_at ?? episode.started_at;
          emit('scores', score(gpu, latest(Math.max(at, from), gpu, state), group, state));
        }
      },
    },
    timer: {
      every: minutes(1),
      onTime(now, _group, state) {
        state.clock[0] = now;
      },
    },
  };
}

/** A score tells what is known: not earlier than the vector that it is made of. */
const latest = (ts: number, gpu: number, state: HealthState): number => Math.max(ts, state.vector_ts[gpu] as number);

/** Indexes of the GPUs that an item concerns: an instance or the board with all of its instances, or all of a node. */
function gpusOf(
  { gpu_uuid, node, instance }: Pick<Anomaly, 'gpu_uuid' | 'node' | 'instance'>,
  whole: boolean,
  registry: Registry,
): readonly number[] {
  if (gpu_uuid !== '' && instance !== '' && !whole) {
    const gpu = registry.find(gpu_uuid, instance);
    return gpu < 0 ? [] : [gpu];
  }
  const ofNode = gpu_uuid === '' && node !== '';
  const found: number[] = [];
  for (let gpu = 0; gpu < registry.gpus.length; gpu++) {
    const there = ofNode ? registry.nodes[registry.gpuNodes[gpu] as number] : registry.gpus[gpu]?.uuid;
    if (there === (ofNode ? node : gpu_uuid)) found.push(gpu);
  }
  return found;
}

const numberOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

const openOf = ({ id, type, metric, severity, opened_at, observed, expected }: Anomaly): OpenAnomaly => ({
  id,
  type,
  metric,
  severity,
  opened_at,
  observed: numberOrNull(observed),
  expected: numberOrNull(expected),
});

const recentOf = (episode: Episode): RecentEpisode => ({
  id: episode.id,
  primary_xid: episode.primary_xid,
  anomalies: [...episode.anomalies],
  severity: episode.severity,
  category: episode.category,
  action: episode.action,
  started_at: episode.started_at,
  ended_at: episode.ended_at,
  reset_at: episode.reset_at,
  cured: episode.cured,
});

/** At most so many, the gravest and newest, in the order in which they came. */
function gravest<T extends { readonly severity: Anomaly['severity'] }>(
  items: readonly T[],
  since: (item: T) => number,
): readonly T[] {
  if (items.length <= REMEMBERED_MAX) return items;
  const mildest = items.reduce((found, item) => {
    const milder = SEVERITY_RANK[item.severity] - SEVERITY_RANK[found.severity];
    return milder < 0 || (milder === 0 && since(item) < since(found)) ? item : found;
  });
  return items.filter((item) => item !== mildest);
}

function forgetEpisodes(gpu: number, t: number, state: HealthState): void {
  const recent = state.episodes[gpu] as readonly RecentEpisode[] | null;
  if (recent === null) return;
  const kept = recent.filter((episode) => episode.ended_at === null || episodeMatters(episode, t));
  state.episodes[gpu] = kept.length > 0 ? kept : null;
}
