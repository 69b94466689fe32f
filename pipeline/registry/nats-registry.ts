import type { ModelManifest } from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { openKeyValue } from '../bus/key-value.ts';
import { openObjectStore } from '../bus/object-store.ts';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { registryOverStore } from './registry-over-store.ts';
import { type RegistryStore, VERSIONS_TRIED_MAX } from './registry-store.ts';

export interface NatsRegistryOptions {
  readonly bus: Bus;
  /** Gives `created_at` and the times of alias changes. */
  readonly clock: Clock;
  readonly tell: (error: VitalsError) => void;
}

const BUCKET = 'GPU_VITALS_MODELS';
const BOOK = 'aliases';
export const MODEL_RECORDS = { bucket: BUCKET, book: BOOK, manifests: 'manifest.*' } as const;
const manifestKey = (version: number | string): string => `manifest.${version}`;

/**
 * The registry of a running system: bytes in the object store GPU_VITALS_MODELS under their SHA-256, manifests and aliases
 * in the key-value bucket of that name, both made when they are not there. A manifest is written last, under the next
 * number that nobody has, so that half a model is never seen; aliases are one document, replaced by compare-and-set.
 */
export async function openNatsRegistry(options: NatsRegistryOptions): Promise<ModelRegistry> {
  const { bus, clock, tell } = options;
  const pairs = await openKeyValue(bus, BUCKET, 'Manifests and aliases of models');
  const objects = await openObjectStore(bus, BUCKET, 'Model bundles by their SHA-256');

  const store: RegistryStore = {
    place: `NATS bucket ${BUCKET}`,
    async manifests() {
      const entries = await pairs.matching(manifestKey('*'));
      return entries
        .map(({ key, value }) => ({ version: Number(key.slice(manifestKey('').length)), text: textOf(value) }))
        .filter(({ version }) => Number.isSafeInteger(version))
        .sort((a, b) => a.version - b.version);
    },
    async manifest(version) {
      const entry = await pairs.get(manifestKey(version));
      return entry === null ? null : textOf(entry.value);
    },
    bytes: ({ sha256 }) => objects.get(sha256),
    async add(bytes, manifestOf) {
      const { sha256 } = manifestOf(1);
      // The same bytes under the same name: whoever reads them now must not find them gone for a moment.
      if ((await objects.size(sha256)) !== bytes.length) await objects.put(sha256, bytes);
      const numbers = (await this.manifests()).map(({ version }) => version);
      const first = Math.max(0, ...numbers) + 1;
      for (let version = first; version < first + VERSIONS_TRIED_MAX; version++) {
        const manifest: ModelManifest = manifestOf(version);
        if (await pairs.replace(manifestKey(version), bytesOf(JSON.stringify(manifest)), 0)) return manifest;
      }
      throw new VitalsError('GV-MDL-105', `the numbers from ${first} on are all taken by others`, store.place);
    },
    async book() {
      const entry = await pairs.get(BOOK);
      return entry === null
        ? { text: '', edition: '0' }
        : { text: textOf(entry.value), edition: String(entry.revision) };
    },
    replaceBook: (text, edition) => pairs.replace(BOOK, bytesOf(text), Number(edition)),
    async *followBook(signal) {
      for await (const { value } of pairs.follow(BOOK, signal)) yield textOf(value);
    },
  };
  return registryOverStore(store, { clock, tell });
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
