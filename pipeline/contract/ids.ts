/** Names and numbers that must come out the same on every machine, for ever. */

/** Number of key groups: the unit of scaling, fixed from day one. */
export const GROUPS = 64;

/** 32-bit FNV-1a over UTF-8 (Fowler, Noll, Vo; draft-eastlake-fnv). */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      hash = Math.imul(hash ^ code, 0x01000193);
    } else {
      for (const byte of new TextEncoder().encode(text.slice(i))) hash = Math.imul(hash ^ byte, 0x01000193);
      break;
    }
  }
  return hash >>> 0;
}

/** Key group of a node, 0..63. */
export const groupOf = (node: string): number => fnv1a(node) % GROUPS;

/** Two digits, as subjects spell it. */
export const groupToken = (group: number): string => (group < 10 ? `0${group}` : String(group));

/** NATS cuts the connection of whoever sends a subject of more than 4 kB; no real name comes near this. */
const TOKEN_CHARS_MAX = 160;

/** One subject token: whatever a NATS subject cannot carry becomes `_`, and the end of a monstrous name its hash. */
export function subjectToken(text: string): string {
  if (text === '') return '_';
  const whole = text.length <= TOKEN_CHARS_MAX ? text : `${text.slice(0, TOKEN_CHARS_MAX - 17)}_${causeId(text)}`;
  return whole.replace(/[\s.*>\u0000-\u001f\u007f]/gu, '_');
}

/** Stable id from the cause of a thing: 16 hex digits of two independent FNV-1a passes. */
export function causeId(...parts: readonly (string | number)[]): string {
  const text = parts.join('\u001f');
  const hex = (n: number): string => n.toString(16).padStart(8, '0');
  return hex(fnv1a(text)) + hex(fnv1a(`${text.length}\u001e${text}`));
}

export const rawSubject = (node: string): string => `dcgm.raw.${groupToken(groupOf(node))}.${subjectToken(node)}`;
