import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../pipeline/clock.ts';
import type { TableRow } from '../sinks/questdb/list-rows.ts';

export interface KeptRowsOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** What the table says of these GPUs now; a GPU without rows may be missing. */
  readonly load: (gpu_uuids: readonly string[]) => Promise<ReadonlyMap<string, readonly TableRow[]>>;
  /** A row as the bus tells it; null when it is none. */
  readonly read: (told: unknown) => TableRow | null;
  /** How rows are kept as text; in JSON when absent. */
  readonly form?: RowsForm;
  /** The rows of a GPU after a new one came. */
  readonly merge: (rows: readonly TableRow[], row: TableRow) => readonly TableRow[];
  /**
   * Rows are read anew after so long: what came over the bus meanwhile may have been missed. From half of it on they are read
   * behind whoever asks, so that a fleet that was read at once does not have everybody wait again when its time is over.
   */
  readonly trusted_ms: number;
  /** The same for a GPU without rows; as long as others when absent. */
  readonly none_trusted_ms?: number;
  /** The same for what a reading that began then (monotonic ms) would find again; nobody knows that when absent. */
  readonly unchanged?: { readonly since: (read_at: number) => boolean; readonly trusted_ms: number };
  /** Most GPUs that are kept; who was not asked for the longest leaves first. */
  readonly gpus_max: number;
  /** Most GPUs in one reading. */
  readonly batch_max: number;
  /**
   * Who else may be asked for soon: where all of them can be kept, a reading that has room takes those along who are not, or
   * were read long ago.
   */
  readonly others?: () => readonly string[];
}

/** A text for rows, and the rows of such a text. */
export interface RowsForm {
  readonly pack: (rows: readonly TableRow[]) => string;
  readonly unpack: (text: string) => readonly TableRow[];
}

export interface RowsText {
  /** As `form` has made it. */
  readonly text: string;
  readonly count: number;
}

export interface KeptRows {
  /** Something came over the bus. */
  apply(gpu_uuid: string, told: unknown): void;
  /** Throws what `load` throws. */
  of(gpu_uuid: string): Promise<readonly TableRow[]>;
  /** The same as they are kept: for who would only make text of them again. */
  text(gpu_uuid: string): Promise<RowsText>;
  /** The bus was away: everything is read anew. */
  forget(): void;
}

const RETRY_MS = 5_000;
/** What is read behind everybody may take its time: 20,000 GPUs within five minutes. */
const BEHIND_EVERY_MS = 2_000;
const BEHIND_MAX = 128;
/** A row is told before the table has it: what came so shortly before a reading, or during it, is put over what was read. */
const SETTLED_MS = 30_000;
const UNSETTLED_MAX = 4_096;
/** What was read is made text of in pieces: of a thousand GPUs at once it takes a tenth of a second. */
const GPUS_A_TURN = 32;

interface Kept extends RowsText {
  /**
   * No objects: a prediction's reasons are hundreds of small objects, and of a whole fleet the collector would walk
   * millions, for a tenth of a second during which nobody is answered.
   */
  readonly text: string;
  readonly read_at: number;
}

const AS_JSON: RowsForm = { pack: JSON.stringify, unpack: (text) => JSON.parse(text) as readonly TableRow[] };

interface Told {
  readonly gpu_uuid: string;
  readonly text: string;
  readonly at: number;
}

interface Waiting {
  /** Nobody needs it now. */
  behind: boolean;
  readonly rows: Promise<readonly TableRow[]>;
  readonly resolve: (rows: readonly TableRow[]) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * The newest rows of GPUs that somebody asked for, kept current by the bus. Who is not kept is read from the table, all that
 * wait in one statement and one statement at a time, so that a thousand questions at once cost the database a few; a
 * statement costs little more when it is full, and so a few questions bring in all of a fleet that can be kept.
 * State: the rows of at most `gpus_max` GPUs as text, and what was told in the last minute. Cost of an answer that is kept: two
 * look-ups; of its rows, the reading of their text.
 */
export function keptRows(options: KeptRowsOptions): KeptRows {
  const {
    clock,
    load,
    read,
    form: { pack, unpack } = AS_JSON,
    merge,
    trusted_ms,
    none_trusted_ms = trusted_ms,
    unchanged,
    gpus_max,
    batch_max,
  } = options;
  const trustOf = ({ count, read_at }: Kept): number => {
    if (unchanged?.since(read_at)) return unchanged.trusted_ms;
    return count === 0 ? none_trusted_ms : trusted_ms;
  };
  const textOf = (rows: readonly TableRow[]): RowsText => ({ text: pack(rows), count: rows.length });
  const kept = new Map<string, Kept>();
  const queued = new Map<string, Waiting>();
  let underWay = new Map<string, Waiting>();
  /** Readings that began before were of a bus that was lost since. */
  let generation = 0;
  let reading = false;
  /** Of the others: where the next filling begins. */
  let next_other = 0;
  /** Oldest first. */
  let unsettled: Told[] = [];
  /** Nothing is read behind anybody before. */
  let behind_from = Number.NEGATIVE_INFINITY;

  function fill(batch: Map<string, Waiting>, now: number): void {
    const others = options.others?.() ?? [];
    if (others.length > gpus_max) return;
    const most = [...batch.values()].every(({ behind }) => behind) ? Math.min(batch_max, BEHIND_MAX) : batch_max;
    for (let seen = 0; seen < others.length && batch.size < most; seen++) {
      const gpu_uuid = others[next_other++ % others.length] as string;
      const known = kept.get(gpu_uuid);
      if (known !== undefined && now - known.read_at < trustOf(known) / 2) continue;
      if (!batch.has(gpu_uuid)) batch.set(gpu_uuid, queued.get(gpu_uuid) ?? waitingFor(true));
      queued.delete(gpu_uuid);
    }
  }

  function dropSettled(now: number): void {
    unsettled = unsettled.filter(({ at }) => at > now - SETTLED_MS);
  }

  /** What the table may not have had when it was read, of those GPUs. */
  function toldAround(read_at: number, batch: ReadonlyMap<string, unknown>): Map<string, TableRow[]> {
    dropSettled(read_at);
    const rows = new Map<string, TableRow[]>();
    for (const { gpu_uuid, text } of unsettled) {
      const row = batch.has(gpu_uuid) ? read(JSON.parse(text)) : null;
      if (row !== null) rows.set(gpu_uuid, [...(rows.get(gpu_uuid) ?? []), row]);
    }
    return rows;
  }

  async function readQueued(): Promise<void> {
    reading = true;
    while (queued.size > 0) {
      const batch = new Map([...queued].slice(0, batch_max));
      for (const gpu_uuid of batch.keys()) queued.delete(gpu_uuid);
      const of = generation;
      const read_at = clock.monotonic();
      fill(batch, read_at);
      underWay = batch;
      try {
        const found = await load([...batch.keys()]);
        const all = [...batch];
        for (let at = 0; at < all.length; at += GPUS_A_TURN) {
          if (at > 0) await nextTurn();
          const some = new Map(all.slice(at, at + GPUS_A_TURN));
          const told = toldAround(read_at, some);
          for (const [gpu_uuid, { resolve, reject }] of some) {
            try {
              const rows = (told.get(gpu_uuid) ?? []).reduce(merge, found.get(gpu_uuid) ?? []);
              if (of === generation) kept.set(gpu_uuid, { ...textOf(rows), read_at });
              resolve(rows);
            } catch (cause) {
              // Rows of one that cannot be written are not the others' fault.
              reject(cause);
            }
          }
        }
        underWay = new Map();
        for (const gpu_uuid of kept.keys()) {
          if (kept.size <= gpus_max) break;
          kept.delete(gpu_uuid);
        }
      } catch (cause) {
        underWay = new Map();
        behind_from = clock.monotonic() + RETRY_MS;
        for (const [, { reject }] of batch) reject(cause);
      }
    }
    reading = false;
  }

  function asked(gpu_uuid: string, behind: boolean): Promise<readonly TableRow[]> {
    const waiting = queued.get(gpu_uuid) ?? underWay.get(gpu_uuid);
    if (waiting !== undefined) {
      waiting.behind &&= behind;
      return waiting.rows;
    }
    const one = waitingFor(behind);
    queued.set(gpu_uuid, one);
    if (!reading) void readQueued();
    return one.rows;
  }

  /** What may still be told without a look at the table. */
  function trusted(gpu_uuid: string): Kept | null {
    const known = kept.get(gpu_uuid);
    if (known === undefined) return null;
    kept.delete(gpu_uuid);
    const now = clock.monotonic();
    const age = now - known.read_at;
    const trust = trustOf(known);
    if (age >= trust) return null;
    // The last in the order of being asked for.
    kept.set(gpu_uuid, known);
    if (age >= trust / 2 && now >= behind_from) {
      behind_from = now + BEHIND_EVERY_MS;
      void asked(gpu_uuid, true);
    }
    return known;
  }

  return {
    apply(gpu_uuid, told) {
      const at = clock.monotonic();
      unsettled.push({ gpu_uuid, text: JSON.stringify(told), at });
      if ((unsettled[0]?.at ?? at) < at - 2 * SETTLED_MS) dropSettled(at);
      if (unsettled.length >= 2 * UNSETTLED_MAX) unsettled = unsettled.slice(-UNSETTLED_MAX);
      const known = kept.get(gpu_uuid);
      const row = known === undefined ? null : read(told);
      if (known === undefined || row === null) return;
      kept.set(gpu_uuid, { ...textOf(merge(unpack(known.text), row)), read_at: known.read_at });
    },
    of(gpu_uuid) {
      const known = trusted(gpu_uuid);
      return known === null ? asked(gpu_uuid, false) : Promise.resolve(unpack(known.text));
    },
    async text(gpu_uuid) {
      return trusted(gpu_uuid) ?? textOf(await asked(gpu_uuid, false));
    },
    forget() {
      generation++;
      kept.clear();
    },
  };
}

function waitingFor(behind: boolean): Waiting {
  let resolve: Waiting['resolve'] = () => undefined;
  let reject: Waiting['reject'] = () => undefined;
  const rows = new Promise<readonly TableRow[]>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  // Nobody may be waiting for it.
  rows.catch(() => undefined);
  return { behind, rows, resolve, reject };
}
