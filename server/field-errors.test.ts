import { expect, it } from 'vitest';
import { z } from 'zod';
import { fieldErrors } from './field-errors.ts';

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
  expect(error === undefined ? [] : fieldErrors(error, 'There is no such field')).toEqual([{ field, detail }]);
});
