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
  return [{ field: issue.path.join('.') || 'body', detail: issue.message }];
}
