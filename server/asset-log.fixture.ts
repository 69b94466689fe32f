import { VitalsError } from '../pipeline/contract/errors.ts';
import type { Asset } from '../pipeline/contract/events.ts';
import type { AssetLog } from './asset-desk.ts';

/** A log of assets in memory, with the stream's rule that a version must build on the last one. */
export function memoryAssetLog(now: () => number): AssetLog & {
  /** As another writer would. */
  write(asset: Asset): void;
  readonly versions: readonly Asset[];
} {
  const versions: { readonly asset: Asset; readonly position: number }[] = [];
  const heard = new Set<() => void>();
  const last = (uuid: string): number => versions.findLast(({ asset }) => asset.gpu_uuid === uuid)?.position ?? 0;
  const push = (asset: Asset): number => {
    versions.push({ asset, position: versions.length + 1 });
    for (const wake of heard) wake();
    return versions.length;
  };
  const entry = ({ asset, position }: (typeof versions)[number]) => ({
    asset,
    position,
    subject: `vitals.gpu_assets.${asset.gpu_uuid}`,
    arrived_at: now(),
  });
  return {
    get versions() {
      return versions.map(({ asset }) => asset);
    },
    write: (asset) => void push(asset),
    async *load() {
      for (const version of versions) yield entry(version);
    },
    async *follow(from, signal) {
      for (let at = from; !signal.aborted; ) {
        const version = versions[at - 1];
        if (version !== undefined) {
          at += 1;
          yield entry(version);
          continue;
        }
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            heard.delete(wake);
            resolve();
          };
          heard.add(wake);
          signal.addEventListener('abort', wake);
        });
      }
    },
    async store(wanted) {
      return wanted.map(({ asset, after }) =>
        last(asset.gpu_uuid) === after
          ? { status: 'fulfilled', value: push(asset) }
          : {
              status: 'rejected',
              reason: new VitalsError('GV-BUS-002', 'message refused: wrong last sequence: 1 (10071)', ''),
            },
      );
    },
  };
}
