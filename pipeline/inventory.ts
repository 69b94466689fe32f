import { allAssets } from '../sinks/questdb/read-assets.ts';
import { type AssetFacts, mergeAsset, sameFacts } from './asset-merge.ts';
import { type AssetVersion, type LoggedAsset, logAssets, loggedAssets } from './bus/asset-log.ts';
import { ensureAssetStream } from './bus/ensure-streams.ts';
import type { Bus } from './contract/bus.ts';
import type { Database } from './contract/database.ts';
import type { Asset } from './contract/events.ts';

export interface InventoryParts {
  readonly bus: Bus;
  readonly database: Database;
}

export interface ImportResult {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
}

/** An asset as it stands, and what a new version of it has to be built on. */
export interface KnownAssetVersion {
  /** As people and labels together tell it. */
  readonly asset: Asset;
  /** As it lies in the log, and where; null and 0 for one that is known from labels only. */
  readonly logged: Asset | null;
  readonly position: number;
  readonly tenant_since?: number | undefined;
}

/**
 * The inventory: what was imported (stream ASSETS) and what was seen first (table gpu_assets), by gpu_uuid. Throws
 * VitalsError when NATS or QuestDB is away: half of it would pass for all.
 */
export async function readAssets(parts: InventoryParts): Promise<Asset[]> {
  const known = await knownAssets(parts);
  return [...known.values()].map(({ asset }) => asset).sort((a, b) => (a.gpu_uuid < b.gpu_uuid ? -1 : 1));
}

/**
 * Brings facts into the inventory: a new version of each asset that they change. What they do not speak of stays. A running
 * engine follows; without one, the next reads them at its start. Throws VitalsError.
 */
export async function importAssets(
  parts: InventoryParts,
  rows: readonly AssetFacts[],
  now: number,
): Promise<ImportResult> {
  await ensureAssetStream(parts.bus);
  const known = await knownAssets(parts);
  const versions: AssetVersion[] = [];
  let added = 0;
  for (const facts of rows) {
    const before = known.get(facts.gpu_uuid);
    const version = newVersion(before, facts, now);
    if (version === null) continue;
    if (before === undefined) added += 1;
    versions.push(version);
  }
  await logAssets(parts.bus, versions);
  return { added, changed: versions.length - added, unchanged: rows.length - versions.length };
}

/** The version that facts make of what is known; null when they change nothing. */
export function newVersion(before: KnownAssetVersion | undefined, facts: AssetFacts, now: number): AssetVersion | null {
  const asset = mergeAsset(before?.logged ?? before?.asset, facts, now);
  if (before === undefined) return { asset, after: 0 };
  // Labels may say otherwise than people for good; saying again what the log has already is no change.
  if (sameFacts(asset, before.asset) || (before.logged !== null && sameFacts(asset, before.logged))) return null;
  return { asset, after: before.position, tenant_since: tenantSince(before, asset.tenant, now) };
}

type Tenure = Pick<KnownAssetVersion, 'asset' | 'tenant_since'>;

/**
 * Since when (epoch ms) a tenant has an asset of which this was known before; undefined where nobody else had it. What was
 * told of it before is not for the one who has it now.
 */
export function tenantSince(before: Tenure | undefined, tenant: string, at: number): number | undefined {
  if (before === undefined || before.asset.tenant === tenant) return before?.tenant_since;
  return before.asset.tenant === '' && before.tenant_since === undefined ? undefined : at;
}

/** The same of a version that lies in the log: as it says itself, else by the version before it there. */
export const tenureOf = (
  { asset, arrived_at, tenant_since }: Pick<LoggedAsset, 'asset' | 'arrived_at' | 'tenant_since'>,
  before: Tenure | undefined,
): number | undefined => tenant_since ?? (asset === null ? undefined : tenantSince(before, asset.tenant, arrived_at));

async function knownAssets({ bus, database }: InventoryParts): Promise<Map<string, KnownAssetVersion>> {
  const rows = new Map((await allAssets(database)).map((row) => [row.gpu_uuid, row]));
  const known = new Map<string, KnownAssetVersion>();
  for (const asset of rows.values()) known.set(asset.gpu_uuid, { asset, logged: null, position: 0 });
  for await (const version of loggedAssets(bus)) {
    const { asset: logged, position } = version;
    if (logged === null) continue;
    const before = known.get(logged.gpu_uuid);
    const tenant_since = tenureOf(version, before?.logged ? before : undefined);
    known.set(logged.gpu_uuid, { ...knownVersion(logged, position, rows.get(logged.gpu_uuid)), tenant_since });
  }
  return known;
}

/** What the log says of an asset together with its row. As enrich joins them: people before labels, except for what the board itself tells. */
export const knownVersion = (logged: Asset, position: number, row: Asset | undefined): KnownAssetVersion => ({
  asset:
    row === undefined
      ? logged
      : {
          ...logged,
          node: row.node || logged.node,
          model: row.model || logged.model,
          serial: row.serial || logged.serial,
          pci_bus_id: row.pci_bus_id || logged.pci_bus_id,
          slot: logged.slot || row.slot,
        },
  logged,
  position,
});
