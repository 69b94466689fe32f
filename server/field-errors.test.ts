import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { badRequest, leftOut } from './field-errors.ts';

const schema = z.strictObject({
  a: z.string().min(2).max(3).optional(),
  n: z.int().min(1).max(9).optional(),
  of: z.enum(['x', 'y']).optional(),
  list: z.array(z.number()).min(1).optional(),
  only: z.literal('z').optional(),
  own: z.string().regex(/^o/, 'Must begin with o').optional(),
  needed: z.boolean(),
});

it.each<[value: unknown, field: string, detail: string]>([
  [{}, 'needed', 'Is missing'],
  [{ needed: 'yes' }, 'needed', 'Must be true or false'],
  [{ needed: true, a: 1 }, 'a', 'Must be a text'],
  [{ needed: true, a: 'x' }, 'a', 'Must have at least 2 characters'],
  [{ needed: true, a: 'xxxx' }, 'a', 'Must have at most 3 characters'],
  [{ needed: true, n: 0 }, 'n', 'Must be at least 1'],
  [{ needed: true, n: 10 }, 'n', 'Must be at most 9'],
  [{ needed: true, n: 1.5 }, 'n', 'Must be a whole number'],
  [{ needed: true, of: 'w' }, 'of', 'Must be one of x, y'],
  [{ needed: true, list: [] }, 'list', 'Must have at least 1 items'],
  [{ needed: true, list: ['a'] }, 'list.0', 'Must be a number'],
  [{ needed: true, only: 'a' }, 'only', 'Must be z'],
  [{ needed: true, own: 'a' }, 'own', 'Must begin with o'],
  [{ needed: true, more: 1 }, 'more', 'There is no such field'],
  [7, 'body', 'Must be an object'],
])('of %j says that %s: %s', (value, field, detail) => {
  const { error } = schema.safeParse(value);
  expect(error && badRequest(error, 'There is no such field').errors).toEqual([{ field, detail }]);
});

describe('of a request that is wrong in many places', () => {
  it('the first hundred are told, and how many more there are', () => {
    const { error } = z.array(z.string()).safeParse(Array(250).fill(1));
    const told = error && badRequest(error, '');
    expect(told?.errors).toHaveLength(100);
    expect(told?.errors.at(-1)).toEqual({ field: '99', detail: 'Must be a text' });
    expect(told?.message).toMatch(/; 99: Must be a text; and 150 more$/);
    const unknown = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x${i}`, 1]));
    const { error: strict } = z.strictObject({}).safeParse(unknown);
    expect(strict && badRequest(strict, 'None').message).toMatch(/; x99: None; and 1 more$/);
  });

  it('those count that a schema did not note, and have no place of their own', () => {
    const counting = z.array(z.number()).superRefine((_, context) => {
      context.addIssue({ code: 'custom', path: [0], message: 'Is odd' });
      context.addIssue({ ...leftOut(7) });
    });
    const { error } = counting.safeParse([1]);
    const told = error && badRequest(error, '');
    expect([told?.errors, told?.message]).toEqual([[{ field: '0', detail: 'Is odd' }], '0: Is odd; and 7 more']);
  });

  it('no name is told at any length', () => {
    const { error } = z.strictObject({}).safeParse({ ['x'.repeat(5_000)]: 1 });
    expect(error && badRequest(error, '').errors[0]?.field).toHaveLength(200);
  });
});

it('judges by the shape that knows what is there, however much is wrong with it', () => {
  const either = z.union([z.strictObject({ one: z.string() }), z.strictObject({ many: z.array(z.string()) })]);
  const { error } = either.safeParse({ many: [1, 2, 3] });
  expect(error && badRequest(error, 'None').errors.map(({ field }) => field)).toEqual(['many.0', 'many.1', 'many.2']);
});
