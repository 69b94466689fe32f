import { z } from '@hono/zod-openapi';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { parseInstant } from '../pipeline/contract/time.ts';

const instant = z
  .union([z.number(), z.string()])
  .transform(parseInstant)
  .refine((ms) => !Number.isNaN(ms), 'no instant');
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const figure = z
  .number()
  .nullish()
  .transform((value) => value ?? Number.NaN);

const row = z.object({
  ts: instant,
  gpu_uuid: text,
  node: text,
  instance: text,
  id: z.string().min(1),
  type: text,
  metric: text,
  severity: z.enum(['info', 'warning', 'critical']),
  score: figure,
  observed: figure,
  expected: figure,
  window: text,
  detector: text,
  explanation: text,
  state: z.enum(['open', 'closed']),
  opened_at: instant,
  closed_at: instant.nullish().transform((value) => value ?? null),
});
/** Some conditions are of a whole node: then no GPU is named. */
const rowSchema = row.refine(({ gpu_uuid, node }) => gpu_uuid !== '' || node !== '', 'of no GPU and no node');

/** An anomaly from a bus message (JSON, instants as epoch ms or ISO); null when it is none. */
export function readAnomaly(data: Uint8Array): Anomaly | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return null;
  }
  const result = rowSchema.safeParse(parsed);
  return result.success ? result.data : null;
}
