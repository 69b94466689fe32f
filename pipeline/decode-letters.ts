import { type DeadLetter, REASON_CODES, type Reason, type Refusal } from './contract/events.ts';
import type { RawMessage } from './contract/message.ts';
import { WireError } from './contract/wire-format.ts';
import { nodeOfSubject } from './group-of-subject.ts';

/** Why a message cannot be read; null when the error is not about the message. */
export function reasonOf(error: unknown): Reason | null {
  if (error instanceof WireError) return error.reason;
  const reason = (error as { reason?: unknown } | null)?.reason;
  return typeof reason === 'string' && Object.hasOwn(REASON_CODES, reason) ? (reason as Reason) : null;
}

/** A whole message that was refused, with its bytes. */
export function scrapeLetter(message: RawMessage, reason: Reason, detail: string): DeadLetter {
  const letter = {
    ts: message.event_time,
    node: nodeOfSubject(message.subject),
    level: 'scrape',
    reason,
    code: REASON_CODES[reason],
    step: 'decode',
    detail,
  } as const;
  const bytes = Buffer.from(message.data);
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes)
    ? { ...letter, original: text }
    : { ...letter, original_base64: bytes.toString('base64') };
}

/** A part of a scrape that normalising had refused. */
export const refusalLetter = (refusal: Refusal, node: string, ts: number): DeadLetter => ({
  ts,
  node,
  level: refusal.level,
  reason: refusal.reason,
  code: REASON_CODES[refusal.reason],
  step: 'decode',
  detail: refusal.detail,
  original: refusal.original,
});
