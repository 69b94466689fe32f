import { z } from 'zod';
import type { AssetFacts } from './asset-merge.ts';
import type { Asset } from './contract/events.ts';
import { GPU_ASSETS } from './contract/tables.ts';
import { parseInstant } from './contract/time.ts';
import { csvCell, csvLines, HEADER_COLUMNS_MAX } from './csv-lines.ts';

/** Inventory as CSV: the columns of gpu_assets as header, times ISO; `ts` is left out, it is the row's key and no fact. */
const COLUMNS = GPU_ASSETS.columns.map(({ name }) => name).filter((name) => name !== 'ts');
const INSTANTS: ReadonlySet<string> = new Set(
  GPU_ASSETS.columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => name),
);

const instant = z
  .string()
  .transform((text) => (text === '' ? null : parseInstant(text)))
  .refine((ms) => ms === null || !Number.isNaN(ms), { error: 'must be an ISO 8601 time' });
const amount = z
  .string()
  .transform((text) => (text === '' ? null : Number(text)))
  .refine((value) => value === null || (Number.isFinite(value) && value >= 0), { error: 'must be a number from 0 on' });
/** As what is typed in by hand: a name with a line break in it is a quote that was closed too late. */
const words = z
  .string()
  .max(256, 'must have at most 256 characters')
  .regex(/^[^\p{Cc}]*$/u, 'must not have control characters');

const rowSchema = z
  .object({
    gpu_uuid: words.min(1, 'is missing'),
    node: words,
    model: words,
    serial: words,
    pci_bus_id: words,
    cluster: words,
    rack: words,
    slot: words,
    owner: words,
    tenant: words,
    deployed_at: instant,
    warranty_until: instant,
    purchase_price: amount,
    operating_hours: amount,
    registered_at: instant,
    status: z.enum(['', 'active', 'maintenance', 'retired'], { error: 'must be active, maintenance or retired' }),
    note: z.string().max(4_000, 'must have at most 4000 characters'),
    retired_at: instant,
  })
  .partial()
  .required({ gpu_uuid: true });

/** What is wrong with a line; the field is empty where it is no cell of a known column. */
export interface AssetProblem {
  readonly line: number;
  readonly field: string;
  readonly detail: string;
  /** All of it in words, with the column's number. */
  readonly text: string;
}

export interface AssetTable {
  /** What each good row tells, in the order of the file: only columns that the file has. */
  readonly rows: readonly AssetFacts[];
  /** Line of each good row. */
  readonly lines: readonly number[];
  /** Everything that is wrong, in the order of the file; rows concerned are left out. */
  readonly issues: readonly AssetProblem[];
  /** The same in words. */
  readonly problems: readonly string[];
}

/** Reads inventory. */
export function parseAssetsCsv(text: string): AssetTable {
  const rows: AssetFacts[] = [];
  const lines: number[] = [];
  const issues: AssetProblem[] = [];
  const lineOf = new Map<string, number>();
  let header: readonly string[] | null = null;
  for (const { line, cells, wrong } of csvLines(text)) {
    if (wrong !== null) {
      issues.push(ofLine(line, wrong));
    } else if (header === null) {
      header = cells;
      for (const problem of headerProblems(header, line)) issues.push(problem);
    } else {
      const found = rowProblems(header, cells, line);
      if (found.facts !== null) {
        const before = lineOf.get(found.facts.gpu_uuid);
        if (before === undefined) {
          rows.push(found.facts);
          lines.push(line);
        } else issues.push(ofCell(header, line, 'gpu_uuid', `is on line ${before} already`));
        lineOf.set(found.facts.gpu_uuid, before ?? line);
      }
      for (const problem of found.problems) issues.push(problem);
    }
  }
  if (header === null && issues.length === 0) issues.push(ofLine(1, 'there is no header'));
  const usable = header?.includes('gpu_uuid') === true && header.length <= HEADER_COLUMNS_MAX;
  return {
    rows: usable ? rows : [],
    lines: usable ? lines : [],
    issues,
    problems: issues.map((issue) => issue.text),
  };
}

export function formatAssetsCsv(assets: readonly Asset[]): string {
  const rows = assets.map((asset) => {
    const fields = asset as unknown as Readonly<Record<string, string | number | null>>;
    return COLUMNS.map((name) => {
      const value = fields[name];
      if (value === null || value === undefined) return '';
      return csvCell(INSTANTS.has(name) ? new Date(value).toISOString() : value);
    }).join(',');
  });
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}

function headerProblems(header: readonly string[], line: number): AssetProblem[] {
  if (header.length > HEADER_COLUMNS_MAX)
    return [ofLine(line, `${header.length} columns, there are ${COLUMNS.length}`)];
  const problems = header.flatMap((name, i) => {
    const told = (detail: string): AssetProblem[] => [
      { line, field: name, detail, text: `line ${line}, column ${i + 1}: ${detail}` },
    ];
    if (header.indexOf(name) < i) return told(`${name} is there twice`);
    return name === 'ts' || COLUMNS.includes(name) ? [] : told(`there is no column ${name || 'without a name'}`);
  });
  if (!header.includes('gpu_uuid')) problems.push(ofLine(line, 'the column gpu_uuid is missing'));
  return problems;
}

function rowProblems(
  header: readonly string[],
  cells: readonly string[],
  line: number,
): { readonly facts: AssetFacts | null; readonly problems: readonly AssetProblem[] } {
  if (cells.length > header.length) {
    return { facts: null, problems: [ofLine(line, `${cells.length} cells under ${header.length} columns`)] };
  }
  const parsed = rowSchema.safeParse(Object.fromEntries(cells.map((cell, i) => [header[i] ?? '', cell])));
  if (!parsed.success) {
    const problems = header.includes('gpu_uuid')
      ? parsed.error.issues.map((issue) => ofCell(header, line, String(issue.path[0]), issue.message))
      : [];
    return { facts: null, problems };
  }
  const { registered_at, ...facts } = parsed.data;
  const told = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as AssetFacts;
  // An empty registered_at says nothing: every asset was registered at some time.
  return { facts: registered_at == null ? told : { ...told, registered_at }, problems: [] };
}

const ofLine = (line: number, detail: string): AssetProblem => ({
  line,
  field: '',
  detail,
  text: `line ${line}: ${detail}`,
});

const ofCell = (header: readonly string[], line: number, field: string, detail: string): AssetProblem => ({
  line,
  field,
  detail,
  text: `line ${line}, column ${header.indexOf(field) + 1} (${field}): ${detail}`,
});
