import type { Batch, BatchXid } from '../../pipeline/contract/batch.ts';
import { jobOf, type XidEvent } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { EmitFrom, Operator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { type DurationMs, hours } from '../../pipeline/contract/time.ts';
import { recordKey } from '../core/record-key.ts';
import { RESET_STATE, seesReset } from './reset-sign.ts';
import { newlyTold, type ToldXid } from './told-xids.ts';
import { riseOfCounts, type WindowCounts } from './window-counts.ts';

export interface XidEventsOptions {
  /** How long the gauge must read 0 before the code that it showed may come anew; a reset does the same at once. */
  readonly rearm_after: DurationMs;
  /** How long an event is remembered, so that late and repeated rows do not tell it twice: more than the allowed lateness. */
  readonly remember: DurationMs;
}

export interface XidEventsPorts {
  readonly xids: XidEvent;
}

const XID_LAST = metricIndex('xid_last');
const UNSEEN = 0xffff_ffff;
const NO_XIDS: readonly BatchXid[] = [];
/** An exporter that has said nothing of XIDs for so long does not say 0: it leaves the row out. */
const SILENCE_MS = hours(24);

const STATE = {
  ...RESET_STATE,
  /** The code that the gauge latches, 0 for none; of a GPU without a row so far `UNSEEN`. */
  latched: { scope: 'gpu', type: 'u32', width: 1, initial: UNSEEN },
  /** Since when the gauge has read 0, or was left out by an exporter that does so instead; 0 when it does not. */
  zero_since: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** When the gauge last read 0, moved on by how long it has shown codes since; 0 while it never did. */
  zero_told: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** Event time of the last row, and of the one before it. */
  last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  before_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  counts: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  /** Per board of the node: what was told lately. */
  told: { scope: 'node', type: 'record', width: 1, initial: 0 },
} as const;
type XidState = State<typeof STATE>;

/**
 * Turns what exporters tell of XIDs into events, each once.
 *
 * Input    enriched rows: the latched gauge, the sliding-window counts, the lists of codes of JSONL and CSV.
 * Output   xids, at the row that first told them.
 *          - The gauge tells an event when it changes to another code. A GPU's first row tells none: what it shows is old
 *            news. A GPU that had rows without the gauge had no XID (DCGM 4.5.3 leaves the row out), so its first code is
 *            one. Falling to 0, going missing and coming back is none, unless 0 stood for `rearm_after` or the GPU was
 *            reset meanwhile: then nothing is latched any more. Missing is 0 where the exporter never said 0, or has
 *            said nothing for a day (it was replaced by a newer one); where it says 0, missing was not read.
 *          - A window count tells its rise above the last count; falling means that the window moved on.
 *          - A listed code always is an event of its instant, also in a late row.
 *          - Several sources, or instances of one board, that tell a code within two scrapes tell one event.
 * Time     event time; of rows not newer than the GPU's last one only listed codes count.
 * State    48 B per GPU; records for GPUs whose counts are not 0 and for nodes with an XID within `remember`, at most 256
 *          happenings a board.
 * Cost     O(1) per row without XIDs, no allocation. Errors: none; codes beyond the catalogue are events like any other.
 */
export const xidEvents = (options: XidEventsOptions): Operator<typeof STATE, XidEventsPorts> => ({
  name: 'xid_events',
  summary: 'XIDs as events: edges of the gauge, rises of the counts, listed codes, each once',
  state: STATE,
  ports: ['xids'],
  onBatch(batch, state, emit) {
    let at = 0;
    for (let row = 0; row < batch.rows; row++) {
      const first = at;
      while (at < batch.xids.length && batch.xids[at]?.row === row) at++;
      const listed = first === at ? NO_XIDS : batch.xids.slice(first, at);
      const gpu = batch.gpu[row] as number;
      const ts = batch.ts[row] as number;
      const last = state.last_ts[gpu] as number;
      const newer = ts > last;
      const since = newer ? (state.before_ts[gpu] as number) : ts - 2 * (last - (state.before_ts[gpu] as number));
      if (newer) {
        for (const { xid, count, source } of readLatched(batch, row, listed, state, options)) {
          tellOnce(batch, row, { xid, count, source, since: since > 0 ? since : ts }, state, options, emit);
        }
        state.before_ts[gpu] = last;
        state.last_ts[gpu] = ts;
      }
      for (const { xid, kind, count } of listed) {
        if (kind !== 'event') continue;
        tellOnce(batch, row, { xid, count, source: 'listed', since: since > 0 ? since : ts }, state, options, emit);
      }
    }
  },
});

interface Reading {
  readonly xid: number;
  readonly count: number;
  readonly source: string;
}
const NOTHING: readonly Reading[] = [];

/** What the gauge and the window counts tell in a row that is newer than the GPU's last one. */
function readLatched(
  batch: Batch,
  row: number,
  listed: readonly BatchXid[],
  state: XidState,
  options: XidEventsOptions,
): readonly Reading[] {
  const gpu = batch.gpu[row] as number;
  const ts = batch.ts[row] as number;
  const reading = batch.values[row * METRIC_COUNT + XID_LAST] as number;
  const gauge = Number.isInteger(reading) && reading > 0 ? reading : 0;
  const zero = readsZero(reading, gpu, ts, state);
  const reset = seesReset(batch, row, state);
  let latched = state.latched[gpu] as number;
  const identity = batch.registry.gpus[gpu] as GpuIdentity;
  // A MIG instance that comes back shows what its board has latched meanwhile; others have told that.
  const returned = identity.instance !== '' && ts - (state.last_ts[gpu] as number) > options.remember;
  const baseline = latched === UNSEEN || returned;
  const known = state.counts[gpu] as WindowCounts | null;
  let readings = NOTHING;
  if (known !== null || listed.length > 0) {
    const counts = listed.filter(({ kind }) => kind === 'window_count');
    const now = known ?? {};
    const alreadyCounted = (now[gauge]?.n ?? 0) > 0;
    const rises = riseOfCounts(now, counts, latched, gauge);
    state.counts[gpu] = Object.keys(now).length > 0 ? now : null;
    if (!baseline) readings = rises.map(({ xid, rise }) => ({ xid, count: rise, source: 'counted' }));
    if (alreadyCounted && gauge > 0 && !baseline) {
      // The counts tell of this code themselves; the gauge only shows that it was the last of several.
      latched = gauge;
      state.latched[gpu] = gauge;
    }
  }
  if (baseline) {
    state.latched[gpu] = gauge;
    state.zero_since[gpu] = 0;
    return NOTHING;
  }
  if (gauge === 0) {
    if (zero && state.zero_since[gpu] === 0) state.zero_since[gpu] = ts;
    const since = state.zero_since[gpu] as number;
    if (reset || (since > 0 && ts - since >= options.rearm_after)) state.latched[gpu] = 0;
    return readings;
  }
  state.zero_since[gpu] = 0;
  if (gauge === latched) return readings;
  state.latched[gpu] = gauge;
  return [...readings, { xid: gauge, count: 1, source: 'latched' }];
}

/** Whether the gauge tells of no XID: by a 0, or, where the exporter does not say 0, by not being there. */
function readsZero(reading: number, gpu: number, ts: number, state: XidState): boolean {
  const told = state.zero_told[gpu] as number;
  if (reading === 0) state.zero_told[gpu] = ts;
  else if (Number.isNaN(reading)) return told === 0 || ts - told > SILENCE_MS;
  // A latched code may stand for weeks, and says nothing of what comes after it.
  else if (told > 0) state.zero_told[gpu] = told + ts - (state.last_ts[gpu] as number);
  return reading === 0;
}

/** Emits what nobody has told yet. */
function tellOnce(
  batch: Batch,
  row: number,
  reading: Reading & { since: number },
  state: XidState,
  options: XidEventsOptions,
  emit: EmitFrom<XidEventsPorts>,
): void {
  const gpu = batch.gpu[row] as number;
  const node = batch.node[row] as number;
  const ts = batch.ts[row] as number;
  const { uuid, instance } = batch.registry.gpus[gpu] as GpuIdentity;
  const boards = (state.told[node] ?? {}) as Record<string, ToldXid[]>;
  const edge = Math.max(ts, state.last_ts[gpu] as number) - options.remember;
  if (ts < edge) return;
  for (const [key, list] of Object.entries(boards)) {
    const kept = list.filter((one) => one.ts >= edge);
    if (kept.length === 0) delete boards[key];
    else if (kept.length < list.length) boards[key] = kept;
  }
  const board = recordKey(uuid);
  const told = boards[board] ?? [];
  const source = instance === '' ? reading.source : `${reading.source} ${instance}`;
  const count = newlyTold(told, { ...reading, ts, source });
  boards[board] = told;
  state.told[node] = boards;
  if (count === 0) return;
  const event: XidEvent = {
    ts,
    gpu_uuid: uuid,
    node: batch.registry.nodes[node] as string,
    instance,
    xid: reading.xid,
    count,
    job: jobOf(batch.registry.attributions[batch.attribution[row] as number]),
  };
  emit('xids', event, row);
}
