import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { ItemOperator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';
import { type DurationMs, minutes } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import { rowsOf } from '../core/home-of.ts';
import type { AssetBook } from '../enrich.ts';
import type { Arrival } from './absence.ts';

export interface GoneOptions {
  readonly assets: AssetBook;
  /** How long it must be silent before another GPU in its slot, or the inventory, tells that it is gone. */
  readonly settled_after: DurationMs;
  /** How long its board must report under other instances without it. */
  readonly recut_after: DurationMs;
  /** How long it must be silent while its group goes on; `absent_after` where its silence is what is open. */
  readonly silent_after: DurationMs;
  readonly absent_after: DurationMs;
}

export interface GonePorts {
  /** All that came, and what is closed and opened again here. */
  readonly anomalies: Anomaly;
  /** Of the latter what is about lost GPUs: only `movedGpus` knows which of them are elsewhere, and closed as such. */
  readonly lost: Anomaly;
}

const EVERY = minutes(10);
/** As much of a silence of the whole group counts: nobody can tell who was gone in it. */
const STEP_MAX_MS = minutes(30);
/** Open anomalies remembered per board; of more, the oldest are let go. */
const OPEN_MAX = 64;
const ABSENCE = 'absence';
const LOST = 'gpu_lost';

const [NOTHING, OPEN, CLOSED] = [0, 1, 2];

const time = { scope: 'gpu', type: 'f64', width: 1, initial: 0 } as const;
const group = { scope: 'group', type: 'f64', width: 1, initial: 0 } as const;
const STATE = {
  /** Event time of its arrival on the node, and of the newest row; 0 = never, or forgotten. */
  came_at: time,
  last_ts: time,
  /** How far the group had gone on when the newest one came. */
  heard_at: time,
  /** What is remembered of it: NOTHING, only what is OPEN, or something CLOSED here. Forgotten with it. */
  kept: { scope: 'gpu', type: 'u8', width: 1, initial: NOTHING },
  kept_host: { scope: 'node', type: 'u8', width: 1, initial: NOTHING },
  /** The group's event time; how much of it has passed, long silences left out; that as of the last look. */
  clock: group,
  course: group,
  looked_at: group,
  /** When the server stored the newest row: what the inventory said then. */
  arrived_at: group,
  /** Book. */
  book: { scope: 'group', type: 'record', width: 1, initial: 0 },
} as const;
type GoneState = State<typeof STATE>;

/** An anomaly whose detector believes it open. Plain data. */
interface Entry {
  /** As it was told last while it was open. */
  readonly anomaly: Anomaly;
  /** Whether it was closed here since. */
  closed: boolean;
  /** Event time of its GPU's newest row, as of the last look. */
  seen_at: number;
}

/** By board or node: it outlasts the cells of those that are forgotten. */
type Book = Record<string, Entry[]>;

/** Where and when something is decided. */
interface At {
  readonly registry: Registry;
  readonly state: GoneState;
  readonly now: number;
  readonly tell: (anomaly: Anomaly) => void;
}

/**
 * Closes what is open on GPUs and instances that no longer report, since detectors close only on a later row of theirs, and
 * opens it again when one comes after all: the detector goes on where it was, and would say nothing.
 *
 * Input    anomalies of all detectors of the group; arrivals of `absence` and rows, for when a GPU was there.
 * Output   anomalies: as they came, and those that are closed (same id and ts) because another GPU stands in the slot, the
 *          inventory says retired, the board reports under other instances, or nothing came for long; lost.
 * Limits   where silence itself is what is open, instances do not matter and patience is longer. A group of which nothing
 *          comes any more decides nothing. What was open before a snapshot that is older than this step is unknown here.
 * Time     event time; looked at every 10 minutes, in the time in which the group went on: neither a gap in the stream nor a
 *          row from the far future makes anybody silent.
 * State    25 B per GPU, 1 B per node, and what is open, about 600 B each, 64 a board at most.
 * Cost     two comparisons and two writes per row; O(what is open) per look, O(GPUs of the group) for each that is silent.
 * Errors   none; what is told of unknown GPUs goes by.
 */
export const gone = (
  options: GoneOptions,
): ItemOperator<{ anomalies: Anomaly; arrivals: Arrival }, typeof STATE, GonePorts> => ({
  name: 'gone',
  summary: 'closes what is open on GPUs that no longer report, and opens it again when they do',
  state: STATE,
  ports: ['anomalies', 'lost'],
  on: {
    anomalies(item, { registry }, state, emit) {
      const at = { registry, state, now: state.clock[0] as number, tell: tellWith(emit) };
      if (noteAnomaly(at, item)) emit('anomalies', item);
    },
    arrivals({ ts, gpu_uuid }, { registry }, state) {
      for (const gpu of rowsOf(registry, gpu_uuid)) state.came_at[gpu] = ts;
    },
  },
  onRows(batch, state, emit) {
    let clock = state.clock[0] as number;
    let course = state.course[0] as number;
    for (let row = 0; row < batch.rows; row++) {
      const gpu = batch.gpu[row] as number;
      const ts = batch.ts[row] as number;
      if (ts > clock) {
        course += Math.min(ts - clock, STEP_MAX_MS);
        clock = ts;
      }
      if (ts <= (state.last_ts[gpu] as number)) continue;
      state.last_ts[gpu] = ts;
      state.heard_at[gpu] = course;
      if (state.kept[gpu] !== CLOSED) continue;
      const tell = tellWith((port, item) => emit(port, item, row));
      openAgain({ registry: batch.registry, state, now: clock, tell }, gpu);
    }
    state.clock[0] = clock;
    state.course[0] = course;
    state.arrived_at[0] = batch.arrived_at[batch.rows - 1] as number;
  },
  timer: {
    every: EVERY,
    onTime(now, { registry }, state, emit) {
      if (state.looked_at[0] === state.course[0]) return;
      state.looked_at[0] = state.course[0] as number;
      const at = { registry, state, now, tell: tellWith(emit) };
      for (const key of Object.keys(bookOf(state))) look(at, key, options);
    },
  },
});

const tellWith =
  (emit: (port: keyof GonePorts, anomaly: Anomaly) => void) =>
  (anomaly: Anomaly): void =>
    emit(anomaly.type === LOST ? 'lost' : 'anomalies', anomaly);

function bookOf(state: GoneState): Book {
  const book = (state.book[0] ?? {}) as Book;
  state.book[0] = book;
  return book;
}

/** The mark keeps it from being the name of anything that all objects have. */
const keyOf = ({ gpu_uuid, node }: Anomaly): string => (gpu_uuid === '' ? `@${node}` : `${gpu_uuid}@`);

/** The rows that speak for an anomaly: any of its board for a lost one, since it may come back cut or whole. */
function voicesOf({ registry }: At, { gpu_uuid, instance, node, type }: Anomaly): readonly number[] {
  if (gpu_uuid === '') {
    const host = registry.nodes.indexOf(node);
    return registry.gpuNodes.flatMap((there, gpu) => (there === host ? [gpu] : []));
  }
  if (type === LOST) return rowsOf(registry, gpu_uuid);
  const own = registry.find(gpu_uuid, instance);
  return own < 0 ? [] : [own];
}

/** Indexes under which it is marked: of these rows, or of its node; none once they are forgotten. */
function cellsOf(at: At, anomaly: Anomaly): readonly number[] {
  if (anomaly.gpu_uuid !== '') return voicesOf(at, anomaly);
  return [at.registry.nodes.indexOf(anomaly.node)].filter((host) => host >= 0);
}

const marksOf = ({ state }: At, { gpu_uuid }: Anomaly): Uint8Array => (gpu_uuid === '' ? state.kept_host : state.kept);

/**
 * What is remembered of a board or node. What was told before it was forgotten ends here, whether it is back or not: its
 * detectors have forgotten it too.
 */
function entriesAt(at: At, key: string): Entry[] {
  return (bookOf(at.state)[key] ?? []).filter((entry) => {
    const marks = marksOf(at, entry.anomaly);
    if (cellsOf(at, entry.anomaly).some((cell) => marks[cell] !== NOTHING)) return true;
    if (!entry.closed) close(at, entry, 'it is forgotten');
    return false;
  });
}

function keepEntries(at: At, key: string, entries: Entry[]): void {
  const book = bookOf(at.state);
  const mark = ({ anomaly }: Entry, as: number): void => {
    for (const cell of cellsOf(at, anomaly)) marksOf(at, anomaly)[cell] = as;
  };
  for (const entry of book[key] ?? []) mark(entry, NOTHING);
  for (const entry of entries) if (!entry.closed) mark(entry, OPEN);
  for (const entry of entries) if (entry.closed) mark(entry, CLOSED);
  if (entries.length > 0) book[key] = entries;
  else delete book[key];
}

/** Remembers what opens, and lets go of what closes; answers whether that is news. */
function noteAnomaly(at: At, item: Anomaly): boolean {
  const key = keyOf(item);
  const entries = entriesAt(at, key);
  const before = entries.find(({ anomaly }) => anomaly.id === item.id);
  const others = entries.filter((entry) => entry !== before);
  const open = item.state === 'open' && cellsOf(at, item).length > 0;
  const entry = { anomaly: item, closed: false, seen_at: before?.seen_at ?? item.opened_at };
  keepEntries(at, key, open ? [...others, entry].slice(-OPEN_MAX) : others);
  return item.state === 'open' || before?.closed !== true;
}

/** A row of a GPU on which something was closed here. */
function openAgain(at: At, gpu: number): void {
  const { registry, state, tell } = at;
  const key = `${(registry.gpus[gpu] as GpuIdentity).uuid}@`;
  const entries = entriesAt(at, key);
  for (const entry of entries) {
    if (!entry.closed || !cellsOf(at, entry.anomaly).includes(gpu)) continue;
    entry.closed = false;
    tell(entry.anomaly);
  }
  state.kept[gpu] = NOTHING;
  keepEntries(at, key, entries);
}

function look(at: At, key: string, options: GoneOptions): void {
  const { last_ts } = at.state;
  const entries = entriesAt(at, key);
  for (const entry of entries) {
    const gpu = newestOf(at, entry.anomaly);
    if (gpu < 0) continue;
    entry.seen_at = last_ts[gpu] as number;
    const why = entry.closed ? null : endOf(at, entry.anomaly, gpu, options);
    if (why !== null) close(at, entry, why);
  }
  keepEntries(at, key, entries);
}

function close({ now, tell }: At, entry: Entry, why: string): void {
  const { anomaly, seen_at } = entry;
  entry.closed = true;
  const explanation = `${anomaly.explanation} It no longer reports since ${new Date(seen_at).toISOString()}: ${why}.`;
  tell({ ...anomaly, state: 'closed', closed_at: Math.max(now, anomaly.opened_at), explanation });
}

/** The GPU that was heard last of those that speak for an anomaly; -1 for none. */
function newestOf(at: At, anomaly: Anomaly): number {
  const heard = (gpu: number): number => (gpu < 0 ? -1 : (at.state.heard_at[gpu] as number));
  return voicesOf(at, anomaly).reduce((newest, gpu) => (heard(gpu) > heard(newest) ? gpu : newest), -1);
}

/** Why a GPU counts as gone; null while it does not. */
function endOf(at: At, anomaly: Anomaly, gpu: number, options: GoneOptions): string | null {
  const { state } = at;
  const silence = (state.course[0] as number) - (state.heard_at[gpu] as number);
  if (silence < options.settled_after) return null;
  const absent = anomaly.detector === ABSENCE;
  if (anomaly.gpu_uuid !== '') {
    const heir = heirOf(at, gpu, options);
    if (heir !== undefined) return `${heir.uuid} stands in its slot ${heir.pci_bus_id}`;
    if (isRetired(at, anomaly.gpu_uuid, options)) return 'the inventory says that it is retired';
    const others = absent ? [] : recutAs(at, gpu, options);
    if (others.includes('')) return 'its board reports as a whole';
    if (others.length > 0) return `its board reports as instance ${others.join(', ')}`;
  }
  const patience = absent ? options.absent_after : options.silent_after;
  return silence < patience ? null : `nothing came of it for ${elapsedWords(patience)}`;
}

/** The GPU that came into its slot after it was there for the last time, and has stayed for a while. */
function heirOf({ registry, state }: At, gpu: number, { settled_after }: GoneOptions): GpuIdentity | undefined {
  const { uuid, pci_bus_id } = registry.gpus[gpu] as GpuIdentity;
  if (pci_bus_id === '') return undefined;
  return registry.gpus.find(
    (other, i) =>
      other.pci_bus_id === pci_bus_id &&
      other.uuid !== uuid &&
      registry.gpuNodes[i] === registry.gpuNodes[gpu] &&
      (state.came_at[i] as number) > (state.last_ts[gpu] as number) &&
      (state.heard_at[i] as number) - (state.heard_at[gpu] as number) >= settled_after,
  );
}

/** Instances under which its board has reported without it. */
function recutAs({ registry, state }: At, gpu: number, { recut_after }: GoneOptions): string[] {
  const { uuid } = registry.gpus[gpu] as GpuIdentity;
  const since = (state.heard_at[gpu] as number) + recut_after;
  return rowsOf(registry, uuid)
    .filter((other) => (state.heard_at[other] as number) >= since)
    .map((other) => (registry.gpus[other] as GpuIdentity).instance);
}

function isRetired({ state, now }: At, uuid: string, { assets }: GoneOptions): boolean {
  const edition = assets.edition(state.arrived_at[0] as number);
  const asset = edition === 0 ? undefined : assets.get(uuid, edition)?.asset;
  return asset !== undefined && (asset.status === 'retired' || (asset.retired_at !== null && asset.retired_at <= now));
}
