import { z } from 'zod';
import { GPU_FAILURE_LABELS } from '../contract/prediction-tables.ts';
import { FAILURE_TYPES, type FailureLabel } from '../contract/predictions.ts';
import { parseInstant } from '../contract/time.ts';
import { csvCell, csvLines, HEADER_COLUMNS_MAX } from '../csv-lines.ts';
import {
  failedAtProblem,
  LABEL_SOURCE_CHARACTERS_MAX,
  LABEL_STATES,
  type LabelFacts,
  labelRow,
  NOTE_CHARACTERS_MAX,
} from './label-facts.ts';

/** Labels as CSV: the columns of gpu_failure_labels as header, times ISO; `ts` repeats `failed_at` and is left out. */
const COLUMNS = GPU_FAILURE_LABELS.columns.map(({ name }) => name).filter((name) => name !== 'ts');
const NEEDED = ['gpu_uuid', 'failed_at', 'type'] as const;

/** One thing that is wrong in a file. */
export interface LabelProblem {
  /** From 1, which is the header. */
  readonly line: number;
  /** Column; empty when it is about the whole line. */
  readonly field: string;
  readonly detail: string;
}

export interface LabelTable {
  /** Good rows, in the order of the file. */
  readonly rows: readonly { readonly line: number; readonly facts: LabelFacts }[];
  /** Everything that is wrong, in the order of the file; rows concerned are left out. */
  readonly problems: readonly LabelProblem[];
}

const orElse = <T extends string>(preset: T) => z.literal('').transform((): T => preset);

const rowSchema = z.object({
  gpu_uuid: z.string().min(1, 'is missing').max(256, 'is too long'),
  failed_at: z
    .string()
    .transform(parseInstant)
    .refine((ms) => !Number.isNaN(ms), { error: 'must be an ISO 8601 time' }),
  type: z.enum(FAILURE_TYPES, { error: `must be ${orList(FAILURE_TYPES)}` }),
  source: z
    .string()
    .max(LABEL_SOURCE_CHARACTERS_MAX, `must be at most ${LABEL_SOURCE_CHARACTERS_MAX} characters`)
    .transform((told) => told || 'csv')
    .default('csv'),
  note: z.string().max(NOTE_CHARACTERS_MAX, `must be at most ${NOTE_CHARACTERS_MAX} characters`).default(''),
  status: z
    .union([z.enum(LABEL_STATES), orElse('confirmed')], { error: `must be ${orList(LABEL_STATES)}` })
    .default('confirmed'),
});

/** Reads labels; `source` is csv and `status` confirmed where the file does not say. */
export function parseLabelsCsv(text: string): LabelTable {
  const rows: { line: number; facts: LabelFacts }[] = [];
  const problems: LabelProblem[] = [];
  const lineOf = new Map<string, number>();
  let header: readonly string[] | null = null;
  for (const { line, cells, wrong } of csvLines(text)) {
    if (wrong !== null) problems.push({ line, field: '', detail: wrong });
    else if (header === null) {
      header = cells;
      for (const problem of headerProblems(header, line)) problems.push(problem);
    } else if (cells.length > header.length) {
      problems.push({ line, field: '', detail: `${cells.length} cells under ${header.length} columns` });
    } else {
      const names = header;
      const parsed = rowSchema.safeParse(Object.fromEntries(cells.map((cell, i) => [names[i] ?? '', cell])));
      if (!parsed.success) {
        for (const { path, message } of parsed.error.issues) {
          const field = String(path[0]);
          // A column that the file does not have is told once, at the header.
          if (names.includes(field)) problems.push({ line, field, detail: message });
        }
        continue;
      }
      const facts = parsed.data;
      const key = `${facts.failed_at} ${facts.gpu_uuid}`;
      const before = lineOf.get(key);
      if (before === undefined) rows.push({ line, facts });
      else problems.push({ line, field: 'failed_at', detail: `this failure is on line ${before} already` });
      lineOf.set(key, before ?? line);
    }
  }
  if (header === null && problems.length === 0) problems.push({ line: 1, field: '', detail: 'there is no header' });
  const columns: readonly string[] = header ?? [];
  const usable = columns.length <= HEADER_COLUMNS_MAX && NEEDED.every((name) => columns.includes(name));
  return { rows: usable ? rows : [], problems };
}

/**
 * The rows to store of a file, and all that is wrong with the others. `nodes` has the node of every GPU that is known;
 * `now` is the later of wall and event time.
 */
export function labelsOf(
  table: LabelTable,
  nodes: ReadonlyMap<string, string>,
  now: number,
): { readonly labels: readonly FailureLabel[]; readonly problems: readonly LabelProblem[] } {
  const labels: FailureLabel[] = [];
  const problems = [...table.problems];
  for (const { line, facts } of table.rows) {
    const node = nodes.get(facts.gpu_uuid);
    const wrong = failedAtProblem(facts.failed_at, now);
    if (node === undefined) problems.push({ line, field: 'gpu_uuid', detail: `no GPU ${facts.gpu_uuid} is known` });
    if (wrong !== null) problems.push({ line, field: 'failed_at', detail: wrong });
    if (node !== undefined && wrong === null) labels.push(labelRow(facts, node));
  }
  return { labels, problems: problems.sort((a, b) => a.line - b.line) };
}

/** As one line for people: `line 3, failed_at: must be an ISO 8601 time`. */
export const problemText = ({ line, field, detail }: LabelProblem): string =>
  `line ${line}${field === '' ? '' : `, ${field}`}: ${detail}`;

export function formatLabelsCsv(labels: readonly Omit<FailureLabel, 'ts'>[]): string {
  const rows = labels.map((label) =>
    COLUMNS.map((name) => {
      const value = label[name as keyof typeof label];
      return csvCell(typeof value === 'number' ? new Date(value).toISOString() : value);
    }).join(','),
  );
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}

function orList(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function headerProblems(header: readonly string[], line: number): LabelProblem[] {
  if (header.length > HEADER_COLUMNS_MAX) {
    return [{ line, field: '', detail: `${header.length} columns, there are ${COLUMNS.length}` }];
  }
  const problems = header.flatMap((field, i): LabelProblem[] => {
    if (header.indexOf(field) < i) return [{ line, field, detail: 'the column is there twice' }];
    return field === 'ts' || COLUMNS.includes(field) ? [] : [{ line, field, detail: 'there is no such column' }];
  });
  for (const field of NEEDED) {
    if (!header.includes(field)) problems.push({ line, field, detail: 'the column is missing' });
  }
  return problems;
}
