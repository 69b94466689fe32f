import type { Asset, AssetChange } from '../../client/api-client.ts';

interface AssetField {
  readonly name: keyof Asset & string;
  readonly label: string;
  readonly kind: 'text' | 'number' | 'date';
}

const text = (name: AssetField['name'], label: string): AssetField => ({ name, label, kind: 'text' });

/** What a person may change of an asset, besides its status. */
export const ASSET_FIELDS: readonly AssetField[] = [
  text('owner', 'Owner'),
  text('tenant', 'Tenant'),
  text('cluster', 'Cluster'),
  text('rack', 'Rack'),
  text('node', 'Node'),
  text('slot', 'Slot'),
  text('model', 'Model'),
  text('serial', 'Serial'),
  text('pci_bus_id', 'PCI address'),
  { name: 'deployed_at', label: 'Deployed', kind: 'date' },
  { name: 'warranty_until', label: 'Warranty until', kind: 'date' },
  { name: 'purchase_price', label: 'Price, dollars', kind: 'number' },
  { name: 'operating_hours', label: 'Operating hours', kind: 'number' },
  text('note', 'Note'),
];

export const STATUSES = ['active', 'maintenance', 'retired'] as const;

/** A draft holds everything as it is typed. */
export type AssetDraft = Readonly<Record<string, string>>;

export const draftOf = (asset: Asset): AssetDraft => ({
  status: asset.status,
  ...Object.fromEntries(
    ASSET_FIELDS.map(({ name, kind }) => {
      const value = asset[name];
      return [name, value === null ? '' : kind === 'date' ? String(value).slice(0, 10) : String(value)];
    }),
  ),
});

/** What the draft changes of the asset, as the API takes it. */
export function changesOf(asset: Asset, draft: AssetDraft): AssetChange {
  const before = draftOf(asset);
  const changed: Record<string, string | number | null> = {};
  for (const { name, kind } of ASSET_FIELDS) {
    const told = (draft[name] ?? '').trim();
    if (told === before[name]) continue;
    // What is no number is told as it is typed: the API says what is wrong with it.
    if (kind === 'number') changed[name] = told === '' ? null : Number.isNaN(Number(told)) ? told : Number(told);
    else changed[name] = kind === 'date' && told === '' ? null : told;
  }
  if (draft.status !== undefined && draft.status !== before.status) changed.status = draft.status;
  return changed as AssetChange;
}

/** Which assets one wants to see; an empty text does not narrow. */
export interface AssetFilter {
  readonly q: string;
  readonly status: string;
  readonly owner: string;
  readonly cluster: string;
  readonly rack: string;
  readonly model: string;
}
const EQUAL = ['status', 'owner', 'cluster', 'rack', 'model'] as const;
/** Stands for assets of which it is not known. */
export const NOT_KNOWN = '-';

export function assetMatches(asset: Asset, filter: AssetFilter): boolean {
  if (EQUAL.some((name) => filter[name] !== '' && (asset[name] || NOT_KNOWN) !== filter[name])) return false;
  const words = filter.q.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const { gpu_uuid, node, serial, rack, owner, tenant, note, slot } = asset;
  const where = `${gpu_uuid} ${node} ${serial} ${rack} ${slot} ${owner} ${tenant} ${note}`.toLowerCase();
  return words.every((word) => where.includes(word));
}

const natural = new Intl.Collator('en', { numeric: true });

const placeOf = ({ node, slot, gpu_uuid }: Asset): string => `${node} ${slot} ${gpu_uuid}`;

/** Sorted by a column, `-` in front for descending; what is not known comes last both ways. */
export function sortAssets(assets: readonly Asset[], sort: string): Asset[] {
  const name = sort.replace(/^-/, '') as keyof Asset;
  const way = sort.startsWith('-') ? -1 : 1;
  return [...assets].sort((a, b) => {
    const [left, right] = [a[name] ?? '', b[name] ?? ''];
    if (left === '' || right === '') return Number(left === '') - Number(right === '');
    return natural.compare(String(left), String(right)) * way || natural.compare(placeOf(a), placeOf(b));
  });
}

/** The values of a field with how many carry each, in their order. */
export function valuesOf(
  assets: readonly Asset[],
  field: (typeof EQUAL)[number],
): (readonly [value: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const asset of assets) counts.set(asset[field] || NOT_KNOWN, (counts.get(asset[field] || NOT_KNOWN) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => natural.compare(a, b));
}
