/** Parts of a path that are shorter say nothing and would blot out words of an answer. */
const PART_CHARS_MIN = 6;
const STARS = '***';

/**
 * A text of the other side as people may read it: one line, cut, and every secret in it, also as a URL, JSON or base64 spells
 * it, starred. Of a secret that is an address everything but its host counts.
 */
export function withoutSecrets(text: string, secrets: readonly string[], chars_max = 300): string {
  let shown = text;
  for (const part of partsOf(secrets)) shown = shown.replaceAll(part, STARS);
  const line = shown.replace(/[\s\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
  return line.length > chars_max ? `${line.slice(0, chars_max)}...` : line;
}

/** Longest first, so that a part of another one leaves no rest of it. */
function partsOf(secrets: readonly string[]): string[] {
  const parts = new Set<string>();
  const add = (part: string): void => {
    if (part.length < PART_CHARS_MIN) return;
    parts.add(part);
    parts.add(encodeURIComponent(part));
    parts.add(JSON.stringify(part).slice(1, -1));
    parts.add(Buffer.from(part).toString('base64'));
    parts.add(Buffer.from(part).toString('base64url'));
  };
  for (const secret of secrets) {
    add(secret);
    if (!/^[a-z]+:\/\//i.test(secret) || !URL.canParse(secret)) {
      // However short it is: nothing of it may be read.
      if (secret !== '') parts.add(secret);
      continue;
    }
    const url = new URL(secret);
    const pieces = [url.username, url.password, ...url.pathname.split('/'), ...url.searchParams.values()];
    for (const piece of [url.pathname, url.search, url.hash, ...pieces]) {
      add(piece);
      add(decoded(piece));
    }
  }
  return [...parts].sort((a, b) => b.length - a.length);
}

/** What percent signs stand for; a text where they stand for nothing comes back as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
