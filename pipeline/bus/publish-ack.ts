import { z } from 'zod';
import { VitalsError } from '../contract/errors.ts';

type PublishAck =
  | { readonly ok: true; readonly position: number; readonly duplicate: boolean }
  | { readonly ok: false; readonly code: number; readonly error: number; readonly detail: string };

const ackSchema = z.object({
  seq: z.number().optional(),
  duplicate: z.boolean().optional(),
  error: z
    .object({ code: z.number().optional(), err_code: z.number().optional(), description: z.string().optional() })
    .optional(),
});
type AckJson = z.output<typeof ackSchema>;

const DIGIT_0 = 0x30;
const END = 0x7d;
/** `"seq":`, backwards. */
const SEQUENCE_REVERSED = [...Buffer.from('"seq":')].reverse();

/** Reads JetStream's answer to a publish. The usual one, `{"stream":"S","seq":7}`, is read backwards from its bytes. */
export function parsePublishAck(data: Uint8Array): PublishAck {
  const position = closingSequence(data);
  if (position > 0) return { ok: true, position, duplicate: false };
  let answer: AckJson;
  try {
    answer = ackSchema.parse(JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')));
  } catch {
    return { ok: false, code: 0, error: 0, detail: 'no answer of JetStream: another listener takes this subject' };
  }
  const { error, seq, duplicate } = answer;
  if (!error && typeof seq === 'number' && seq > 0) return { ok: true, position: seq, duplicate: duplicate === true };
  return {
    ok: false,
    code: error?.code ?? 0,
    error: error?.err_code ?? 0,
    detail: error?.description ?? 'an answer without sequence',
  };
}

/** The number of `"seq":N}` at the very end, else 0. A refusal has 0 there. */
function closingSequence(data: Uint8Array): number {
  let i = data.length - 1;
  if (data[i--] !== END) return 0;
  let number = 0;
  for (let place = 1; i >= 0; i--, place *= 10) {
    const digit = (data[i] as number) - DIGIT_0;
    if (digit < 0 || digit > 9) break;
    number += digit * place;
  }
  for (const byte of SEQUENCE_REVERSED) if (data[i--] !== byte) return 0;
  return Number.isSafeInteger(number) ? number : 0;
}

/**
 * Refusals that pass by themselves: 429 too many requests; 10008 temporarily unavailable; 10009 not the leader;
 * 10023 insufficient resources; 10158 the same message is being stored just now.
 */
export const isPassing = (code: number, error: number): boolean =>
  code === 429 || error === 10008 || error === 10009 || error === 10023 || error === 10158;

/** What a store says of a stream that refuses new messages once it is full, and of a message that no store takes. */
const NO_FAILURE = /^maximum |message to+ large/;

/** 10077: the store failed, as a disk without room does, which passes when somebody makes room. */
export const isStoreFailure = (error: number, detail: string): boolean => error === 10077 && !NO_FAILURE.test(detail);

/**
 * Whether a message was refused because the last one is another than its writer thinks: 10071, or 10164 while one that is to
 * be compared with is being stored just now.
 */
export const isBehindAnother = (cause: unknown): boolean =>
  cause instanceof VitalsError && /\((?:10071|10164)\)/.test(cause.message);
