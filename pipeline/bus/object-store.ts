import { type ObjectStore as LibraryStore, Objm, setSha256Backend } from '@nats-io/obj';
import type { Bus } from '../contract/bus.ts';
import { moreCopies } from './more-copies.ts';
import { oncePossible } from './once-possible.ts';
import { countBySubject } from './stored-messages.ts';
import { connectionOf, isMissing, managerOf, replicasOf, streamError } from './stream-manager.ts';

/** Named bytes in a JetStream object store, which every process on the same NATS can reach. */
export interface ObjectStore {
  /** Size in bytes; null when there is no such object. */
  size(name: string): Promise<number | null>;
  /** Replaces what was there. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is no such object; a text, for people, when it is damaged or parts of it are missing. */
  get(name: string): Promise<Uint8Array | string | null>;
  /** Nothing happens when there is no such object. */
  remove(name: string): Promise<void>;
  /** Of all objects. */
  names(): Promise<readonly string[]>;
}

const CHUNK_BYTES = 128 * 1024;
const SILENCE_MAX_MS = 10_000;

/** Opens a bucket, which is made when it is not there. Throws VitalsError GV-BUS-001 or GV-BUS-002, as all its calls do. */
export async function openObjectStore(bus: Bus, bucket: string, description: string): Promise<ObjectStore> {
  setSha256Backend('native');
  const where = `object store ${bucket}`;
  const stream = `OBJ_${bucket}`;
  const meta = `$O.${bucket}.M.`;
  const open = async (): Promise<LibraryStore> => {
    const opened = await new Objm(connectionOf(bus)).create(bucket, { description, replicas: replicasOf(bus) });
    await moreCopies(bus, stream);
    return opened;
  };
  const store = await oncePossible(open, { missing: true }).catch((cause: unknown) => {
    throw streamError(cause, 'the object store cannot be set up', where);
  });
  const info = async (name: string): Promise<Awaited<ReturnType<LibraryStore['info']>>> => {
    try {
      const found = await store.info(name);
      return found === null || found.deleted ? null : found;
    } catch (cause) {
      if (isMissing(cause)) return null;
      throw streamError(cause, `${name} cannot be looked for`, where);
    }
  };
  return {
    async size(name) {
      return (await info(name))?.size ?? null;
    },
    async put(name, bytes) {
      try {
        await store.put({ name, options: { max_chunk_size: CHUNK_BYTES } }, chunksOf(bytes));
      } catch (cause) {
        throw streamError(cause, `${name} cannot be stored`, where);
      }
    },
    async remove(name) {
      try {
        const found = await store.info(name);
        if (found === null) return;
        // The library would leave a note of each object that there was.
        const { streams } = await managerOf(bus);
        await streams.purge(stream, { filter: meta + encodeName(name) });
        await streams.purge(stream, { filter: `$O.${bucket}.C.${found.nuid}` });
      } catch (cause) {
        if (!isMissing(cause)) throw streamError(cause, `${name} cannot be removed`, where);
      }
    },
    async names() {
      const subjects = await countBySubject(bus, stream, `${meta}*`);
      return Object.keys(subjects).map((subject) => decodeName(subject.slice(meta.length)));
    },
    async get(name) {
      const found = await info(name);
      if (found === null) return null;
      try {
        const subject = `$O.${bucket}.C.${found.nuid}`;
        const { streamInfo } = await store.status({ subjects_filter: subject });
        const chunks = streamInfo.state.subjects?.[subject] ?? 0;
        // The library would wait for ever for chunks that the server no longer has.
        if (chunks !== found.chunks) return `${chunks} of its ${found.chunks} parts are there`;
        const object = await store.get(name);
        if (object === null) return null;
        object.error.catch(() => {});
        return await collect(object.data, found.size);
      } catch (cause) {
        if (/corrupt object/.test(String(cause))) return 'its bytes are not those that were stored';
        throw streamError(cause, `${name} cannot be read`, where);
      }
    },
  };
}

/** As the library spells it: with padding. */
const encodeName = (name: string): string => {
  const token = Buffer.from(name, 'utf8').toString('base64url');
  return token.padEnd(Math.ceil(token.length / 4) * 4, '=');
};
const decodeName = (token: string): string => Buffer.from(token, 'base64url').toString('utf8');

/** One array of everything would be copied once per chunk that the library cuts off it. */
function chunksOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
      if (at >= bytes.length) controller.close();
    },
  });
}

async function collect(stream: ReadableStream<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  const reader = stream.getReader();
  let at = 0;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`only ${at} of ${size} bytes came`)), SILENCE_MAX_MS);
    });
    try {
      const { done, value } = await Promise.race([reader.read(), silence]);
      if (done) return bytes.subarray(0, at);
      bytes.set(value, at);
      at += value.length;
    } catch (error) {
      await reader.cancel().catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
