import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { acquireDataLock, type DataLock } from '../../deploy/services/data-lock.ts';
import type { ModelManifest } from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import type { Clock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import { registryOverStore } from './registry-over-store.ts';
import { type RegistryStore, VERSIONS_TRIED_MAX } from './registry-store.ts';

export interface FolderRegistryOptions {
  readonly folder: string;
  /** Gives `created_at` and the times of alias changes. */
  readonly clock: Clock;
  readonly tell: (error: VitalsError) => void;
}

const MANIFEST = 'manifest.json';
const BUNDLE = 'bundle.json.gz';
const BOOK = 'aliases.json';
const UNFINISHED = '.unfinished-';
const UNFINISHED_AGE_MAX_MS = 3_600_000;
const LOOK_MS = 250;
const LOCK_TRIES = 500;
const LOCK_WAIT_MS = 20;

/**
 * A registry in a folder: `<version>/manifest.json` and `bundle.json.gz`, and `aliases.json`. For offline use, and for models
 * that are shipped: reading writes nothing, and the first write makes the folder. A version appears by renaming its whole
 * folder, aliases change under a lock of this machine, so that any number of its processes may use the folder at once.
 * Reading from a folder that is not there is GV-MDL-105.
 */
export function openFolderRegistry(options: FolderRegistryOptions): ModelRegistry {
  const { clock, tell } = options;
  const folder = resolve(options.folder);

  const failure = (cause: unknown, what: string): VitalsError =>
    cause instanceof VitalsError
      ? cause
      : new VitalsError('GV-MDL-105', `${what}: ${cause instanceof Error ? cause.message : cause}`, folder, { cause });

  async function versions(): Promise<number[]> {
    const names = await readdir(folder).catch((cause: unknown) => {
      throw failure(cause, 'the registry cannot be read');
    });
    return names
      .filter((name) => /^[1-9]\d{0,14}$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** Null when there is no such file; a folder that is not there at all is an error. */
  async function read(...path: string[]): Promise<Buffer | null> {
    try {
      return await readFile(join(folder, ...path));
    } catch (cause) {
      if (!isAbsent(cause)) throw failure(cause, `${path.join('/')} cannot be read`);
    }
    await versions();
    return null;
  }

  /** Folders that a killed process left half written. */
  async function sweep(): Promise<void> {
    for (const name of await readdir(folder)) {
      if (!name.startsWith(UNFINISHED)) continue;
      const path = join(folder, name);
      const age = await stat(path).then(
        ({ mtimeMs }) => clock.now() - mtimeMs,
        () => 0,
      );
      if (age > UNFINISHED_AGE_MAX_MS) await rm(path, { recursive: true, force: true });
    }
  }

  async function lock(): Promise<DataLock> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await acquireDataLock(folder);
      } catch (cause) {
        const held = cause instanceof VitalsError && cause.code === 'GV-SVC-003';
        if (!held || attempt === LOCK_TRIES) throw failure(cause, 'the aliases cannot be locked');
        await wait(LOCK_WAIT_MS);
      }
    }
  }

  const store: RegistryStore = {
    place: folder,
    async manifests() {
      return Promise.all(
        (await versions()).map(async (version) => ({
          version,
          text: textOf(await read(String(version), MANIFEST)) || DAMAGED,
        })),
      );
    },
    async manifest(version) {
      const text = textOf(await read(String(version), MANIFEST));
      if (text !== '') return text;
      return (await versions()).includes(version) ? DAMAGED : null;
    },
    bytes: ({ version }) => read(String(version), BUNDLE),
    async add(bytes, manifestOf) {
      const part = join(folder, UNFINISHED + randomBytes(6).toString('hex'));
      try {
        await mkdir(part, { recursive: true });
        await sweep();
        await writeSynced(join(part, BUNDLE), bytes);
        const first = ((await versions()).at(-1) ?? 0) + 1;
        for (let version = first; version < first + VERSIONS_TRIED_MAX; version++) {
          const manifest: ModelManifest = manifestOf(version);
          await writeSynced(join(part, MANIFEST), readable(manifest));
          if (await claim(part, join(folder, String(version)))) {
            await syncFolder(folder);
            return manifest;
          }
        }
        throw new VitalsError('GV-MDL-105', `the numbers from ${first} on are all taken by others`, folder);
      } catch (cause) {
        throw failure(cause, 'the model cannot be stored');
      } finally {
        await rm(part, { recursive: true, force: true }).catch(() => {});
      }
    },
    async book() {
      const text = textOf(await read(BOOK));
      return { text, edition: text };
    },
    async replaceBook(text, edition) {
      const part = join(folder, `${BOOK}.${randomBytes(6).toString('hex')}`);
      const held = await lock();
      try {
        if ((await this.book()).text !== edition) return false;
        await writeSynced(part, readable(JSON.parse(text)));
        await rename(part, join(folder, BOOK));
        await syncFolder(folder);
        return true;
      } catch (cause) {
        throw failure(cause, 'the aliases cannot be written');
      } finally {
        await rm(part, { force: true });
        held.release();
      }
    },
    async *followBook(signal) {
      let seen = '';
      while (!signal.aborted) {
        // Each write is another file, so that its number changes even within the clock of the file system.
        const now = await stat(join(folder, BOOK)).then(
          ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
          () => '',
        );
        if (now !== seen) {
          seen = now;
          yield (await this.book()).text;
        }
        await wait(LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    },
  };
  return registryOverStore(store, { clock, tell });
}

/** What stands for a file that is empty or missing where there should be one: neither a manifest nor a book. */
const DAMAGED = 'null';

/** Empty when there is no file. */
const textOf = (bytes: Buffer | null): string => (bytes === null ? '' : bytes.toString('utf8') || DAMAGED);

const isAbsent = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');

/** False when the number is taken: a rename never replaces a folder with something in it. */
async function claim(part: string, target: string): Promise<boolean> {
  try {
    await rename(part, target);
    return true;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw cause;
  }
}

const readable = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
