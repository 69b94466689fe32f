import type { Asset } from './contract/events.ts';
import { GPU_ASSETS } from './contract/tables.ts';

/** Facts that someone tells of one GPU: what is absent is not spoken of, an empty text or null is told to be unknown. */
export type AssetFacts = Partial<Asset> & Pick<Asset, 'gpu_uuid'>;

const UNKNOWN: Omit<Asset, 'ts' | 'gpu_uuid' | 'registered_at' | 'status'> = {
  node: '',
  model: '',
  serial: '',
  pci_bus_id: '',
  cluster: '',
  rack: '',
  slot: '',
  owner: '',
  tenant: '',
  deployed_at: null,
  warranty_until: null,
  purchase_price: null,
  operating_hours: null,
  note: '',
  retired_at: null,
};

/**
 * Facts over what is known. `ts` stays that of the known asset, whatever happens to `registered_at`: it is the key of the
 * row, and another key would leave the old row behind. An asset that is new is registered at `now` unless told otherwise.
 */
export function mergeAsset(known: Asset | undefined, facts: AssetFacts, now: number): Asset {
  const registered_at = facts.registered_at ?? known?.registered_at ?? now;
  return {
    ...UNKNOWN,
    ...known,
    ...facts,
    ts: known?.ts ?? registered_at,
    registered_at,
    status: facts.status || known?.status || 'active',
  };
}

/** Whether two assets say the same; `ts` is a key, no fact, and blanks around a text are none either. */
export const sameFacts = (a: Asset, b: Asset): boolean =>
  FACTS.every((name) => bare(a[name as keyof Asset]) === bare(b[name as keyof Asset]));

const FACTS = GPU_ASSETS.columns.map(({ name }) => name).filter((name) => name !== 'ts');
const bare = (value: Asset[keyof Asset]): Asset[keyof Asset] => (typeof value === 'string' ? value.trim() : value);
