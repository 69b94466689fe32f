import { z } from '@hono/zod-openapi';
import { matcherSchema } from '../pipeline/alert-desk/alert-routes.ts';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import { instantSchema } from './instant-schema.ts';
import { severitySchema } from './schemas.ts';
import { tableRowSchema } from './table-schema.ts';

/** A row of the table, with what keeps it from being told. */
export const alertSchema = tableRowSchema(ALERTS)
  .extend({
    silenced_by: z.string().openapi({
      description: 'Id of the silence that it fits; `asset` when the inventory has it in maintenance; else empty.',
    }),
    inhibited_by: z.string().openapi({ description: 'Id of the open alert that explains it; else empty.' }),
  })
  .openapi('Alert');

const alertChangeSchema = z
  .object({
    at: instantSchema,
    what: z.enum(['opened', 'escalated', 'closed', 'acknowledged', 'unacknowledged', 'assigned']),
    severity: severitySchema.nullable().openapi({ description: 'From then on; null for what people did.' }),
    by: z.string().openapi({ description: 'Who did it; empty for what followed from telemetry.' }),
    to: z.string().openapi({ description: 'To whom it was assigned.' }),
    note: z.string(),
  })
  .openapi('AlertChange');

export const alertDetailSchema = alertSchema
  .extend({
    changes: z.array(alertChangeSchema).openapi({ description: 'What happened to it, oldest first.' }),
    unavailable: z.array(z.string()).openapi({ description: 'Fields that could not be looked up just now.' }),
  })
  .openapi('AlertDetail');

export const SILENCE_STATES = ['pending', 'active', 'expired'] as const;

export const silenceAnswerSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['silence', 'maintenance']).openapi({
      description: 'Maintenance was planned: reports do not count its time as an outage.',
    }),
    state: z.enum(SILENCE_STATES),
    matchers: z.array(z.object({ field: z.string(), values: z.array(z.string()), not: z.boolean().optional() })),
    starts_at: instantSchema,
    ends_at: instantSchema,
    created_by: z.string(),
    comment: z.string(),
    created_at: instantSchema,
    changed_by: z.string().openapi({ description: 'Who changed or ended it last; empty while nobody has.' }),
    changed_at: instantSchema.nullable(),
    open_alerts: z.int().openapi({ description: 'Open alerts that fit it.' }),
  })
  .openapi('Silence');

export const matchersBody = z.array(matcherSchema).min(1, 'Must name at least one').max(20);
