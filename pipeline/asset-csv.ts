import { z } from 'zod';
import type { Asset } from './contract/events.ts';
import { GPU_ASSETS } from './contract/tables.ts';
import { parseInstant } from './contract/time.ts';
import { createCsvRecords } from './replay/csv-records.ts';

/** Inventory as CSV: the columns of gpu_assets as header, times ISO; `ts` is left out, since `registered_at` says it. */
const COLUMNS = GPU_ASSETS.columns.map(({ name }) => name).filter((name) => name !== 'ts');
const INSTANTS: ReadonlySet<string> = new Set(
  GPU_ASSETS.columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => name),
);
const RECORD_CHARS_MAX = 65_536;

const instant = z
  .string()
  .transform((text) => (text === '' ? null : parseInstant(text)))
  .refine((ms) => ms === null || !Number.isNaN(ms), { error: 'must be an ISO 8601 time' });
const amount = z
  .string()
  .transform((text) => (text === '' ? null : Number(text)))
  .refine((value) => value === null || (Number.isFinite(value) && value >= 0), { error: 'must be a number from 0 on' });
const words = z.string().default('');

const rowSchema = z.object({
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
  deployed_at: instant.prefault(''),
  warranty_until: instant.prefault(''),
  purchase_price: amount.prefault(''),
  operating_hours: amount.prefault(''),
  registered_at: instant.prefault(''),
  status: z.enum(['', 'active', 'maintenance', 'retired']).default(''),
  note: words,
  retired_at: instant.prefault(''),
});

export interface AssetTable {
  readonly assets: readonly Asset[];
  /** What is wrong, a sentence a row; those rows are left out. */
  readonly problems: readonly string[];
}

/** Reads inventory. Rows without `registered_at` are registered at `now`. */
export function parseAssetsCsv(text: string, now: number): AssetTable {
  const assets: Asset[] = [];
  const problems: string[] = [];
  let header: string[] | null = null;
  let line = 0;
  const records = createCsvRecords({
    chars_max: RECORD_CHARS_MAX,
    refused: (detail) => problems.push(`line ${line}: ${detail}`),
    record(cells) {
      line += 1;
      if (header === null) {
        header = cells.map((cell) => cell.trim());
        const unknown = header.filter((name) => name !== 'ts' && !COLUMNS.includes(name));
        if (unknown.length > 0) problems.push(`line 1: unknown columns ${unknown.join(', ')}`);
        if (!header.includes('gpu_uuid')) problems.push('line 1: the column gpu_uuid is missing');
        return null;
      }
      if (cells.every((cell) => cell.trim() === '')) return null;
      const names = header;
      const parsed = rowSchema.safeParse(Object.fromEntries(cells.map((cell, i) => [names[i] ?? '', cell.trim()])));
      if (!parsed.success) {
        problems.push(
          `line ${line}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`,
        );
        return null;
      }
      const registered_at = parsed.data.registered_at ?? now;
      assets.push({ ...parsed.data, status: parsed.data.status || 'active', ts: registered_at, registered_at });
      return null;
    },
  });
  for (const row of text.replace(/^\uFEFF/, '').split(/\r?\n/)) records.line(row);
  records.end();
  return { assets, problems };
}

export function formatAssetsCsv(assets: readonly Asset[]): string {
  const quote = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const rows = assets.map((asset) => {
    const fields = asset as unknown as Readonly<Record<string, string | number | null>>;
    return COLUMNS.map((name) => {
      const value = fields[name];
      if (value === null || value === undefined) return '';
      return quote(INSTANTS.has(name) ? new Date(value).toISOString() : String(value));
    }).join(',');
  });
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}
