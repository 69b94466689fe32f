import { fileURLToPath } from 'node:url';
import { type PredictionBundle, readBundle } from '../models/prediction/bundle.ts';
import { createEnsemble } from '../models/prediction/ensemble.ts';
import type { ModelRegistry } from '../models/registry/model-registry.ts';
import type { Clock } from './clock.ts';
import type { VitalsError } from './contract/errors.ts';
import type { FailureModel } from './contract/failure-model.ts';
import { openFolderRegistry } from './registry/folder-registry.ts';

/** The folder lies beside the sources, and beside what is built of them. */
const FOLDER = fileURLToPath(new URL('../models/shipped', import.meta.url));

/** A model, and its network for whoever trains on. */
export interface BaseModel {
  readonly model: FailureModel;
  readonly lstm: PredictionBundle['lstm'];
}

/** A model of a registry; its version is the registry's. Errors: those of the registry and of bundles. */
export async function modelOf(registry: ModelRegistry, selector: string, prefix: string): Promise<BaseModel> {
  const { manifest, bytes } = await registry.get(selector);
  const loaded = readBundle(bytes, `${registry.place}, version ${manifest.version}`);
  return { model: createEnsemble(loaded, `${prefix}${manifest.version}`), lstm: loaded.bundle.lstm };
}

export const openModelFolder = (folder: string, clock: Clock, tell: (error: VitalsError) => void): ModelRegistry =>
  openFolderRegistry({ folder, clock, tell });

/** In front of the versions of models that come with this release. */
export const SHIPPED_PREFIX = 'shipped-';

export const openShipped = (clock: Clock, tell: (error: VitalsError) => void): ModelRegistry =>
  openModelFolder(FOLDER, clock, tell);

/** The model that comes with this release: trained on simulated fleets only, and says so. */
export async function shippedModel(clock: Clock, tell: (error: VitalsError) => void): Promise<BaseModel> {
  const registry = openShipped(clock, tell);
  try {
    return await modelOf(registry, 'champion', SHIPPED_PREFIX);
  } finally {
    await registry.close();
  }
}
