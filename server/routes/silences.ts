import { randomUUID } from 'node:crypto';
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { fitsAll } from '../../pipeline/alert-desk/alert-matchers.ts';
import { NAME_CHARACTERS_MAX, NOTE_CHARACTERS_MAX } from '../../pipeline/alert-desk/handling.ts';
import { ALERTS } from '../../pipeline/contract/alert-tables.ts';
import type { AlertMatcher, Silence } from '../../pipeline/contract/alerts.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { days, parseInstant } from '../../pipeline/contract/time.ts';
import type { AlertNow } from '../alert-answers.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { instantText, nullableInstantText } from '../instant.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { BadRequest } from '../problem.ts';
import { listSchema } from '../schemas.ts';
import { alertSchema, matchersBody, SILENCE_STATES, silenceAnswerSchema } from '../schemas-alerts.ts';
import { tableRowAnswer } from '../table-schema.ts';

const LENGTH_MAX = days(366);
/** Not yet over; each is compared with every open alert. */
const SILENCES_MAX = 1_000;
/** Ended ones are shown for as long. */
const KEPT = days(90);
const PREVIEW_MAX = 1_000;

const COLUMNS = Object.keys(silenceAnswerSchema.shape);
const rowAnswer = tableRowAnswer(ALERTS);

const instant = z
  .union([z.number(), z.string()])
  .transform(parseInstant)
  .refine((ms) => !Number.isNaN(ms), 'Must be epoch milliseconds or ISO 8601')
  .openapi({ type: ['string', 'integer'], description: 'Epoch ms or ISO 8601.' });
const by = z.string().trim().min(1).max(NAME_CHARACTERS_MAX).openapi({ description: 'Who does it.' });
const comment = z.string().max(NOTE_CHARACTERS_MAX);
const kind = z.enum(['silence', 'maintenance']);

const newBody = z
  .strictObject({
    kind: kind.default('silence'),
    matchers: matchersBody,
    starts_at: instant.optional().openapi({ description: 'Now when absent.' }),
    ends_at: instant,
    by,
    note: comment.default(''),
  })
  .openapi('SilenceRequest');
const changeBody = z
  .strictObject({
    by,
    kind: kind.optional(),
    matchers: matchersBody.optional(),
    starts_at: instant.optional(),
    ends_at: instant.optional(),
    note: comment.optional(),
  })
  .openapi('SilenceChangeRequest');
const expireBody = z.strictObject({ by, note: comment.default('') }).openapi('SilenceExpireRequest');
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

type SilenceState = (typeof SILENCE_STATES)[number];
const stateOf = ({ starts_at, ends_at }: Silence, now: number): SilenceState =>
  ends_at <= now || ends_at <= starts_at ? 'expired' : now < starts_at ? 'pending' : 'active';

/** Silences and maintenance windows: list, make, change, end, and look beforehand what one would hit. */
export function silenceRoutes(app: OpenAPIHono, { alerts, clock }: ApiParts): void {
  const fitting = (matchers: readonly AlertMatcher[]): readonly AlertNow[] =>
    alerts.fitting((alert) => fitsAll(alert, matchers));

  const answerOf = (silence: Silence): z.input<typeof silenceAnswerSchema> => {
    const { id, starts_at, ends_at, created_at, matchers, ...rest } = silence;
    return {
      id,
      kind: rest.kind,
      state: stateOf(silence, clock.now()),
      matchers: matchers.map(({ field, values, not }) => ({ field, values: [...values], ...(not && { not }) })),
      starts_at: instantText(starts_at),
      ends_at: instantText(ends_at),
      created_by: rest.created_by,
      comment: rest.comment,
      created_at: instantText(created_at),
      changed_by: rest.changed_by ?? '',
      changed_at: nullableInstantText(rest.changed_at),
      open_alerts: fitting(matchers).length,
    };
  };

  /** Throws BadRequest when it could never be in force, or for too long. */
  function checked(silence: Silence): Silence {
    const { starts_at, ends_at } = silence;
    const wrong =
      ends_at <= starts_at
        ? 'Must be after starts_at'
        : ends_at <= clock.now()
          ? 'Must lie in the future'
          : ends_at - starts_at > LENGTH_MAX
            ? 'Must be at most a year after starts_at'
            : null;
    if (wrong !== null) throw new BadRequest([{ field: 'ends_at', detail: wrong }]);
    return silence;
  }

  defineGet(
    app,
    {
      path: '/api/v1/silences',
      tag: 'silences',
      summary: 'Silences and maintenance windows, those that end last first.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: z.literal('-ends_at').optional().openapi({ description: 'Those that end last first.' }),
        state: z.enum(SILENCE_STATES).optional(),
        kind: kind.optional(),
      }),
      answer: listSchema(silenceAnswerSchema),
      csv: true,
    },
    (c, { query: asked }) => {
      const now = clock.now();
      const page = pageOf<Silence>({
        items: alerts
          .silences()
          .filter(
            (one) =>
              (asked.state === undefined || stateOf(one, now) === asked.state) &&
              (asked.kind === undefined || one.kind === asked.kind),
          )
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
        sort: { name: 'ends_at', descending: true, key: ({ ends_at }) => ends_at },
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
    async (c, { by: created_by, note, starts_at, ...told }) => {
      const now = clock.now();
      const all = alerts.silences();
      if (all.filter((one) => stateOf(one, now) !== 'expired').length >= SILENCES_MAX) {
        throw new VitalsError('GV-API-006', `There are ${SILENCES_MAX} silences already`, 'silences');
      }
      const silence = checked({
        id: randomUUID(),
        ...told,
        starts_at: starts_at ?? now,
        created_by,
        comment: note,
        created_at: now,
      });
      const made = await alerts.silence(silence.id, () => silence);
      for (const { id, ends_at } of all) if (ends_at < now - KEPT) await alerts.forgetSilence(id);
      return c.json(answerOf(made), 201);
    },
  );

  const changed = (id: string, next: (now: Silence) => Silence): Promise<Silence> =>
    alerts.silence(id, (now) => {
      if (now === null) throw new VitalsError('GV-API-002', `There is no silence ${id}`, 'id');
      if (stateOf(now, clock.now()) === 'expired') {
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
