import type { Alert, AlertMatcher } from '../contract/alerts.ts';

/** As AlertMatcher, and by the table that an alert follows from: rules of ours need that, people do not. */
export interface DeskMatcher {
  readonly field: AlertMatcher['field'] | 'source';
  readonly values: readonly string[];
  readonly not?: boolean;
}

/** Whether an alert fits all matchers. Cost: one comparison a value; patterns are never regular expressions. */
export const fitsAll = (alert: Alert, matchers: readonly DeskMatcher[]): boolean =>
  matchers.every(({ field, values, not }) => values.some((pattern) => fits(pattern, alert[field])) !== (not ?? false));

/** Equal, where every `*` stands for any text; in time linear to the text for each part of the pattern. */
function fits(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const parts = pattern.split('*');
  const [first = ''] = parts;
  const last = parts.at(-1) ?? '';
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
