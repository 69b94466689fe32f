import { fileURLToPath } from 'node:url';
import { readBundle } from '../models/prediction/bundle.ts';
import { createEnsemble } from '../models/prediction/ensemble.ts';
import type { ModelRegistry } from '../models/registry/model-registry.ts';
import type { Clock } from './clock.ts';
import type { VitalsError } from './contract/errors.ts';
import type { FailureModel } from './contract/failure-model.ts';
import { openFolderRegistry } from './registry/folder-registry.ts';

/** The folder lies beside the sources, and beside what is built of them. */
const FOLDER = fileURLToPath(new URL('../models/shipped', import.meta.url));

/** The champion of a folder, for replays; its version is that of the registry. Errors: those of the registry and of bundles. */
export async function championOf(registry: ModelRegistry, prefix: string): Promise<FailureModel> {
  const { manifest, bytes } = await registry.get('champion');
  const version = `${prefix}${manifest.version}`;
  return createEnsemble(readBundle(bytes, `${registry.place}, version ${manifest.version}`), version);
}

export const openModelFolder = (folder: string, clock: Clock, tell: (error: VitalsError) => void): ModelRegistry =>
  openFolderRegistry({ folder, clock, tell });

/** The model that comes with this release: trained on simulated fleets only, and says so. */
export async function shippedModel(clock: Clock, tell: (error: VitalsError) => void): Promise<FailureModel> {
  const registry = openModelFolder(FOLDER, clock, tell);
  try {
    return await championOf(registry, 'shipped-');
  } finally {
    await registry.close();
  }
}
