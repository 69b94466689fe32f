import { createHash } from 'node:crypto';
import type { z } from 'zod';
import {
  type AliasBook,
  aliasBook,
  type BookChange,
  dropAlias,
  EMPTY_BOOK,
  pointAlias,
  rollBackAlias,
  versionOf,
} from '../../models/registry/alias-book.ts';
import {
  BUNDLE_BYTES_MAX,
  type ModelManifest,
  modelManifest,
  modelManifestDraft,
} from '../../models/registry/manifest.ts';
import type { AliasChange, ModelRegistry, ModelSelector } from '../../models/registry/model-registry.ts';
import type { Clock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import type { RegistryStore } from './registry-store.ts';
import { watchAlias } from './watch-alias.ts';

const ATTEMPTS_MAX = 500;
const MANIFEST_CHARS_MAX = 400_000;
const SAID_CHARS_MAX = 1_000;

/** The rules of a registry, whatever it lies on. */
export function registryOverStore(
  store: RegistryStore,
  options: { readonly clock: Clock; readonly tell: (error: VitalsError) => void },
): ModelRegistry {
  const { clock, tell } = options;
  const watches = new Set<{ stop(): Promise<void> }>();

  const readBook = (text: string): AliasBook =>
    text === '' ? EMPTY_BOOK : readJson(aliasBook, text, 'the list of aliases', store.place);

  /** The change is made on what is there now: who comes second makes it again on what the first one left. */
  async function change(apply: (book: AliasBook) => AliasBook): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const { text, edition } = await store.book();
      const before = readBook(text);
      const after = apply(before);
      if (after === before || (await store.replaceBook(JSON.stringify(after), edition))) return;
    }
    throw new VitalsError('GV-MDL-105', `others changed the aliases ${ATTEMPTS_MAX} times meanwhile`, store.place, {
      action: 'Try again.',
    });
  }

  const stamped = ({ by, why }: AliasChange): BookChange => ({
    at: clock.now(),
    by: by.slice(0, SAID_CHARS_MAX),
    why: why.slice(0, SAID_CHARS_MAX),
  });

  async function resolve(selector: ModelSelector): Promise<number> {
    if (typeof selector === 'number' || /^\d+$/.test(selector)) return Number(selector);
    const book = readBook((await store.book()).text);
    const version = versionOf(book, selector);
    if (version !== null) return version;
    const known = Object.entries(book.aliases).flatMap(([alias, { version: to }]) => (to === null ? [] : [alias]));
    const others = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`;
    throw new VitalsError('GV-MDL-101', `no model has the alias ${JSON.stringify(selector)}: ${others}`, store.place);
  }

  async function manifestOf(selector: ModelSelector): Promise<ModelManifest> {
    const version = await resolve(selector);
    const text = Number.isSafeInteger(version) && version > 0 ? await store.manifest(version) : null;
    if (text === null || text === '') {
      throw new VitalsError('GV-MDL-101', `there is no version ${selector}`, store.place);
    }
    return readManifest(version, text, store.place);
  }

  return {
    place: store.place,
    async list() {
      const manifests: ModelManifest[] = [];
      for (const { version, text } of await store.manifests()) {
        if (text === '') continue;
        try {
          manifests.push(readManifest(version, text, store.place));
        } catch (error) {
          tell(error as VitalsError);
        }
      }
      return manifests;
    },
    manifest: manifestOf,
    async get(selector) {
      const manifest = await manifestOf(selector);
      const bytes = await store.bytes(manifest);
      const damage = damageOf(manifest, bytes);
      if (damage === null) return { manifest, bytes: bytes as Uint8Array };
      throw new VitalsError('GV-MDL-102', `the bundle of version ${manifest.version}: ${damage}`, store.place);
    },
    async put(bytes, draft) {
      const size = bytes.byteLength;
      if (size === 0 || size > BUNDLE_BYTES_MAX) {
        throw refused(`a bundle has 1 to ${BUNDLE_BYTES_MAX} bytes, not ${size}`, store.place);
      }
      const said = modelManifestDraft.safeParse(draft);
      if (!said.success) throw refused(`the description of the model: ${problems(said.error)}`, store.place);
      const { created_at = clock.now(), ...rest } = said.data;
      const sha256 = sha256Of(bytes);
      const whole = (version: number): ModelManifest => ({ version, created_at, sha256, size_bytes: size, ...rest });
      const chars = JSON.stringify(whole(1)).length;
      if (chars > MANIFEST_CHARS_MAX) {
        throw refused(`a description has at most ${MANIFEST_CHARS_MAX} characters, not ${chars}`, store.place);
      }
      return store.add(bytes, whole);
    },
    async aliases() {
      const { aliases } = readBook((await store.book()).text);
      return Object.fromEntries(
        Object.entries(aliases).flatMap(([alias, { version }]) =>
          version === null ? [] : [[alias, version] as const],
        ),
      );
    },
    async setAlias(alias, version, said) {
      await manifestOf(version);
      const stamp = stamped(said);
      await change((book) => pointAlias(book, alias, version, stamp));
    },
    async removeAlias(alias, said) {
      const stamp = stamped(said);
      await change((book) => dropAlias(book, alias, stamp));
    },
    async history() {
      return readBook((await store.book()).text).history;
    },
    async rollback(alias, said) {
      const stamp = stamped(said);
      let to = 0;
      await change((book) => {
        const rolled = rollBackAlias(book, alias, stamp);
        to = rolled.to;
        return rolled.book;
      });
      return to;
    },
    watch(alias, onChange) {
      const watch = watchAlias(store, { read: readBook, alias, onChange, tell });
      watches.add(watch);
      return {
        async stop() {
          watches.delete(watch);
          await watch.stop();
        },
      };
    },
    async close() {
      await Promise.all([...watches].map((watch) => watch.stop()));
      watches.clear();
    },
  };
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const refused = (what: string, where: string): VitalsError => new VitalsError('GV-MDL-103', what, where);

function damageOf(manifest: ModelManifest, bytes: Uint8Array | string | null): string | null {
  if (bytes === null) return 'its bytes are not there';
  if (typeof bytes === 'string') return bytes;
  if (bytes.byteLength !== manifest.size_bytes) {
    return `it has ${bytes.byteLength} bytes instead of ${manifest.size_bytes}`;
  }
  const found = sha256Of(bytes);
  return found === manifest.sha256 ? null : `its SHA-256 is ${found} instead of ${manifest.sha256}`;
}

function readManifest(version: number, text: string, place: string): ModelManifest {
  const what = `the manifest of version ${version}`;
  const manifest = readJson(modelManifest, text, what, place);
  if (manifest.version === version) return manifest;
  throw new VitalsError('GV-MDL-102', `${what} says that it is version ${manifest.version}`, place);
}

/** Throws VitalsError GV-MDL-102 when a text is not the JSON that it should be. */
function readJson<T>(schema: z.ZodType<T>, text: string, what: string, place: string): T {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch (cause) {
    throw new VitalsError('GV-MDL-102', `${what} is no JSON`, place, { cause });
  }
  const parsed = schema.safeParse(told);
  if (parsed.success) return parsed.data;
  throw new VitalsError('GV-MDL-102', `${what} is not valid: ${problems(parsed.error)}`, place);
}

const problems = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
