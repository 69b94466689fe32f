import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { EmitFrom, Operator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { type DurationMs, formatDuration } from '../../pipeline/contract/time.ts';
import { addMember, dropMember, MEMBER_COLUMNS, membersOf } from '../core/node-members.ts';
import { gangOf } from './gang-of.ts';
import {
  type Board,
  type Deviation,
  judgeBoard,
  KINDS,
  type Kind,
  mayDeviate,
  type PeerLimits,
} from './judge-board.ts';
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
  /** How long a board must have had its load before its job hears of it. */
  readonly job_settle: DurationMs;
}

/**
 * Busy boards of one node that work for one job: per GPU SUMMARY_WIDTH numbers, averages of the half-life; -1 = missing.
 */
export interface JobSummary {
  readonly ts: number;
  readonly node: string;
  readonly job: string;
  readonly model: string;
  readonly gpus: readonly string[];
  /** Per GPU: activity, sm, tensor (ratios), clock (MHz), power (W), what holds its clock, one of HELD, dram (ratio), NVLink (MB/s). */
  readonly readings: readonly number[];
}
export const SUMMARY_WIDTH = 8;

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
 * Time     event time of the node's own rows; evaluated when a row passes the node's next multiple of `every`, from the rows
 *          before it; no timers.
 * State    70 B per GPU, 16 B per node and its list of GPUs.
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
        if (ts >= (state.due[node] as number)) {
          if (state.due[node] !== 0) evaluate(batch, row, state, options, emit);
          state.due[node] = (Math.floor(ts / options.every) + 1) * options.every;
        }
        if (ts - last !== elapsed_ms) {
          elapsed_ms = ts - last;
          weight = elapsed_ms > AWAY_MS ? 1 : 1 - Math.exp(-elapsed_ms * decay);
        }
        state.last_ts[gpu] = ts;
        smoothRow(state, batch, row, gpu, weight);
        if (ts > (state.newest_ts[node] as number)) state.newest_ts[node] = ts;
      }
    },
  };
};

interface Judged extends Board {
  readonly gpu: number;
}

/** Judges the node's last scrape; `row` is the first of the next one. */
function evaluate(batch: Batch, row: number, state: PeersState, options: NodePeersOptions, emit: Tell): void {
  const node = batch.node[row] as number;
  const now = state.newest_ts[node] as number;
  const { gpus, attributions } = batch.registry;
  const busy: Judged[] = [];
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
  tellJobs(batch, row, now, busy, options, emit);
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

/** One summary per job and model, in the order of the node's GPUs. */
function tellJobs(
  batch: Batch,
  row: number,
  now: number,
  boards: readonly Judged[],
  options: NodePeersOptions,
  emit: Tell,
): void {
  const { gpus, nodes } = batch.registry;
  const told: { job: string; model: string; gpus: string[]; readings: number[] }[] = [];
  for (const board of boards) {
    if (board.gang === '' || board.steady_ms < options.job_settle) continue;
    const { gang: job, model } = board;
    let summary = told.find((other) => other.job === job && other.model === model);
    if (summary === undefined) {
      summary = { job, model, gpus: [], readings: [] };
      told.push(summary);
    }
    summary.gpus.push((gpus[board.gpu] as GpuIdentity).uuid);
    summary.readings.push(
      rounded(board, READING.activity, 1e4),
      rounded(board, READING.sm, 1e4),
      rounded(board, READING.tensor, 1e4),
      rounded(board, READING.clock, 10),
      rounded(board, READING.power, 10),
      board.held,
      rounded(board, READING.dram, 1e4),
      rounded(board, READING.nvlink, 1),
    );
  }
  const node = nodes[batch.node[row] as number] as string;
  for (const summary of told) emit('summaries', { ts: now, node, ...summary }, row);
}

function rounded({ smooth, at }: Board, reading: number, unit: number): number {
  const value = smooth[at + reading] as number;
  return Number.isNaN(value) ? -1 : Math.round(value * unit) / unit;
}
