import type { Database } from '../pipeline/contract/database.ts';
import { HORIZONS_DAYS, type HorizonDays } from '../pipeline/contract/predictions.ts';
import type { PredictionColumns } from '../pipeline/honesty/outcomes.ts';
import { type JudgedPrediction, lastPredictions, predictionSpan } from '../sinks/questdb/read-predictions.ts';

export interface ModelName {
  readonly name: string;
  readonly version: string;
}

/** One prediction a board and UTC day, as they were made, kept in memory. */
export interface PredictionHistory {
  /** Reads what is new since the last time. Throws GV-API-003 when the database is away: what was read before stays. */
  refresh(): Promise<void>;
  /** Rises when something was read that was not known. */
  readonly revision: number;
  /** Event time of the newest prediction, epoch ms; NaN when there is none. */
  readonly newest: number;
  /** Index of a GPU in the columns; -1 when nothing was predicted of it. */
  gpu(gpu_uuid: string): number;
  readonly gpus: number;
  /** Event time of the last prediction of each GPU by whatever model, epoch ms; NaN where none is kept. */
  lastSeen(): Float64Array;
  /** Of which there are predictions, in the order of their appearance. */
  models(): readonly ModelName[];
  /** Predictions of one model with ts at or after `from` and before `to`. */
  columns(model: ModelName, horizon: HorizonDays, from: number, to: number): PredictionColumns;
}

interface Day {
  readonly ts: Float64Array;
  readonly gpu: Uint32Array;
  readonly model: Uint16Array;
  /** By horizon. */
  readonly p: readonly Float64Array[];
}

const DAY_MS = 86_400_000;
/** The table keeps no more. */
const DAYS_MAX = 365;
/** About 90 MB; a large fleet is judged by its newest days. */
const ROWS_MAX = 2_000_000;

/** State: 38 B a board and day. A day costs one statement, and is read once when event time is a whole day past its end. */
export function predictionHistory(database: Database): PredictionHistory {
  const days = new Map<number, Day>();
  const finished = new Set<number>();
  const gpus = new Map<string, number>();
  const models: ModelName[] = [];
  const modelOf = new Map<string, number>();
  let revision = 0;
  let newest = Number.NaN;
  let last_seen = { revision, ts: new Float64Array(0) };
  let reading: Promise<void> | null = null;

  const modelIndex = ({ model_name: name, model_version: version }: JudgedPrediction): number => {
    const key = JSON.stringify([name, version]);
    const index = modelOf.get(key) ?? models.push({ name, version }) - 1;
    modelOf.set(key, index);
    return index;
  };
  const gpuIndex = ({ gpu_uuid }: JudgedPrediction): number => {
    const index = gpus.get(gpu_uuid) ?? gpus.size;
    gpus.set(gpu_uuid, index);
    return index;
  };
  const dayOf = (rows: readonly JudgedPrediction[]): Day => ({
    ts: Float64Array.from(rows, ({ ts }) => ts),
    gpu: Uint32Array.from(rows, gpuIndex),
    model: Uint16Array.from(rows, modelIndex),
    p: HORIZONS_DAYS.map((horizon) => Float64Array.from(rows, (row) => row[`failure_prob_${horizon}d`])),
  });

  async function read(): Promise<void> {
    const span = await predictionSpan(database);
    const last = span?.last ?? Number.NaN;
    // A table that was emptied, or a clock that was set back: nothing known is certain any more.
    if (span === null || last < newest) {
      if (days.size > 0) revision++;
      days.clear();
      finished.clear();
    }
    newest = last;
    if (span === null) return;
    const today = Math.floor(last / DAY_MS) * DAY_MS;
    const oldest = Math.max(Math.floor(span.first / DAY_MS) * DAY_MS, today - (DAYS_MAX - 1) * DAY_MS);
    let rows = 0;
    for (let start = today; start >= oldest; start -= DAY_MS) {
      const known = days.get(start);
      if (!finished.has(start)) {
        const day = dayOf(await lastPredictions(database, start, start + DAY_MS));
        if (known === undefined || !sameDay(known, day)) revision++;
        days.set(start, day);
        if (start + 2 * DAY_MS <= last) finished.add(start);
      }
      rows += days.get(start)?.ts.length ?? 0;
      if (rows >= ROWS_MAX) break;
    }
  }

  return {
    refresh() {
      reading ??= read().finally(() => {
        reading = null;
      });
      return reading;
    },
    get revision() {
      return revision;
    },
    get newest() {
      return newest;
    },
    gpu: (gpu_uuid) => gpus.get(gpu_uuid) ?? -1,
    get gpus() {
      return gpus.size;
    },
    lastSeen() {
      if (last_seen.revision === revision) return last_seen.ts;
      const ts = new Float64Array(gpus.size).fill(Number.NaN);
      for (const day of days.values()) {
        for (let row = 0; row < day.ts.length; row++) {
          const gpu = day.gpu[row] as number;
          if (!((ts[gpu] as number) >= (day.ts[row] as number))) ts[gpu] = day.ts[row] as number;
        }
      }
      last_seen = { revision, ts };
      return ts;
    },
    models: () => models,
    columns(model, horizon, from, to) {
      const wanted = modelOf.get(JSON.stringify([model.name, model.version]));
      const at = HORIZONS_DAYS.indexOf(horizon);
      const some = [...days.keys()]
        .filter((start) => start + DAY_MS > from && start < to)
        .sort((a, b) => a - b)
        .map((start) => days.get(start) as Day);
      const rows = some.reduce((sum, day) => sum + day.ts.length, 0);
      const ts = new Float64Array(rows);
      const gpu = new Uint32Array(rows);
      const p = new Float64Array(rows);
      let taken = 0;
      for (const day of some) {
        for (let row = 0; row < day.ts.length; row++) {
          const when = day.ts[row] as number;
          const probability = day.p[at]?.[row] as number;
          if (day.model[row] !== wanted || when < from || when >= to || Number.isNaN(probability)) continue;
          ts[taken] = when;
          gpu[taken] = day.gpu[row] as number;
          p[taken++] = probability;
        }
      }
      return { ts: ts.subarray(0, taken), gpu: gpu.subarray(0, taken), p: p.subarray(0, taken) };
    },
  };
}

/** A day is not told of again unless it has changed: its rows come in the same order. */
function sameDay(a: Day, b: Day): boolean {
  if (a.ts.length !== b.ts.length) return false;
  for (let row = 0; row < a.ts.length; row++) {
    if (a.ts[row] !== b.ts[row] || a.gpu[row] !== b.gpu[row] || a.model[row] !== b.model[row]) return false;
    if (a.p.some((column, k) => column[row] !== b.p[k]?.[row])) return false;
  }
  return true;
}
