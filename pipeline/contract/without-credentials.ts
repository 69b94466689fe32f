import { shownAddresses } from './shown-address.ts';

const STARS = '***';

/** Each keeps its first group and stars the rest; none reaches over a quote, so that JSON stays JSON. */
const CREDENTIALS: readonly RegExp[] = [
  // Our own keys: the id may be seen.
  /\b(gvk_[0-9a-f]{12}_)[\w-]+/g,
  // Words about tokens have no digits.
  /\b((?:Bearer|Basic)\s+)(?=[\w.~+/=-]*[\d=])[\w.~+/=-]{6,}/gi,
  // Fields of query strings and of connection strings.
  /([?&;\s](?:access_token|api_?key|auth|key|passw(?:or)?d|pwd|secret|sig(?:nature)?|token)=)[^&\s"'\\;]+/gi,
  // Fields of JSON, also of JSON inside of JSON.
  /((?:access_token|api_?key|authorization|bearer_token|client_secret|passw(?:or)?d|private_key|routing_key|secret|token)\\*"\s*:\s*\\*")[^"\\]+/gi,
  // Web tokens and seeds of NATS keys speak for themselves.
  /\b()eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+/g,
  /\b()S[ACNOUX][A-Z2-7]{56}\b/g,
  // The path is the secret of these.
  /(hooks\.slack\.com\/(?:services|workflows)\/)[\w/-]+/gi,
];

/**
 * A text as logs, errors and findings may show it: whatever in it looks like a password, key or token is starred. The second
 * line of defence: whoever makes a text leaves secrets out of it already.
 */
export function withoutCredentials(text: string): string {
  let shown = shownAddresses(text);
  for (const pattern of CREDENTIALS) shown = shown.replace(pattern, (_, kept: string) => `${kept}${STARS}`);
  return shown;
}
