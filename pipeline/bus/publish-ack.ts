export type PublishAck =
  | { readonly ok: true; readonly position: number; readonly duplicate: boolean }
  | { readonly ok: false; readonly code: number; readonly error: number; readonly detail: string };

const SEQUENCE = Buffer.from('"seq":');
const DUPLICATE = Buffer.from('"duplicate"');
const ERROR = Buffer.from('"error"');
const DIGIT_0 = 48;
const SPACE = 32;

/**
 * Reads JetStream's answer to a publish. The usual one, `{"stream":"S","seq":7}`, is read from its bytes without making an
 * object of it; everything else goes through JSON.
 */
export function parsePublishAck(data: Uint8Array): PublishAck {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const at = bytes.indexOf(SEQUENCE);
  if (at > 0 && bytes.indexOf(ERROR) < 0) {
    let i = at + SEQUENCE.length;
    while (bytes[i] === SPACE) i++;
    let position = 0;
    for (let digit = (bytes[i] ?? 0) - DIGIT_0; digit >= 0 && digit <= 9; digit = (bytes[++i] ?? 0) - DIGIT_0) {
      position = position * 10 + digit;
    }
    if (position > 0) return { ok: true, position, duplicate: bytes.indexOf(DUPLICATE, i) > 0 };
  }
  try {
    const answer = JSON.parse(bytes.toString('utf8')) as {
      error?: { code?: number; err_code?: number; description?: string };
    };
    return {
      ok: false,
      code: answer.error?.code ?? 0,
      error: answer.error?.err_code ?? 0,
      detail: answer.error?.description ?? 'an answer without sequence',
    };
  } catch {
    return { ok: false, code: 0, error: 0, detail: 'an answer that is no JSON: another listener takes this subject' };
  }
}

/**
 * Refusals that pass by themselves: 429 too many requests; 10008 temporarily unavailable; 10009 not the leader;
 * 10023 insufficient resources; 10158 the same message is being stored just now.
 */
export const isPassing = (code: number, error: number): boolean =>
  code === 429 || error === 10008 || error === 10009 || error === 10023 || error === 10158;
