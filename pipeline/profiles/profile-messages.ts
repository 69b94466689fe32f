import { z } from 'zod';

/** Every thread that can be profiled listens here; it answers on the reply subject. */
export const PROFILE_SUBJECT = 'vitals.profile.ask';
export const SECONDS_MAX = 60;
export const CHUNK_BYTES = 131_072;

/** `who`: everybody tells who they are. `cpu`, `heap`: the one of that id sends what it finds, in chunks. */
export const profileAskSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('who') }),
  z.object({ kind: z.literal('cpu'), id: z.string(), seconds: z.number().min(0.1).max(SECONDS_MAX) }),
  z.object({ kind: z.literal('heap'), id: z.string() }),
]);
export type ProfileAsk = z.infer<typeof profileAskSchema>;

export const profiledSchema = z.object({ id: z.string(), part: z.string(), host: z.string(), pid: z.number() });
/** A thread that can be profiled. */
export type Profiled = z.infer<typeof profiledSchema>;

/** Headers of an answer in chunks: `Chunk` counts from 0; the last message has `Chunks`, their number, or `Failure`. */
export const CHUNK = 'Chunk';
export const CHUNKS = 'Chunks';
export const FAILURE = 'Failure';
