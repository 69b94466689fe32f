import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type { KeyValue } from '../bus/key-value.ts';
import { causeId } from '../contract/ids.ts';
import { type DeskState, deskText, readDesk } from './desk-state.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

const HEAD = 'state';
/** A NATS server takes messages of 1 MiB unless it is told otherwise. */
const PART_BYTES = 512 * 1024;
const TEXT_BYTES_MAX = 512 * 1024 * 1024;

const headSchema = z.object({
  /** Whose parts these are, and which of its two places they lie in. */
  writer: z.string().regex(/^[\w-]{1,128}$/),
  slot: z.union([z.literal(0), z.literal(1)]),
  parts: z
    .int()
    .min(0)
    .max(TEXT_BYTES_MAX / PART_BYTES),
  id: z.string(),
});
type Head = z.output<typeof headSchema>;

export interface StoredState {
  /** Null when there is none (its revision is 0 then), or none that this release can read. */
  readonly state: DeskState | null;
  /** To build on: see `save`. */
  readonly revision: number;
}

/**
 * The desk's memory in a key-value bucket: parts first, then a head that names them and is written only over the one that was
 * read before. Parts of two writers never share keys, so that one who has lost the desk damages nothing.
 */
export function deskStore(kv: KeyValue, writer: string) {
  /** The place that the head names, as it was last read or written; undefined: to be read, since nobody knows what became of a write. */
  let named: Pick<Head, 'writer' | 'slot'> | null | undefined;
  const keyOf = (head: Pick<Head, 'writer' | 'slot'>, part: number): string =>
    `part.${head.writer}.${head.slot}.${part}`;

  async function readHead(): Promise<{ readonly head: Head | null; readonly revision: number }> {
    named = undefined;
    const stored = await kv.get(HEAD);
    const head = stored === null ? null : headOf(stored.value);
    named = head;
    return { head, revision: stored?.revision ?? 0 };
  }

  return {
    /** The revision to build on next; null, and nothing is changed, when another one has written since `revision`. Throws VitalsError as KeyValue. */
    async save(state: DeskState, revision: number): Promise<number | null> {
      const bytes = await pack(deskText(state), { level: 1 });
      if (named === undefined && (await readHead()).revision !== revision) return null;
      // What the head names stays whole until it names something else: a write that fails half-way must not cost the memory.
      const slot: Head['slot'] = named?.writer === writer && named.slot === 0 ? 1 : 0;
      named = undefined;
      const parts = Math.ceil(bytes.length / PART_BYTES);
      for (let part = 0; part < parts; part++) {
        const key = keyOf({ writer, slot }, part);
        const known = await kv.get(key);
        const value = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
        if (!(await kv.replace(key, value, known?.revision ?? 0))) return null;
      }
      const head: Head = { writer, slot, parts, id: idOf(bytes) };
      const value = Buffer.from(JSON.stringify(head));
      if (!(await kv.replace(HEAD, value, revision))) return null;
      const now = await kv.get(HEAD);
      // Another one may have been here already.
      if (now === null || Buffer.compare(now.value, value) !== 0) return null;
      named = head;
      return now.revision;
    },
    /**
     * Forgets the parts of other writers that are older than the head of this revision, which `save` gave. Whoever writes a
     * head over it has written the parts that it names after it; so nothing goes that a later head names.
     */
    async clear(revision: number): Promise<void> {
      for (const part of await kv.matching('part.>')) {
        if (part.revision > revision || part.value.length === 0 || part.key.startsWith(`part.${writer}.`)) continue;
        // Another one may be writing there again. An empty value says as much as a removed one.
        await kv.replace(part.key, new Uint8Array(0), part.revision);
      }
    },
    async load(): Promise<StoredState> {
      const { head, revision } = await readHead();
      return { state: head === null ? null : await readParts(head), revision };
    },
  };

  async function readParts(head: Head): Promise<DeskState | null> {
    try {
      const parts: Uint8Array[] = [];
      for (let part = 0; part < head.parts; part++)
        parts.push((await kv.get(keyOf(head, part)))?.value ?? Buffer.alloc(0));
      const bytes = Buffer.concat(parts);
      if (idOf(bytes) !== head.id) return null;
      return readDesk((await unpack(bytes, { maxOutputLength: TEXT_BYTES_MAX })).toString('utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('GV-')) throw error;
      return null;
    }
  }
}

export type DeskStore = ReturnType<typeof deskStore>;

function headOf(value: Uint8Array): Head | null {
  try {
    return headSchema.parse(JSON.parse(Buffer.from(value).toString('utf8')));
  } catch {
    return null;
  }
}

/** Of the length and the ends: what it guards against are parts of another version, not an adversary. */
const idOf = (bytes: Uint8Array): string =>
  causeId(
    bytes.length,
    Buffer.from(bytes.subarray(-64)).toString('hex'),
    Buffer.from(bytes.subarray(0, 64)).toString('hex'),
  );
