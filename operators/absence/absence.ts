import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { EmitFrom, Operator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import { addMember, dropMember, membersOf } from '../core/node-members.ts';
import { endFlicker, noteFlicker } from './flicker.ts';
import { SEEN_MAX, usualInterval } from './laps.ts';
import {
  changesSlot,
  comeBack,
  judgeAbsent,
  LOST_COLUMNS,
  type LostOptions,
  type NodeAt,
  replaceMissing,
  reporting,
} from './lost.ts';
import { type Roster, rosterDue, rosterHash, rosterOf } from './roster.ts';
import { movesAgain, STILL_BOARD_COLUMNS, stillBoard, stillNode } from './still-boards.ts';
import { energyStandsStill, hasMoved, impossibleStillness, STILLNESS_COLUMNS } from './stillness.ts';

export interface AbsenceOptions extends LostOptions {
  /** How long, and for how many scrapes, nothing of a node may move before its exporter counts as frozen. */
  readonly frozen_after: DurationMs;
  readonly frozen_scrapes: number;
  /** Event time between two heartbeats of a node. */
  readonly heartbeat: DurationMs;
}

/** A node is alive: its newest row, and how often its scrapes usually come (0 = not known yet). */
export interface Heartbeat {
  readonly ts: number;
  readonly node: string;
  readonly cadence_ms: number;
  /** The GPUs that report from it; left out while they are as they were told last, and told again once an hour. */
  readonly gpus?: Roster;
}
/** A GPU's first row on a node, or where it stands in another slot of it. */
export interface Arrival {
  readonly ts: number;
  readonly node: string;
  readonly gpu_uuid: string;
}

export interface AbsencePorts {
  readonly anomalies: Anomaly;
  readonly heartbeats: Heartbeat;
  readonly arrivals: Arrival;
}

/** A node is known to be lively after so many laps in which something moved. */
const LIVELY_LAPS = 10;
/** It must stand still for so many times its longest still stretch so far; that memory fades by a hundredth a movement. */
const STILL_FACTOR = 5;
const STILL_FADING = 0.99;

const STATE = {
  ...LOST_COLUMNS,
  ...STILLNESS_COLUMNS,
  ...STILL_BOARD_COLUMNS,
  /** Event time of the last heartbeat, and a hash of the GPUs that were told with one. */
  beat_ts: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  roster: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  /** When and in which lap a reading of the node moved last, in how many laps one did, and the longest stretch without. */
  moved_ts: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  moved_lap: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  moved_laps: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  still_laps: { scope: 'node', type: 'f32', width: 1, initial: 0 },
  /** The open anomaly of a frozen exporter, as it was told. */
  frozen: { scope: 'node', type: 'record', width: 1, initial: 0 },
} as const;
type AbsenceState = State<typeof STATE>;

/**
 * Notices what no longer comes: a GPU that its node's scrapes lack (gpu_lost) or lack again and again (gpu_flickering), MIG instances that are cut anew
 * (mig_reconfigured), readings that stand still while the clock moves (exporter_frozen, one per node, or for one board whose
 * energy stands while its neighbours move).
 *
 * Input    enriched rows; rows not newer than the GPU's last one are skipped.
 * Output   anomalies; heartbeats: one per node and minute, from which `silentNodes` tells nodes that went silent (a row
 *          operator cannot: a silent node has no rows, and its group's clock is another nodes'); arrivals: a GPU's first row
 *          on a node, and the first heartbeat that has it in another slot.
 * Time     event time of the node's own rows; no timers, so no node's clock can matter to another.
 * Limits   a GPU that moved to a node of another group is seen there by `movedGpus` only. A node whose GPUs are all gone
 *          sends no rows and is silent, not lost. A frozen idle node without an energy counter cannot be told from a calm one.
 * State    63 B per GPU, 56 B per node and its list of GPUs.
 * Cost     O(1) per row: one comparison of power, a hash of 13 readings only where power stood still; O(GPUs of the node) per
 *          heartbeat, and per scrape only while one is missing: for each that is, once more those new to the node.
 * Errors   none.
 */
export const absence = (options: AbsenceOptions): Operator<typeof STATE, AbsencePorts> => ({
  name: 'absence',
  summary: 'GPUs that a scrape lacks, exporters that stand still',
  state: STATE,
  ports: ['anomalies', 'heartbeats', 'arrivals'],
  onBatch(batch, state, emit) {
    const { values } = batch;
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let row = 0; row < batch.rows; row++) {
      const gpu = batch.gpu[row] as number;
      const node = batch.node[row] as number;
      const ts = batch.ts[row] as number;
      const last = state.last_ts[gpu] as number;
      if (ts <= last) continue;
      if (state.home[gpu] !== node + 1) join(batch, row, state, emit);
      else {
        if (state.lap[gpu] === state.node_lap[node]) turnLap(batch, row, state, options, emit);
        const laps = (state.node_lap[node] as number) - (state.lap[gpu] as number);
        if (laps > 1 || state.flicker[gpu] !== null) noteGap(batch, row, ts - last, laps, state, emit);
        state.interval_ms[gpu] = usualInterval(state.interval_ms[gpu] as number, ts - last);
      }
      if (state.told[gpu] !== 0) {
        comeBack(nodeAt(batch, row, node, state, emit), identityOf(batch, gpu).uuid, 'reports again');
        state.expected[node] = membersOf(state, node).length;
      }
      state.last_ts[gpu] = ts;
      state.missing_since[gpu] = 0;
      state.lap[gpu] = state.node_lap[node] as number;
      state.lap_rows[node] = (state.lap_rows[node] as number) + 1;
      if ((state.seen[gpu] as number) < SEEN_MAX) state.seen[gpu] = (state.seen[gpu] as number) + 1;
      if (hasMoved(state, gpu, values, bits, row)) {
        noteMovement(batch, row, state, emit);
        noteBoardMovement(batch, row, state, emit);
      } else if (ts - (state.moved_ts[node] as number) >= options.frozen_after) {
        if (state.frozen[node] === null) judgeStillness(batch, row, state, options, emit);
      } else if (ts - (state.board_moved_ts[gpu] as number) >= options.frozen_after && state.board_frozen[gpu] === null)
        judgeBoard(batch, row, state, options, emit);
      if (ts - (state.beat_ts[node] as number) >= options.heartbeat) beat(batch, row, state, emit);
    }
  },
});

type Tell = EmitFrom<AbsencePorts>;

const identityOf = (batch: Batch, gpu: number): GpuIdentity => batch.registry.gpus[gpu] as GpuIdentity;

const nodeAt = (batch: Batch, row: number, node: number, state: AbsenceState, emit: Tell): NodeAt => ({
  registry: batch.registry,
  node,
  now: batch.ts[row] as number,
  state,
  tell: (anomaly) => emit('anomalies', anomaly, row),
});

function beat(batch: Batch, row: number, state: AbsenceState, emit: Tell): void {
  const node = batch.node[row] as number;
  const ts = batch.ts[row] as number;
  const before = state.beat_ts[node] as number;
  const there = reporting(state, node);
  const gpus = there.map((gpu) => identityOf(batch, gpu));
  const hash = rosterHash(gpus);
  const news = hash !== state.roster[node] || rosterDue(hash, before, ts);
  state.beat_ts[node] = ts;
  state.roster[node] = hash;
  const cadence_ms = state.cadence_ms[node] as number;
  const name = batch.registry.nodes[node] as string;
  const at = nodeAt(batch, row, node, state, emit);
  for (const gpu of there.filter((one) => changesSlot(at, one))) {
    emit('arrivals', { ts, node: name, gpu_uuid: identityOf(batch, gpu).uuid }, row);
  }
  emit('heartbeats', { ts, node: name, cadence_ms, ...(news ? { gpus: rosterOf(gpus) } : {}) }, row);
}

/** A row of a GPU that scrapes have lacked, now or lately. An instance comes and goes as its board is cut. */
function noteGap(batch: Batch, row: number, elapsed_ms: number, laps: number, state: AbsenceState, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const { uuid, instance } = identityOf(batch, gpu);
  if (instance !== '') return;
  const node = batch.registry.nodes[batch.node[row] as number] as string;
  const interval_ms = state.interval_ms[gpu] as number;
  if (interval_ms === 0) return;
  const seen = { uuid, node, ts: batch.ts[row] as number, elapsed_ms, interval_ms, laps };
  state.flicker[gpu] = noteFlicker(state.flicker[gpu], seen, (anomaly) => emit('anomalies', anomaly, row));
}

/** A GPU's first row on a node. */
function join(batch: Batch, row: number, state: AbsenceState, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const node = batch.node[row] as number;
  const { uuid } = identityOf(batch, gpu);
  const name = batch.registry.nodes[node] as string;
  const before = (state.home[gpu] as number) - 1;
  if (before >= 0) {
    const there = nodeAt(batch, row, before, state, emit);
    comeBack(there, uuid, `has moved to ${name}`);
    endFlicker(state.flicker[gpu], there.now, `has moved to ${name}`, there.tell);
    dropMember(state, before, gpu);
    state.expected[before] = membersOf(state, before).length;
    if (state.lap[gpu] === state.node_lap[before]) state.lap_rows[before] = (state.lap_rows[before] as number) - 1;
  }
  state.flicker[gpu] = null;
  state.lap[gpu] = 0;
  state.seen[gpu] = 0;
  state.slot[gpu] = 0;
  state.interval_ms[gpu] = 0;
  const here = nodeAt(batch, row, node, state, emit);
  comeBack(here, uuid, 'reports again');
  addMember(state, node, gpu);
  replaceMissing(here, gpu);
  state.expected[node] = membersOf(state, node).length;
  if (state.lap_ts[node] === 0) state.lap_ts[node] = here.now;
  emit('arrivals', { ts: here.now, node: name, gpu_uuid: uuid }, row);
}

/** A GPU comes again: the scrape before is whole. */
function turnLap(batch: Batch, row: number, state: AbsenceState, options: AbsenceOptions, emit: Tell): void {
  const node = batch.node[row] as number;
  const ts = batch.ts[row] as number;
  const step = Math.max(0, ts - (state.lap_ts[node] as number));
  state.cadence_ms[node] = usualInterval(state.cadence_ms[node] as number, step);
  if ((state.lap_rows[node] as number) < (state.expected[node] as number)) {
    state.expected[node] = judgeAbsent(nodeAt(batch, row, node, state, emit), options);
  }
  state.node_lap[node] = (state.node_lap[node] as number) + 1;
  state.lap_rows[node] = 0;
  state.lap_ts[node] = ts;
}

function noteMovement(batch: Batch, row: number, state: AbsenceState, emit: Tell): void {
  const node = batch.node[row] as number;
  const ts = batch.ts[row] as number;
  const lap = state.node_lap[node] as number;
  const open = state.frozen[node] as Anomaly | null;
  if (open !== null) {
    state.frozen[node] = null;
    const stood = elapsedWords(ts - (state.moved_ts[node] as number));
    const explanation = `The readings of ${open.node} move again; they had stood still for ${stood}.`;
    emit('anomalies', { ...open, state: 'closed', closed_at: ts, explanation }, row);
  } else if (lap !== state.moved_lap[node]) {
    const still = state.moved_lap[node] === 0 ? 0 : lap - (state.moved_lap[node] as number) - 1;
    state.still_laps[node] = Math.max((state.still_laps[node] as number) * STILL_FADING, still);
    state.moved_laps[node] = (state.moved_laps[node] as number) + 1;
  }
  state.moved_ts[node] = ts;
  state.moved_lap[node] = lap;
}

function noteBoardMovement(batch: Batch, row: number, state: AbsenceState, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const ts = batch.ts[row] as number;
  const open = state.board_frozen[gpu] as Anomaly | null;
  if (open !== null) {
    state.board_frozen[gpu] = null;
    emit('anomalies', movesAgain(open, ts, state.board_moved_ts[gpu] as number), row);
  }
  state.board_moved_ts[gpu] = ts;
  state.board_moved_lap[gpu] = state.node_lap[batch.node[row] as number] as number;
  if ((state.board_moves[gpu] as number) < 255) state.board_moves[gpu] = (state.board_moves[gpu] as number) + 1;
}

/** A board has not moved for long although its node does. An instance may well rest: only whole boards are judged. */
function judgeBoard(batch: Batch, row: number, state: AbsenceState, options: AbsenceOptions, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const node = batch.node[row] as number;
  const { uuid, instance } = identityOf(batch, gpu);
  const lap = state.node_lap[node] as number;
  const laps = lap - (state.board_moved_lap[gpu] as number);
  // The node must move now: where it stands too, its exporter is frozen, and that is told by itself.
  if (instance !== '' || (state.board_moves[gpu] as number) < LIVELY_LAPS || laps < options.frozen_scrapes) return;
  if (lap - (state.moved_lap[node] as number) > 1) return;
  const evidence = energyStandsStill(batch.values, row);
  if (evidence === null) return;
  const since = state.board_moved_ts[gpu] as number;
  const name = batch.registry.nodes[node] as string;
  const { frozen_after } = options;
  const anomaly = stillBoard({ uuid, node: name, ts: batch.ts[row] as number, since, laps, evidence, frozen_after });
  state.board_frozen[gpu] = anomaly;
  emit('anomalies', anomaly, row);
}

/** Nothing of the node has moved for long. */
function judgeStillness(batch: Batch, row: number, state: AbsenceState, options: AbsenceOptions, emit: Tell): void {
  const node = batch.node[row] as number;
  const laps = (state.node_lap[node] as number) - (state.moved_lap[node] as number);
  if ((state.moved_laps[node] as number) < LIVELY_LAPS) return;
  if (laps < Math.max(options.frozen_scrapes, STILL_FACTOR * (state.still_laps[node] as number))) return;
  const evidence = impossibleStillness(batch.values, row);
  if (evidence === null) return;
  const opened_at = batch.ts[row] as number;
  const since = state.moved_ts[node] as number;
  const name = batch.registry.nodes[node] as string;
  const usual = state.still_laps[node] as number;
  const { frozen_after } = options;
  const anomaly = stillNode({ node: name, ts: opened_at, since, laps, usual, evidence, frozen_after });
  state.frozen[node] = anomaly;
  emit('anomalies', anomaly, row);
}
