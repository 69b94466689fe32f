import type { FuzzTarget } from './fuzz-target.ts';

/** Loaded when asked for: a worker needs one of them. */
const LOADERS: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  exposition: async () => (await import('./targets/exposition.ts')).exposition,
  wire: async () => (await import('./targets/wire.ts')).wire,
  messages: async () => (await import('./targets/messages.ts')).messages,
  'remote-write-1': async () => (await import('./targets/remote-write.ts')).remoteWrite1,
  'remote-write-2': async () => (await import('./targets/remote-write.ts')).remoteWrite2,
  live: async () => (await import('./targets/live.ts')).live,
  frames: async () => (await import('./targets/frames.ts')).frames,
  config: async () => (await import('./targets/config.ts')).config,
  xgboost: async () => (await import('./targets/xgboost.ts')).xgboost,
  bundles: async () => (await import('./targets/bundles.ts')).bundles,
  registry: async () => (await import('./targets/registry.ts')).registry,
  snapshots: async () => (await import('./targets/snapshots.ts')).snapshots,
  'asset-csv': async () => (await import('./targets/inventory.ts')).assetCsv,
  'label-csv': async () => (await import('./targets/inventory.ts')).labelCsv,
  replay: async () => (await import('./targets/replay.ts')).replay,
  backups: async () => (await import('./targets/backups.ts')).backups,
  documents: async () => (await import('./targets/documents.ts')).documents,
};

export const TARGET_NAMES: readonly string[] = Object.keys(LOADERS);

/** Null when there is none of that name. */
export async function findTarget(name: string): Promise<FuzzTarget | null> {
  return Object.hasOwn(LOADERS, name) ? ((await LOADERS[name]?.()) ?? null) : null;
}
