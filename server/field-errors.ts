import type { z } from '@hono/zod-openapi';
import type { FieldError } from './problem.ts';

/** What a schema refuses, by field. */
export const fieldErrors = (error: z.ZodError, unknown: string): FieldError[] =>
  error.issues.flatMap((issue) => describe(issue, unknown));

function describe(issue: z.core.$ZodIssue, unknown: string): FieldError[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((field) => ({ field, detail: unknown }));
  const [branch] = issue.code === 'invalid_union' ? [...issue.errors].sort((a, b) => a.length - b.length) : [];
  // Of several shapes, the one that was nearest: it has the least to complain of.
  if (branch !== undefined && branch.length > 0) {
    return branch.flatMap((inner) => describe({ ...inner, path: [...issue.path, ...inner.path] }, unknown));
  }
  return [{ field: issue.path.join('.') || 'body', detail: plainly(issue.message) }];
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
