import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { EmitFrom, Operator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { type DurationMs, formatDuration } from '../../pipeline/contract/time.ts';
import { addMember, dropMember, MEMBER_COLUMNS, membersOf } from '../core/node-members.ts';
import { gangOf } from './gang-of.ts';
import { type BusyBoard, type JobSummary, jobSummaries } from './job-summaries.ts';
import { type Deviation, judgeBoard, KINDS, type Kind, mayDeviate, type PeerLimits } from './judge-board.ts';
import { readingWords } from './reading-words.ts';
import { READING, READINGS, SMOOTH_COLUMNS, smoothRow } from './smooth-readings.ts';
import { castVote, countVotes, isCarried } from './votes.ts';

export interface NodePeersOptions extends PeerLimits {
  /** Time in which a reading's weight falls to a half. */
  readonly half_life: DurationMs;
  /** Event time between two evaluations of a node. */
  readonly every: DurationMs;
  /** Activity from which a board is busy; others are not compared. */
  readonly busy_ratio: number;
  /** How long a board must have had its load before its job hears how busy it is. */
  readonly job_settle: DurationMs;
}

export interface NodePeersPorts {
  readonly anomalies: Anomaly;
  readonly summaries: JobSummary;
}

/** A GPU whose last row is older than this is not of the scrape that is judged. */
const FRESH_MS = 30_000;
/** One that has been away for so long no longer belongs to the node, and its averages begin anew. */
const AWAY_MS = 600_000;
/** What is open stays so until the distance is below this share of what opens. */
const STAYS_SHARE = 0.6;
/** A pause of the work is no recovery; after so long without a comparison what is open closes all the same. */
const PAUSE_MAX_MS = 3_600_000;

const STATE = {
  ...MEMBER_COLUMNS,
  ...SMOOTH_COLUMNS,
  votes: { scope: 'gpu', type: 'u8', width: KINDS.length, initial: 0 },
  /** Open anomalies by the number of their kind, as they were told. */
  open: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  newest_ts: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  due: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  /** When the scrape began that is judged next or was judged last, and of how many GPUs it still lacks; 0 = judged. */
  began: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  lacking: { scope: 'node', type: 'u32', width: 1, initial: 0 },
} as const;
type PeersState = State<typeof STATE>;
type Tell = EmitFrom<NodePeersPorts>;
/** By the number of the kind: the anomaly as it was told, and when it could last be judged. */
type OpenKinds = Readonly<Record<string, { readonly anomaly: Anomaly; readonly judged_at: number }>>;

/**
 * Compares the boards of a node with each other: type `peer_deviation`, for heat at the same power, clock, power and link
 * traffic at the same load. 3 of 5 evaluations open an anomaly, five calm ones close it. Info and warnings only.
 *
 * Input    enriched rows; rows not newer than the GPU's last one are skipped. MIG instances are not compared.
 * Output   anomalies; summaries: what the node's busy boards do for each job, for `jobPeers`.
 * Time     event time of the node's own rows; the first scrape from the node's next multiple of `every` on is evaluated with the
 *          row that completes it, or with the next scrape where a GPU is lacking that came before; no timers.
 * State    70 B per GPU, 28 B per node and its list of GPUs.
 * Cost     nine averages per row, one exp where the interval changes; O(boards squared) per node and evaluation.
 * Errors   none.
 * Source   median and MAD with a continuity window, after Minder (arXiv 2411.01791).
 */
export const nodePeers = (options: NodePeersOptions): Operator<typeof STATE, NodePeersPorts> => {
  const decay = Math.LN2 / options.half_life;
  return {
    name: 'node_peers',
    summary: 'boards of one node against each other',
    state: STATE,
    ports: ['anomalies', 'summaries'],
    onBatch(batch, state, emit) {
      let elapsed_ms = 0;
      let weight = 0;
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const ts = batch.ts[row] as number;
        const last = state.last_ts[gpu] as number;
        if (ts <= last) continue;
        const node = batch.node[row] as number;
        if (state.home[gpu] !== node + 1) addMember(state, node, gpu);
        // A GPU that comes again begins the next scrape: who is still lacking will not come.
        if ((state.lacking[node] as number) > 0 && last >= (state.began[node] as number)) {
          state.lacking[node] = 0;
          evaluate(batch, row, state, options, emit);
        }
        if (state.lacking[node] === 0 && ts >= (state.due[node] as number)) {
          state.lacking[node] = state.due[node] === 0 ? 0 : lackingAt(state, node);
          state.began[node] = ts;
          state.due[node] = (Math.floor(ts / options.every) + 1) * options.every;
        }
        if (ts - last !== elapsed_ms) {
          elapsed_ms = ts - last;
          weight = elapsed_ms > AWAY_MS ? 1 : 1 - Math.exp(-elapsed_ms * decay);
        }
        state.last_ts[gpu] = ts;
        smoothRow(state, batch, row, gpu, weight);
        if (ts > (state.newest_ts[node] as number)) state.newest_ts[node] = ts;
        if ((state.lacking[node] as number) > 0) {
          const lacking = (state.lacking[node] as number) - 1;
          state.lacking[node] = lacking;
          if (lacking === 0) evaluate(batch, row, state, options, emit);
        }
      }
    },
  };
};

/** Of how many GPUs a scrape brings rows if it brings those of the last one that was judged. */
function lackingAt(state: PeersState, node: number): number {
  const began = state.began[node] as number;
  let count = 0;
  for (const gpu of membersOf(state, node)) if ((state.last_ts[gpu] as number) >= began) count++;
  return count;
}

/** Judges the node's last scrape; `row` is its last one, or the first of the next where GPUs were lacking. */
function evaluate(batch: Batch, row: number, state: PeersState, options: NodePeersOptions, emit: Tell): void {
  const node = batch.node[row] as number;
  const now = state.newest_ts[node] as number;
  const { gpus, attributions } = batch.registry;
  const busy: BusyBoard[] = [];
  const others: number[] = [];
  for (const gpu of membersOf(state, node)) {
    const { model, instance } = gpus[gpu] as GpuIdentity;
    const age_ms = now - (state.last_ts[gpu] as number);
    const activity = state.smooth[gpu * READINGS + READING.activity] as number;
    if (instance === '' && age_ms <= FRESH_MS && activity >= options.busy_ratio) {
      busy.push({
        gpu,
        model,
        gang: gangOf(attributions[state.used_by[gpu] as number]),
        held: state.held[gpu] as number,
        steady_ms: (state.last_ts[gpu] as number) - (state.steady_ts[gpu] as number),
        smooth: state.smooth,
        at: gpu * READINGS,
      });
    } else others.push(gpu);
  }
  for (let kind = 0; kind < KINDS.length; kind++) {
    const rule = KINDS[kind] as Kind;
    const enough = busy.length > options.peers_min;
    const suspect = enough && mayDeviate(busy, rule, options);
    for (const board of busy) {
      const stays = enough && (state.open[board.gpu] as OpenKinds | null)?.[kind] !== undefined;
      const near = stays || suspect ? judgeBoard(board, busy, rule, options, stays ? STAYS_SHARE : 1) : null;
      const deviation = enough ? near : undefined;
      vote(batch, row, board.gpu, kind, deviation, state, options, emit);
    }
    for (const gpu of others) vote(batch, row, gpu, kind, undefined, state, options, emit);
  }
  for (const gpu of others) {
    if (now - (state.last_ts[gpu] as number) > AWAY_MS && state.open[gpu] === null) dropMember(state, node, gpu);
  }
  for (const summary of jobSummaries(batch, node, now, busy, options.job_settle)) emit('summaries', summary, row);
}

function vote(
  batch: Batch,
  row: number,
  gpu: number,
  kind: number,
  deviation: Deviation | null | undefined,
  state: PeersState,
  options: NodePeersOptions,
  emit: Tell,
): void {
  const at = gpu * KINDS.length + kind;
  const before = state.votes[at] as number;
  if (!deviation && before === 0) return;
  const all = (state.open[gpu] ?? {}) as OpenKinds;
  const open = all[kind];
  const now = state.newest_ts[batch.node[row] as number] as number;
  if (open !== undefined && deviation === undefined) {
    if (now - open.judged_at > PAUSE_MAX_MS) {
      state.votes[at] = 0;
      close(batch, row, gpu, kind, 'could not be compared with its peers for an hour', state, emit);
    }
    return;
  }
  const votes = castVote(before, Boolean(deviation));
  state.votes[at] = votes;
  const told = open?.anomaly;
  if (open !== undefined && votes === 0) {
    close(batch, row, gpu, kind, 'has not been apart from its peers for five evaluations', state, emit);
  } else if (
    deviation && told === undefined ? isCarried(votes) : deviation?.severity === 'warning' && told?.severity === 'info'
  ) {
    const opened_at = told?.opened_at ?? now;
    const anomaly = deviationAnomaly(batch, row, gpu, kind, deviation as Deviation, votes, opened_at, options);
    state.open[gpu] = { ...all, [kind]: { anomaly, judged_at: now } };
    emit('anomalies', anomaly, row);
  } else if (open !== undefined) {
    state.open[gpu] = { ...all, [kind]: { ...open, judged_at: now } };
  }
}

function close(batch: Batch, row: number, gpu: number, kind: number, how: string, state: PeersState, emit: Tell): void {
  const { [String(kind)]: open, ...rest } = state.open[gpu] as OpenKinds;
  state.open[gpu] = Object.keys(rest).length === 0 ? null : rest;
  if (open === undefined) return;
  const { anomaly } = open;
  const explanation = `${anomaly.explanation.replace(' is ', ' was ')} Since then it ${how}.`;
  const closed_at = state.newest_ts[batch.node[row] as number] as number;
  emit('anomalies', { ...anomaly, state: 'closed', closed_at, explanation }, row);
}

function deviationAnomaly(
  batch: Batch,
  row: number,
  gpu: number,
  kind: number,
  deviation: Deviation,
  votes: number,
  opened_at: number,
  options: NodePeersOptions,
): Anomaly {
  const { metric, reading } = KINDS[kind] as (typeof KINDS)[number];
  const { uuid } = batch.registry.gpus[gpu] as GpuIdentity;
  const node = batch.registry.nodes[batch.node[row] as number] as string;
  const { observed, median, mad, peers } = deviation;
  const words = (value: number): string => readingWords(value, metric);
  const off = observed - median;
  const apart = reading === READING.temp ? words(Math.abs(off)) : `${((100 * Math.abs(off)) / median).toFixed(0)} %`;
  const what = reading === READING.temp ? 'that draw the same power' : 'under the same load';
  return {
    ts: opened_at,
    gpu_uuid: uuid,
    node,
    instance: '',
    id: causeId('node_peers', uuid, '', 'peer_deviation', metric, opened_at),
    type: 'peer_deviation',
    metric,
    severity: deviation.severity,
    score: deviation.score,
    observed,
    expected: median,
    window: formatDuration(options.half_life),
    detector: 'node_peers',
    explanation:
      `${metric} is ${words(observed)}, ${apart} ${off < 0 ? 'below' : 'above'} the median ${words(median)} of ${peers} boards of ` +
      `${node} ${what} (MAD ${words(mad)}), in ${countVotes(votes)} of the last 5 evaluations.`,
    state: 'open',
    opened_at,
    closed_at: null,
  };
}
