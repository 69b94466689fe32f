import { Assets } from '../../pipeline/asset-book.ts';
import { createLayout, identityOf } from '../fleet/layout.ts';

const EDITION = 1;

/** What the owner of a simulated fleet knows of it: which board is in which slot of which node, and in which rack that stands. */
export function fleetInventory(fleet: {
  readonly gpus: number;
  readonly seed: number;
  readonly start_ms: number;
}): Assets {
  const assets = new Assets();
  for (const node of createLayout(fleet.gpus, fleet.seed).nodes) {
    for (let slot = 0; slot < node.gpus; slot++) {
      const { uuid, serial, pci_bus_id } = identityOf(fleet.seed, node.first + slot, slot);
      const asset = {
        ts: fleet.start_ms,
        gpu_uuid: uuid,
        node: node.name,
        model: node.model.name,
        serial,
        pci_bus_id,
        cluster: 'simulated',
        rack: `rack ${node.position.rack + 1}`,
        slot: String(slot),
        owner: '',
        tenant: '',
        deployed_at: null,
        warranty_until: null,
        purchase_price: null,
        operating_hours: null,
        registered_at: fleet.start_ms,
        status: 'active',
        note: '',
        retired_at: null,
      };
      assets.put(asset, { edition: EDITION });
    }
  }
  return assets;
}
