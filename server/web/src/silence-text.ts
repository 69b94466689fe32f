import type { Silence, SilenceRequest } from '../../client/api-client.ts';

/** A comparison as the API takes it. */
export type Matcher = SilenceRequest['matchers'][number];

export const matcherText = ({ field, values, not = false }: Silence['matchers'][number]): string =>
  `${field} ${not ? 'is not' : 'is'} ${values.join(' or ')}`;

/** A row of the form, as it is typed. */
export interface TypedMatcher {
  readonly field: Matcher['field'];
  readonly not: boolean;
  /** Values with commas between. */
  readonly text: string;
}

/** What is typed, without rows that say nothing. */
export const typedMatchers = (rows: readonly TypedMatcher[]): Matcher[] =>
  rows.flatMap(({ field, not, text }) => {
    const values = text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean);
    return values.length === 0 ? [] : [{ field, values, ...(not ? { not } : {}) }];
  });

const HOUR_MS = 3_600_000;
export const LENGTHS: readonly (readonly [text: string, ms: number])[] = [
  ['1 hour', HOUR_MS],
  ['4 hours', 4 * HOUR_MS],
  ['12 hours', 12 * HOUR_MS],
  ['1 day', 24 * HOUR_MS],
  ['7 days', 168 * HOUR_MS],
];
