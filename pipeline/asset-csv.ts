import { z } from 'zod';
import type { AssetFacts } from './asset-merge.ts';
import type { Asset } from './contract/events.ts';
import { GPU_ASSETS } from './contract/tables.ts';
import { parseInstant } from './contract/time.ts';
import { csvCell, csvLines } from './csv-lines.ts';

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
const words = z.string();

const rowSchema = z
  .object({
    gpu_uuid: z.string().min(1, 'is missing'),
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
    note: words,
    retired_at: instant,
  })
  .partial()
  .required({ gpu_uuid: true });

export interface AssetTable {
  /** What each good row tells, in the order of the file: only columns that the file has. */
  readonly rows: readonly AssetFacts[];
  /** Everything that is wrong, with line and column, in the order of the file; rows concerned are left out. */
  readonly problems: readonly string[];
}

/** Reads inventory. */
export function parseAssetsCsv(text: string): AssetTable {
  const rows: AssetFacts[] = [];
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  let header: readonly string[] | null = null;
  for (const { line, cells, wrong } of csvLines(text)) {
    if (wrong !== null) {
      problems.push(`line ${line}: ${wrong}`);
    } else if (header === null) {
      header = cells;
      problems.push(...headerProblems(header, line));
    } else {
      const found = rowProblems(header, cells, line);
      if (found.facts !== null) {
        const before = lineOf.get(found.facts.gpu_uuid);
        if (before === undefined) rows.push(found.facts);
        else problems.push(`line ${line}, ${place(header, 'gpu_uuid')}: is on line ${before} already`);
        lineOf.set(found.facts.gpu_uuid, before ?? line);
      }
      problems.push(...found.problems);
    }
  }
  if (header === null && problems.length === 0) problems.push('line 1: there is no header');
  return { rows: header?.includes('gpu_uuid') ? rows : [], problems };
}

export function formatAssetsCsv(assets: readonly Asset[]): string {
  const rows = assets.map((asset) => {
    const fields = asset as unknown as Readonly<Record<string, string | number | null>>;
    return COLUMNS.map((name) => {
      const value = fields[name];
      if (value === null || value === undefined) return '';
      return csvCell(INSTANTS.has(name) ? new Date(value).toISOString() : String(value));
    }).join(',');
  });
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}

function headerProblems(header: readonly string[], line: number): string[] {
  const problems = header.flatMap((name, i) => {
    const where = `line ${line}, column ${i + 1}`;
    if (header.indexOf(name) < i) return [`${where}: ${name} is there twice`];
    return name === 'ts' || COLUMNS.includes(name) ? [] : [`${where}: there is no column ${name || 'without a name'}`];
  });
  if (!header.includes('gpu_uuid')) problems.push(`line ${line}: the column gpu_uuid is missing`);
  return problems;
}

function rowProblems(
  header: readonly string[],
  cells: readonly string[],
  line: number,
): { readonly facts: AssetFacts | null; readonly problems: readonly string[] } {
  if (cells.length > header.length) {
    return { facts: null, problems: [`line ${line}: ${cells.length} cells under ${header.length} columns`] };
  }
  const parsed = rowSchema.safeParse(Object.fromEntries(cells.map((cell, i) => [header[i] ?? '', cell])));
  if (!parsed.success) {
    const problems = header.includes('gpu_uuid')
      ? parsed.error.issues.map((issue) => `line ${line}, ${place(header, String(issue.path[0]))}: ${issue.message}`)
      : [];
    return { facts: null, problems };
  }
  const { registered_at, ...facts } = parsed.data;
  const told = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as AssetFacts;
  // An empty registered_at says nothing: every asset was registered at some time.
  return { facts: registered_at == null ? told : { ...told, registered_at }, problems: [] };
}

const place = (header: readonly string[], name: string): string => `column ${header.indexOf(name) + 1} (${name})`;
