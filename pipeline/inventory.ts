import { allAssets } from '../sinks/questdb/read-assets.ts';
import { type AssetFacts, mergeAsset, sameFacts } from './asset-merge.ts';
import { logAssets, loggedAssets } from './bus/asset-log.ts';
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

interface Known {
  /** As people and labels together tell it. */
  readonly asset: Asset;
  /** As it lies in the log, and where; null and 0 for one that is known from labels only. */
  readonly logged: Asset | null;
  readonly position: number;
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
  const versions: { asset: Asset; after: number }[] = [];
  let added = 0;
  for (const facts of rows) {
    const before = known.get(facts.gpu_uuid);
    const asset = mergeAsset(before?.logged ?? before?.asset, facts, now);
    if (before === undefined) added += 1;
    // Labels may say otherwise than people for good; saying again what the log has already is no change.
    else if (sameFacts(asset, before.asset) || (before.logged !== null && sameFacts(asset, before.logged))) continue;
    versions.push({ asset, after: before?.position ?? 0 });
  }
  await logAssets(parts.bus, versions);
  return { added, changed: versions.length - added, unchanged: rows.length - versions.length };
}

async function knownAssets({ bus, database }: InventoryParts): Promise<Map<string, Known>> {
  const rows = new Map((await allAssets(database)).map((row) => [row.gpu_uuid, row]));
  const known = new Map<string, Known>();
  for (const asset of rows.values()) known.set(asset.gpu_uuid, { asset, logged: null, position: 0 });
  for await (const { asset: logged, position } of loggedAssets(bus)) {
    if (logged === null) continue;
    const row = rows.get(logged.gpu_uuid);
    known.set(logged.gpu_uuid, { asset: row ? overlay(logged, row) : logged, logged, position });
  }
  return known;
}

/** As enrich joins them: people before labels, except for what the board itself tells. */
const overlay = (told: Asset, row: Asset): Asset => ({
  ...told,
  node: row.node || told.node,
  model: row.model || told.model,
  serial: row.serial || told.serial,
  pci_bus_id: row.pci_bus_id || told.pci_bus_id,
  slot: told.slot || row.slot,
});
