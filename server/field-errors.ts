import type { z } from '@hono/zod-openapi';
import { BadRequest, FIELD_ERRORS_MAX, type FieldError } from './problem.ts';

/**
 * What a schema refuses, by field as `nameOf` calls it. Only as many are put into words as are told: a body of a megabyte can be
 * wrong in a hundred thousand places.
 */
export function badRequest(
  error: z.ZodError,
  unknown: string,
  nameOf: (field: string) => string = (field) => field,
): BadRequest {
  const errors: FieldError[] = [];
  let left_out = 0;
  const tell = (field: string, detail: () => string): void => {
    if (errors.length < FIELD_ERRORS_MAX) errors.push({ field: nameOf(field), detail: detail() });
    else left_out++;
  };
  const walk = (issue: z.core.$ZodIssue, above: readonly PropertyKey[]): void => {
    const path = [...above, ...issue.path];
    const branch = issue.code === 'invalid_union' ? nearest(issue.errors) : [];
    if (issue.code === 'unrecognized_keys') for (const field of issue.keys) tell(field, () => unknown);
    else if (branch.length > 0) for (const inner of branch) walk(inner, path);
    else if (issue.code === 'custom' && issue.params?.left_out !== undefined) left_out += Number(issue.params.left_out);
    else tell(path.join('.') || 'body', () => plainly(issue.message));
  };
  for (const issue of error.issues) walk(issue, []);
  return new BadRequest(errors, left_out);
}

/** An issue that tells only how many more there are, where a schema of ours notes no more than the first. */
export const leftOut = (left_out: number) =>
  ({ code: 'custom', message: `And ${left_out} more`, params: { left_out } }) as const;

/** Of several shapes the one that was meant: it knows the most of what is there, and has the least to complain of. */
function nearest(shapes: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const strangers = (issues: readonly z.core.$ZodIssue[]): number =>
    issues.reduce((sum, one) => sum + (one.code === 'unrecognized_keys' ? one.keys.length : 0), 0);
  const [first = []] = [...shapes].sort((a, b) => strangers(a) - strangers(b) || a.length - b.length);
  return first;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** What the library says of its own accord, in words for people who do not write JavaScript. */
const WORDINGS: readonly [RegExp, (...parts: string[]) => string][] = [
  [/^Invalid input: expected \w+, received undefined$/, () => 'Is missing'],
  [/^Invalid input: expected (\w+), received \w+$/, (kind = '') => `Must be ${KINDS[kind] ?? kind}`],
  [/^Invalid input: expected (\S+)$/, (value = '') => `Must be ${value.replaceAll('"', '')}`],
  [
    /^Invalid option: expected one of (.+)$/,
    (all = '') => `Must be one of ${all.replaceAll('"', '').replaceAll('|', ', ')}`,
  ],
  [/^Too small: expected \w+ to have >=(\d+) (\w+)$/, (n = '', what = '') => `Must have at least ${n} ${what}`],
  [/^Too big: expected \w+ to have <=(\d+) (\w+)$/, (n = '', what = '') => `Must have at most ${n} ${what}`],
  [/^Too small: expected \w+ to be >=(\S+)$/, (n = '') => `Must be at least ${n}`],
  [/^Too big: expected \w+ to be <=(\S+)$/, (n = '') => `Must be at most ${n}`],
  [/^Too small: expected \w+ to be >(\S+)$/, (n = '') => `Must be above ${n}`],
  [/^Too big: expected \w+ to be <(\S+)$/, (n = '') => `Must be below ${n}`],
];

function plainly(message: string): string {
  for (const [said, say] of WORDINGS) {
    const parts = said.exec(message);
    if (parts !== null) return say(...parts.slice(1));
  }
  return message;
}
