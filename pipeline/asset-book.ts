import type { AssetBook } from '../operators/enrich.ts';
import type { Asset } from './contract/events.ts';

/** The inventory in memory, by GPU UUID. */
export class Assets implements AssetBook {
  changes = 0;
  private readonly entries = new Map<string, { asset: Asset; revision: number }>();

  get(gpuUuid: string): Asset | undefined {
    return this.entries.get(gpuUuid)?.asset;
  }

  revision(gpuUuid: string): number {
    return this.entries.get(gpuUuid)?.revision ?? 0;
  }

  put(asset: Asset): void {
    this.changes += 1;
    this.entries.set(asset.gpu_uuid, { asset, revision: this.revision(asset.gpu_uuid) + 1 });
  }
}
