import type { AssetBook, BookEntry } from '../operators/enrich.ts';
import type { Asset } from './contract/events.ts';

/** Past versions kept of an asset: a replay that reaches further back sees the oldest of them come later than it did. */
export const ASSET_VERSIONS_MAX = 4;

interface Edition {
  readonly number: number;
  readonly from: number;
}

/** The inventory in memory, by GPU UUID, each asset with its last versions. About 500 B a version. */
export class Assets implements AssetBook {
  private readonly entries = new Map<string, BookEntry[]>();
  /** In rising order of both fields; changes that count from the same instant are one. */
  private readonly editions: Edition[] = [];
  private newest: Edition = { number: 0, from: Number.NEGATIVE_INFINITY };

  edition(arrivedAt: number): number {
    if (arrivedAt >= this.newest.from) return this.newest.number;
    let low = 0;
    let high = this.editions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.editions[middle] as Edition).from <= arrivedAt) low = middle + 1;
      else high = middle;
    }
    return this.editions[low - 1]?.number ?? 0;
  }

  get(gpuUuid: string, edition: number): BookEntry | undefined {
    return this.entries.get(gpuUuid)?.findLast((entry) => entry.edition <= edition);
  }

  /** As last told, whether it counts already or not. */
  latest(gpuUuid: string): Asset | undefined {
    return this.entries.get(gpuUuid)?.at(-1)?.asset;
  }

  uuids(): Iterable<string> {
    return this.entries.keys();
  }

  /** Editions rise from put to put. Without `from` (epoch ms) a change counts for everything. */
  put(asset: Asset, change: { readonly edition?: number; readonly from?: number } = {}): void {
    const number = change.edition ?? this.newest.number + 1;
    // A server's clock that was set back must not make an older change count later than a newer one.
    const from = Math.max(this.newest.from, change.from ?? Number.NEGATIVE_INFINITY);
    this.newest = { number, from };
    if (this.editions.at(-1)?.from === from) this.editions.pop();
    this.editions.push(this.newest);
    const versions = this.entries.get(asset.gpu_uuid) ?? [];
    versions.push({ asset, edition: number });
    if (versions.length > ASSET_VERSIONS_MAX) versions.shift();
    this.entries.set(asset.gpu_uuid, versions);
  }
}
