import { z } from 'zod';
import type { Alert, Silence } from '../contract/alerts.ts';
import { EPOCH_MS_MAX } from '../contract/time.ts';
import { fitsAll } from './alert-matchers.ts';
import { matcherSchema } from './alert-routes.ts';

const instant = z.number().int().min(1).max(EPOCH_MS_MAX);

export const silenceSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  kind: z.enum(['silence', 'maintenance']),
  // One without matchers would fit everything.
  matchers: z.array(matcherSchema).min(1).max(20),
  starts_at: instant,
  ends_at: instant,
  created_by: z.string().max(256),
  comment: z.string().max(2_000),
  created_at: instant,
  changed_by: z.string().max(256).optional(),
  changed_at: instant.optional(),
});

const inForce = ({ starts_at, ends_at }: Silence, now: number): boolean => starts_at <= now && now < ends_at;

/** The silence that an alert fits now and that ends last; null when there is none. */
export function silenceOf(alert: Alert, silences: Iterable<Silence>, now: number): Silence | null {
  let found: Silence | null = null;
  for (const silence of silences) {
    if (!inForce(silence, now) || !fitsAll(alert, silence.matchers)) continue;
    if (found === null || silence.ends_at > found.ends_at) found = silence;
  }
  return found;
}

/** When the next silence begins or ends; infinite when none does. */
export function nextChange(silences: Iterable<Silence>, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { starts_at, ends_at } of silences) {
    if (ends_at <= starts_at) continue;
    if (starts_at > now) next = Math.min(next, starts_at);
    else if (ends_at > now) next = Math.min(next, ends_at);
  }
  return next;
}
