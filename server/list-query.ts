import { z } from '@hono/zod-openapi';
import { parseInstant } from '../pipeline/contract/time.ts';

/** The parameters that lists share. */

export const LIMIT_DEFAULT = 100;
export const LIMIT_MAX = 1_000;
const CURSOR_CHARACTERS_MAX = 2_048;

const limit = z
  .string()
  .regex(/^\d{1,6}$/, 'Must be a whole number')
  .transform(Number)
  .pipe(z.number().min(1, 'Must be at least 1').max(LIMIT_MAX, `Must be at most ${LIMIT_MAX}`))
  .optional()
  .openapi({ type: 'integer', minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT, description: 'Items a page.' });

const cursor = z
  .string()
  .min(1)
  .max(CURSOR_CHARACTERS_MAX)
  .optional()
  .openapi({ description: '`next` of the page before, with the same other parameters.' });

/** Epoch ms or ISO 8601. */
const instantParameter = (description: string) =>
  z
    .string()
    .transform(parseInstant)
    .refine((ms) => !Number.isNaN(ms), 'Must be epoch milliseconds or ISO 8601')
    .optional()
    .openapi({ type: ['string', 'integer'], description: `${description} Epoch ms or ISO 8601.` });

export const textParameter = (description: string) => z.string().max(256).optional().openapi({ description });

/** `field` ascending, `-field` descending. */
export const sortParameter = <F extends string>(fields: readonly F[], preset: string) =>
  z
    .enum(fields.flatMap((field) => [field, `-${field}` as const]) as [F, ...(F | `-${F}`)[]], {
      error: `Must be one of ${fields.join(', ')}, with - in front for descending`,
    })
    .optional()
    .openapi({ description: `Field to sort by, with - in front for descending. Default ${preset}.` });

export const LIST_PARAMETERS = { limit, cursor };
export const SPAN_PARAMETERS = {
  from: instantParameter('At or after.'),
  to: instantParameter('Before.'),
};
