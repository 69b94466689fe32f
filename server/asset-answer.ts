import type { Asset } from '../pipeline/contract/events.ts';
import { instantText, nullableInstantText } from './instant.ts';
import type { AssetAnswer } from './schemas.ts';

/** An asset as answers spell it. */
export const assetAnswer = (asset: Asset): AssetAnswer => ({
  ...asset,
  ts: instantText(asset.ts),
  deployed_at: nullableInstantText(asset.deployed_at),
  warranty_until: nullableInstantText(asset.warranty_until),
  registered_at: instantText(asset.registered_at),
  retired_at: nullableInstantText(asset.retired_at),
});
