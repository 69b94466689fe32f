import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { EmitFrom, Operator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { NOTHING, sightOf } from '../core/hollow-row.ts';
import { addMember, dropMember, membersOf } from '../core/node-members.ts';
import { endFlicker, noteFlicker } from './flicker.ts';
import { FROZEN_COLUMNS, type FrozenOptions, watchMovement } from './frozen.ts';
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

export interface AbsenceOptions extends LostOptions, FrozenOptions {
  /** Event time between two heartbeats of a node. */
  readonly heartbeat: DurationMs;
}

/**
 * A node is alive: its newest row, and how often its scrapes usually come (0 = not known yet). Or it was asked and did not
 * answer, which is the opposite.
 */
export interface Heartbeat {
  readonly ts: number;
  readonly node: string;
  readonly cadence_ms: number;
  /** The error that came instead of an answer. */
  readonly unanswered?: string;
  /** The GPUs that report from it; left out while they are as they were told last, and told again once an hour. */
  readonly gpus?: Roster;
}
/** A GPU's first row on a node, or where it stands in another slot of it. */
export interface Arrival {
  readonly ts: number;
  readonly node: string;
  readonly gpu_uuid: string;
}

/** Soon: within so many of the GPU's own intervals. */
const BESIDE = 1.5;

export interface AbsencePorts {
  readonly anomalies: Anomaly;
  readonly heartbeats: Heartbeat;
  readonly arrivals: Arrival;
}

const STATE = {
  ...LOST_COLUMNS,
  ...FROZEN_COLUMNS,
  /** Event time of the last heartbeat, and a hash of the GPUs that were told with one. */
  beat_ts: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  roster: { scope: 'node', type: 'u32', width: 1, initial: 0 },
} as const;
type AbsenceState = State<typeof STATE>;

/**
 * Notices what no longer comes: a GPU that its node's scrapes lack (gpu_lost) or lack again and again (gpu_flickering), MIG instances that are cut anew
 * (mig_reconfigured), readings that stand still while the clock moves (exporter_frozen, one per node, or for one board whose
 * energy stands while its neighbours move).
 *
 * Input    enriched rows, and what `decode` tells as absent; rows not newer than the GPU's last one are skipped. One that shows
 *          nothing, or only codes where there were readings, is a scrape without its GPU. A scrape without an answer is handed on.
 * Output   anomalies; heartbeats: one per node and minute, from which `silentNodes` tells nodes that went silent (a row
 *          operator cannot: a silent node has no rows, and its group's clock is another nodes'); arrivals: a GPU's first row
 *          on a node, and the first heartbeat that has it in another slot.
 * Time     event time of the node's own rows; no timers, so no node's clock can matter to another.
 * Limits   a GPU that moved to a node of another group is seen there by `movedGpus` only. A node that shows none of its GPUs may
 *          just load its driver: a warning for some time; one that sends no rows at all is silent. A frozen idle node without an
 *          energy counter cannot be told from a calm one, nor one that tells no power at full load.
 * State    68 B per GPU, 56 B per node and its list of GPUs.
 * Cost     O(1) per row: one comparison of power, a hash of 20 readings only where power stood still; O(GPUs of the node) per
 *          heartbeat, and per scrape only while one is missing: for each that is, once more those new to the node.
 * Errors   none.
 */
export const absence = (options: AbsenceOptions): Operator<typeof STATE, AbsencePorts> => ({
  name: 'absence',
  summary: 'GPUs that a scrape lacks, exporters that stand still',
  state: STATE,
  ports: ['anomalies', 'heartbeats', 'arrivals'],
  onBatch(batch, state, emit) {
    const { values, unanswered } = batch;
    if (unanswered !== undefined) {
      const node = batch.registry.nodes[batch.node[0] as number] as string;
      emit('heartbeats', { ts: batch.ts[0] as number, node, cadence_ms: 0, unanswered }, 0);
      return;
    }
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let row = 0; row < batch.rows; row++) {
      const gpu = batch.gpu[row] as number;
      const node = batch.node[row] as number;
      const ts = batch.ts[row] as number;
      const last = state.last_ts[gpu] as number;
      if (ts <= last) continue;
      const sight = sightOf(values, row);
      if (sight === NOTHING || sight < (state.sight[gpu] as number)) {
        noteHollow(batch, row, state, options, emit);
        continue;
      }
      state.sight[gpu] = sight;
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
      watchMovement(batch, row, bits, state, options, emit);
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
  state.hollow_lap[gpu] = 0;
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

/**
 * A row in which nobody has seen a GPU that was seen before: its scrape came without it. Soon after a row with more it is
 * another source's, as one of codes only.
 */
function noteHollow(batch: Batch, row: number, state: AbsenceState, options: AbsenceOptions, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const node = batch.node[row] as number;
  const ts = batch.ts[row] as number;
  if (state.home[gpu] !== node + 1) return;
  if (ts - (state.last_ts[gpu] as number) < BESIDE * (state.interval_ms[gpu] as number)) return;
  const lap = state.node_lap[node] as number;
  if (state.lap[gpu] === lap || state.hollow_lap[gpu] === lap) {
    if (ts <= (state.lap_ts[node] as number)) return;
    turnLap(batch, row, state, options, emit);
  }
  state.hollow_lap[gpu] = state.node_lap[node] as number;
  if (ts - (state.beat_ts[node] as number) >= options.heartbeat) beat(batch, row, state, emit);
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
