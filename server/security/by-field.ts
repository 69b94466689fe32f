import { z } from '@hono/zod-openapi';
import { NAME_CHARACTERS_MAX } from '../../pipeline/alert-desk/handling.ts';

/**
 * Who does something, in the body of a call: a key's own name goes before it, so that only where there are no keys it says
 * anything. It is never empty, which in histories stands for what followed from telemetry.
 */
export const byField = z
  .string()
  .trim()
  .min(1)
  .max(NAME_CHARACTERS_MAX)
  .default('anonymous')
  .openapi({ description: 'Who does it; the name of the key where there is one.' });
