import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { NOTE_CHARACTERS_MAX } from '../../pipeline/alert-desk/handling.ts';
import { ALERTS } from '../../pipeline/contract/alert-tables.ts';
import type { Silence } from '../../pipeline/contract/alerts.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { parseInstant } from '../../pipeline/contract/time.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { listSchema } from '../schemas.ts';
import { alertSchema, matchersBody, SILENCE_STATES, silenceAnswerSchema } from '../schemas-alerts.ts';
import { byField } from '../security/by-field.ts';
import { silenceDesk } from '../silence-desk.ts';
import { tableRowAnswer } from '../table-schema.ts';

const PREVIEW_MAX = 1_000;

const COLUMNS = Object.keys(silenceAnswerSchema.shape);
const rowAnswer = tableRowAnswer(ALERTS);
const SORTS = ['ends_at', 'starts_at', 'created_at'] as const;

const instant = z
  .union([z.number(), z.string()])
  .transform(parseInstant)
  .refine((ms) => !Number.isNaN(ms), 'Must be epoch milliseconds or ISO 8601')
  .openapi({ type: ['string', 'integer'], description: 'Epoch ms or ISO 8601.' });
const comment = z.string().max(NOTE_CHARACTERS_MAX);
const kind = z.enum(['silence', 'maintenance']);

const newBody = z
  .strictObject({
    kind: kind.default('silence'),
    matchers: matchersBody,
    starts_at: instant.optional().openapi({ description: 'Now when absent.' }),
    ends_at: instant,
    by: byField,
    note: comment.default(''),
  })
  .openapi('SilenceRequest');
const changeBody = z
  .strictObject({
    by: byField,
    kind: kind.optional(),
    matchers: matchersBody.optional(),
    starts_at: instant.optional(),
    ends_at: instant.optional(),
    note: comment.optional(),
  })
  .openapi('SilenceChangeRequest');
const expireBody = z.strictObject({ by: byField, note: comment.default('') }).openapi('SilenceExpireRequest');
const previewBody = z.strictObject({ matchers: matchersBody }).openapi('SilencePreviewRequest');
const previewAnswer = z
  .object({
    total: z.int().openapi({ description: 'Open alerts that fit.' }),
    items: z.array(alertSchema).openapi({ description: `The first ${PREVIEW_MAX} of them, newest first.` }),
  })
  .openapi('SilencePreview');
const params = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'Must be the id of a silence')
    .openapi({ description: 'Id.' }),
});

/** Silences and maintenance windows: list, make, change, end, and look beforehand what one would hit. */
export function silenceRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const { alerts, clock } = parts;
  const { fitting, stateOf, answerOf, checked, begin } = silenceDesk(parts);

  defineGet(
    app,
    {
      path: '/api/v1/silences',
      tag: 'silences',
      summary: 'Silences and maintenance windows, those that end last first.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        from: SPAN_PARAMETERS.from.openapi({ description: 'Ends after. Epoch ms or ISO 8601.' }),
        to: SPAN_PARAMETERS.to.openapi({ description: 'Starts before. Epoch ms or ISO 8601.' }),
        sort: sortParameter(SORTS, '-ends_at'),
        state: z.enum(SILENCE_STATES).optional(),
        kind: kind.optional(),
      }),
      answer: listSchema(silenceAnswerSchema),
      csv: true,
    },
    (c, { query: asked }) => {
      const { sort = '-ends_at' } = asked;
      const name = SORTS.find((one) => one === sort.replace(/^-/, '')) ?? 'ends_at';
      const page = pageOf<Silence>({
        items: alerts
          .silences()
          .filter(
            (one) =>
              (asked.state === undefined || stateOf(one) === asked.state) &&
              (asked.kind === undefined || one.kind === asked.kind) &&
              (asked.from === undefined || one.ends_at > asked.from) &&
              (asked.to === undefined || one.starts_at < asked.to),
          )
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
        sort: { name, descending: sort.startsWith('-'), key: (one) => one[name] },
        identity: ({ id }) => id,
        limit: asked.limit,
        cursor: asked.cursor,
      });
      const texts = page.items.map((one) => JSON.stringify(answerOf(one)));
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );

  definePost(
    app,
    {
      path: '/api/v1/silences/preview',
      tag: 'silences',
      summary: 'The open alerts that a silence would hit.',
      body: previewBody,
      answer: previewAnswer,
    },
    (c, { matchers }) => {
      const found = [...fitting(matchers)].sort((a, b) => b.ts - a.ts);
      const items = found.slice(0, PREVIEW_MAX).map((one) => rowAnswer(one as unknown as Record<string, unknown>));
      return c.json({ total: found.length, items });
    },
  );

  definePost(
    app,
    {
      path: '/api/v1/silences',
      tag: 'silences',
      summary:
        'Begins a silence or plans a maintenance window: alerts that fit all matchers are told to nobody meanwhile.',
      body: newBody,
      answer: silenceAnswerSchema,
      stores: true,
      failures: [409, 503],
    },
    async (c, { by: created_by, note, ...told }) =>
      c.json(answerOf(await begin({ ...told, created_by, comment: note })), 201),
  );

  const changed = (id: string, next: (now: Silence) => Silence): Promise<Silence> =>
    alerts.silence(id, (now) => {
      if (now === null) throw new VitalsError('GV-API-002', `There is no silence ${id}`, 'id');
      if (stateOf(now) === 'expired') {
        throw new VitalsError('GV-API-006', `The silence ${id} is over`, 'id', { action: 'Make a new one.' });
      }
      return next(now);
    });

  definePost(
    app,
    {
      method: 'patch',
      path: '/api/v1/silences/{id}',
      tag: 'silences',
      summary: 'Changes a silence that is not over: what is left out stays.',
      params,
      body: changeBody,
      answer: silenceAnswerSchema,
      failures: [404, 409, 503],
    },
    async (c, { by: changed_by, note, ...told }, _query, { id }) => {
      const given = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
      const silence = await changed(id, (now) =>
        checked({
          ...{ ...now, ...given, ...(note === undefined ? {} : { comment: note }) },
          ...{ changed_by, changed_at: clock.now() },
        }),
      );
      return c.json(answerOf(silence));
    },
  );

  definePost(
    app,
    {
      path: '/api/v1/silences/{id}/expire',
      tag: 'silences',
      summary: 'Ends a silence now; what is still open is told.',
      params,
      body: expireBody,
      body_optional: true,
      answer: silenceAnswerSchema,
      failures: [404, 409, 503],
    },
    async (c, { by: who, note }, _query, { id }) => {
      const silence = await changed(id, (now) => ({
        ...now,
        ends_at: clock.now(),
        changed_by: who,
        changed_at: clock.now(),
        comment: [now.comment, `ended by ${who}${note === '' ? '' : `: ${note}`}`]
          .filter((text) => text !== '')
          .join('; ')
          .slice(0, NOTE_CHARACTERS_MAX),
      }));
      return c.json(answerOf(silence));
    },
  );
}
