import { Assets } from '../../pipeline/asset-book.ts';
import type { Asset } from '../../pipeline/contract/events.ts';
import type { FleetNode } from '../fleet/layout.ts';
import { chance, mix } from '../fleet/random.ts';
import type { Life, LivesPlan } from './plan-lives.ts';

const YEAR_MS = 365.25 * 86_400_000;
const WARRANTY_YEARS = [3, 3, 3, 5, 2] as const;
const UNKNOWN = 0.12;

/** What the owner's books say of every board that ever stands in the fleet; some books are thin. */
export function lifeAssets(plan: LivesPlan): readonly Asset[] {
  const seen = new Set<string>();
  const assets: Asset[] = [];
  for (const life of plan.lives) {
    if (seen.has(life.gpu_uuid)) continue;
    seen.add(life.gpu_uuid);
    assets.push(assetOf(life, plan.layout.nodes[Math.floor(life.gpu / 8)] as FleetNode));
  }
  return assets;
}

function assetOf(life: Life, node: FleetNode): Asset {
  const own = mix(life.board_seed, 0xa55e);
  const known = chance(node.seed, 0xb00c) >= UNKNOWN;
  const years = WARRANTY_YEARS[Math.floor(chance(node.seed, 0x3a7) * WARRANTY_YEARS.length)] as number;
  const in_use = 0.7 + 0.28 * chance(own, 1);
  return {
    ts: life.from_ms,
    gpu_uuid: life.gpu_uuid,
    node: life.node,
    model: node.model.name,
    serial: '',
    pci_bus_id: '',
    cluster: 'simulated',
    rack: `rack ${node.position.rack + 1}`,
    slot: String(life.gpu % 8),
    owner: '',
    tenant: '',
    deployed_at: known ? life.deployed_at : null,
    warranty_until: known ? Math.round(life.deployed_at + years * YEAR_MS) : null,
    purchase_price: null,
    operating_hours: known ? Math.round((in_use * Math.max(0, life.from_ms - life.deployed_at)) / 3_600_000) : null,
    registered_at: life.from_ms,
    status: 'active',
    note: '',
    retired_at: null,
  };
}

export function assetBook(assets: readonly Asset[]): Assets {
  const book = new Assets();
  for (const asset of assets) book.put(asset, { edition: 1 });
  return book;
}
