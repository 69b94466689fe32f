import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import type { TableSpec } from '../pipeline/contract/table-spec.ts';
import { days, hours } from '../pipeline/contract/time.ts';
import { GPU_HEALTH_SCORES, XID_EPISODES } from '../pipeline/contract/verdict-tables.ts';
import type { TableRow } from '../sinks/questdb/list-rows.ts';
import { lastOfGpus, newestOfGpus } from '../sinks/questdb/newest-rows.ts';
import { type KeptRows, keptRows, type RowsForm, type RowsText } from './kept-rows.ts';
import { serialiser } from './serialiser.ts';
import { tableRowAnswer, tableRowOf, tableRowSchema } from './table-schema.ts';

const NEWEST = {
  health: GPU_HEALTH_SCORES,
  prediction: GPU_FAILURE_PREDICTIONS,
  decision: GPU_ECONOMIC_DECISIONS,
} as const satisfies Readonly<Record<string, TableSpec>>;

/** What a verdict on a GPU shows of tables: by the name that it has there. */
export type VerdictPart = keyof typeof NEWEST | 'episodes';
const TABLES: Readonly<Record<VerdictPart, TableSpec>> = { ...NEWEST, episodes: XID_EPISODES };
export const VERDICT_PARTS = Object.keys(TABLES) as VerdictPart[];

/** Rows as answers have them, so that what is asked for most often is not read and written again each time. */
const FORMS = Object.fromEntries(VERDICT_PARTS.map((part) => [part, answerForm(TABLES[part])])) as Readonly<
  Record<VerdictPart, RowsForm>
>;

/** A page of the verdict; the whole list has a path of its own. */
const EPISODES_MAX = 20;
/** A connection that loses something is cut, and then all is forgotten; this is for what nobody thought of. */
const TRUSTED_MS = hours(1);
const SPAN_MS = days(1);
/** About 10 kB each with reasons and sensitivities. */
const GPUS_MAX = 20_000;
const BATCH_MAX = 1_024;

export interface VerdictRows {
  /** A row of the part's table was told on the bus. */
  apply(part: VerdictPart, gpu_uuid: string, told: unknown): void;
  /** The newest row of every instance, ordered by key; of episodes the last 20. Throws GV-API-003 when it must be read and cannot be. */
  of(part: VerdictPart, gpu_uuid: string): Promise<readonly TableRow[]>;
  /** The same as answers have them: the JSON of a list. */
  text(part: VerdictPart, gpu_uuid: string): Promise<RowsText>;
  /** The bus was away. */
  forget(): void;
}

/** The rows behind `GET /gpus/{gpu_uuid}`, kept in memory: of all GPUs of a fleet of at most 20,000, else of those that are asked for. */
export function verdictRows(options: {
  readonly database: Database;
  readonly clock: Clock;
  /** Event time of the fleet, epoch ms. */
  readonly now: () => number;
  /** UUIDs of the fleet. */
  readonly fleet: () => readonly string[];
}): VerdictRows {
  const { database, clock, now, fleet: others } = options;
  const limits = { clock, trusted_ms: TRUSTED_MS, gpus_max: GPUS_MAX, batch_max: BATCH_MAX, others };
  const newest = (part: keyof typeof NEWEST, spec: TableSpec = NEWEST[part]): KeptRows =>
    keptRows({
      ...limits,
      load: (uuids) => newestOfGpus(database, spec, uuids, now() - SPAN_MS),
      read: rowReader(spec),
      form: FORMS[part],
      merge: newestByKey(spec.keys.filter((key) => key !== 'ts')),
    });
  const parts: Readonly<Record<VerdictPart, KeptRows>> = {
    health: newest('health'),
    prediction: newest('prediction'),
    decision: newest('decision'),
    episodes: keptRows({
      ...limits,
      load: (uuids) => lastOfGpus(database, XID_EPISODES, uuids, EPISODES_MAX),
      read: rowReader(XID_EPISODES),
      form: FORMS.episodes,
      merge: lastRows(XID_EPISODES.keys, EPISODES_MAX),
    }),
  };
  return {
    apply: (part, gpu_uuid, told) => parts[part].apply(gpu_uuid, told),
    of: (part, gpu_uuid) => parts[part].of(gpu_uuid),
    text: (part, gpu_uuid) => parts[part].text(gpu_uuid),
    forget() {
      for (const part of VERDICT_PARTS) parts[part].forget();
    },
  };
}

/** Rows of a part as `text` answers them. */
export const verdictText = (part: VerdictPart, rows: readonly TableRow[]): RowsText => ({
  text: FORMS[part].pack(rows),
  count: rows.length,
});

/** The table whose rows the part shows. */
export const verdictTable = (part: VerdictPart): TableSpec => TABLES[part];

/** Rows as answers have them; anything else that the bus tells is none. */
function rowReader(spec: TableSpec): (told: unknown) => TableRow | null {
  const schema = tableRowSchema(spec);
  const answer = tableRowAnswer(spec);
  return (told) => {
    if (typeof told !== 'object' || told === null || !('ts' in told) || !Number.isSafeInteger(told.ts)) return null;
    const row = told as TableRow;
    return schema.safeParse(answer(row)).success ? row : null;
  };
}

function answerForm(spec: TableSpec): RowsForm {
  const write = serialiser(tableRowSchema(spec));
  const [answer, row] = [tableRowAnswer(spec), tableRowOf(spec)];
  return {
    pack: (rows) => `[${rows.map((one) => write(answer(one))).join()}]`,
    unpack: (text) => (JSON.parse(text) as Record<string, unknown>[]).map(row),
  };
}

const sameIn = (keys: readonly string[], a: TableRow, b: TableRow): boolean => keys.every((key) => a[key] === b[key]);

function newestByKey(keys: readonly string[]): (rows: readonly TableRow[], row: TableRow) => readonly TableRow[] {
  const order = (a: TableRow, b: TableRow): number => {
    for (const key of keys) {
      const [one, other] = [String(a[key]), String(b[key])];
      if (one !== other) return one < other ? -1 : 1;
    }
    return 0;
  };
  return (rows, row) => {
    const known = rows.find((one) => sameIn(keys, one, row));
    if (known !== undefined && known.ts > row.ts) return rows;
    return [...rows.filter((one) => one !== known), row].sort(order);
  };
}

const lastRows =
  (keys: readonly string[], rows_max: number) =>
  (rows: readonly TableRow[], row: TableRow): readonly TableRow[] =>
    [row, ...rows.filter((one) => !sameIn(keys, one, row))].sort((a, b) => b.ts - a.ts).slice(0, rows_max);
