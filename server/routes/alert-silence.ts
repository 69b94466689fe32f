import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { MATCHER_FIELDS } from '../../pipeline/alert-desk/alert-routes.ts';
import { NOTE_CHARACTERS_MAX } from '../../pipeline/alert-desk/handling.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { parseDuration, parseInstant } from '../../pipeline/contract/time.ts';
import { readAlertRow } from '../../sinks/questdb/read-alerts.ts';
import type { ApiParts } from '../api-parts.ts';
import { definePost } from '../define-post.ts';
import { silenceAnswerSchema } from '../schemas-alerts.ts';
import { byField } from '../security/by-field.ts';
import { silenceDesk } from '../silence-desk.ts';
import { ALERT_PARAMETER } from './alerts.ts';

const body = z
  .strictObject({
    ends_at: z
      .union([z.number(), z.string()])
      .transform(parseInstant)
      .refine((ms) => !Number.isNaN(ms), 'Must be epoch milliseconds or ISO 8601')
      .optional()
      .openapi({ type: ['string', 'integer'], description: 'Epoch ms or ISO 8601; this or duration.' }),
    duration: z
      .string()
      .transform((text, context) => {
        const length = parseDuration(text);
        if (length === null || length <= 0) context.addIssue('Must be a duration such as 30m or 2h');
        return length ?? 0;
      })
      .optional()
      .openapi({ type: 'string', description: 'From now on, such as `30m`, `2h` or `7d`; this or ends_at.' }),
    by: byField,
    note: z.string().max(NOTE_CHARACTERS_MAX).default(''),
  })
  .refine(({ ends_at, duration }) => (ends_at === undefined) !== (duration === undefined), {
    path: ['ends_at'],
    error: 'Must be told, or a duration instead',
  })
  .openapi('AlertSilenceRequest');

/** `POST /alerts/{id}/silence`: a silence for one alert, without having to spell what it is about. */
export function alertSilenceRoute(app: OpenAPIHono, parts: Pick<ApiParts, 'alerts' | 'clock' | 'database'>): void {
  const { alerts, clock, database } = parts;
  const desk = silenceDesk(parts);
  definePost(
    app,
    {
      path: '/api/v1/alerts/{id}/silence',
      tag: 'alerts',
      summary:
        'Begins a silence that all the facts of this alert must fit, its severity too: once it gets worse it is told again.',
      params: ALERT_PARAMETER,
      body,
      answer: silenceAnswerSchema,
      stores: true,
      failures: [404, 409, 503],
    },
    async (c, { ends_at, duration, by, note }, _query, { id }) => {
      const alert = alerts.alert(id) ?? (await readAlertRow(database, id));
      if (alert === null) throw new VitalsError('GV-API-002', `No alert ${id} is known`, 'id');
      if (alert.state === 'closed') {
        throw new VitalsError('GV-API-006', `The alert ${id} is over`, 'id', {
          action: 'Make a silence for what may come with POST /api/v1/silences.',
        });
      }
      const made = await desk.begin({
        kind: 'silence',
        matchers: MATCHER_FIELDS.map((field) => ({ field, values: [alert[field]] })),
        ends_at: ends_at ?? clock.now() + (duration ?? 0),
        created_by: by,
        comment: note,
      });
      return c.json(desk.answerOf(made), 201);
    },
  );
}
