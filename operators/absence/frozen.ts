import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { EmitFrom, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import type { AbsencePorts } from './absence.ts';
import type { LAP_COLUMNS } from './laps.ts';
import { movesAgain, STILL_BOARD_COLUMNS, stillBoard, stillNode } from './still-boards.ts';
import {
  energyStandsStill,
  hasMoved,
  impossibleStillness,
  impossibleWork,
  STILLNESS_COLUMNS,
  unlikelyWork,
} from './stillness.ts';

export interface FrozenOptions {
  /** How long, and for how many scrapes, nothing of a node may move before its exporter counts as frozen. */
  readonly frozen_after: DurationMs;
  readonly frozen_scrapes: number;
}

/** A node is known to be lively after so many laps in which something moved. */
const LIVELY_LAPS = 10;
/** It must stand still for so many times its longest still stretch so far; that memory fades by a hundredth a movement. */
const STILL_FACTOR = 5;
const STILL_FADING = 0.99;
/** Where only whole percents stand, it must be so for so many times longer. */
const PATIENCE = 6;

export const FROZEN_COLUMNS = {
  ...STILLNESS_COLUMNS,
  ...STILL_BOARD_COLUMNS,
  /** When and in which lap a reading of the node moved last, in how many laps one did, and the longest stretch without. */
  moved_ts: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  moved_lap: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  moved_laps: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  still_laps: { scope: 'node', type: 'f32', width: 1, initial: 0 },
  /** The open anomaly of a frozen exporter, as it was told. */
  frozen: { scope: 'node', type: 'record', width: 1, initial: 0 },
} as const;
type FrozenState = State<typeof FROZEN_COLUMNS & typeof LAP_COLUMNS>;
type Tell = EmitFrom<AbsencePorts>;

/** Notes whether a row moves; tells a node, or a board of one, that has not for so long that it cannot be alive. */
export function watchMovement(
  batch: Batch,
  row: number,
  bits: Uint32Array,
  state: FrozenState,
  options: FrozenOptions,
  emit: Tell,
): void {
  const gpu = batch.gpu[row] as number;
  const node = batch.node[row] as number;
  const ts = batch.ts[row] as number;
  if (hasMoved(state, gpu, batch.values, bits, row)) {
    noteMovement(batch, row, state, emit);
    noteBoardMovement(batch, row, state, emit);
  } else if (ts - (state.moved_ts[node] as number) >= options.frozen_after) {
    if (state.frozen[node] === null) judgeStillness(batch, row, state, options, emit);
  } else if (ts - (state.board_moved_ts[gpu] as number) >= options.frozen_after && state.board_frozen[gpu] === null)
    judgeBoard(batch, row, state, options, emit);
}

function noteMovement(batch: Batch, row: number, state: FrozenState, emit: Tell): void {
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

function noteBoardMovement(batch: Batch, row: number, state: FrozenState, emit: Tell): void {
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
function judgeBoard(batch: Batch, row: number, state: FrozenState, options: FrozenOptions, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const node = batch.node[row] as number;
  const { uuid, instance } = batch.registry.gpus[gpu] as GpuIdentity;
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
function judgeStillness(batch: Batch, row: number, state: FrozenState, options: FrozenOptions, emit: Tell): void {
  const node = batch.node[row] as number;
  const laps = (state.node_lap[node] as number) - (state.moved_lap[node] as number);
  if ((state.moved_laps[node] as number) < LIVELY_LAPS) return;
  if (laps < Math.max(options.frozen_scrapes, STILL_FACTOR * (state.still_laps[node] as number))) return;
  const { values } = batch;
  const patient = (batch.ts[row] as number) - (state.moved_ts[node] as number) >= PATIENCE * options.frozen_after;
  const evidence =
    impossibleStillness(values, row) ?? impossibleWork(values, row) ?? (patient ? unlikelyWork(values, row) : null);
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
