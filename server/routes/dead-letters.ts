import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { DeadLetterQuery } from '../../pipeline/bus/dead-letter-pages.ts';
import type { DeadLetterHead } from '../../pipeline/bus/dead-letters.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { REASON_CODES } from '../../pipeline/contract/events.ts';
import { decodeCursor, encodeCursor } from '../../sinks/questdb/page.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { instantText, nullableInstantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIST_PARAMETERS, SPAN_PARAMETERS, textParameter } from '../list-query.ts';
import { listSchema } from '../schemas.ts';
import { serialiser } from '../serialiser.ts';

const POSITIONS_MAX = 1_000;
const RETRIED_MAX_DEFAULT = 1_000;
const RETRIED_MAX = 10_000;

const headSchema = z
  .object({
    position: z.int().openapi({ description: 'Where it lies; names it.' }),
    ts: instantSchema.openapi({ description: 'Event time.' }),
    arrived_at: instantSchema.openapi({ description: 'When it was refused.' }),
    node: z.string(),
    level: z.string().openapi({ description: 'What was refused: value, line, row or scrape.' }),
    reason: z.string(),
    code: z.string(),
    step: z.string(),
    detail: z.string(),
    content_type: z.string(),
    size_bytes: z.int(),
    retried_at: instantSchema.nullable().openapi({ description: 'When it was sent again; null while it was not.' }),
  })
  .openapi('DeadLetter');
const wholeSchema = headSchema
  .extend({
    original: z.string().nullable().openapi({ description: 'What came, when that is text.' }),
    original_base64: z.string().nullable().openapi({ description: 'What came, when it is no text.' }),
  })
  .openapi('DeadLetterWithOriginal');
const COLUMNS = Object.keys(headSchema.shape);
const headText = serialiser(headSchema);
const headAnswer = ({ ts, arrived_at, retried_at, ...rest }: DeadLetterHead): z.infer<typeof headSchema> => ({
  ...rest,
  ts: instantText(ts),
  arrived_at: instantText(arrived_at),
  retried_at: nullableInstantText(retried_at),
});

const position = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'Must be a whole number from 1 on')
  .transform(Number)
  .openapi({ type: 'integer', minimum: 1, description: 'As the list tells it.' });

const retryBody = z
  .strictObject({
    positions: z.array(z.int().min(1)).min(1).max(POSITIONS_MAX).optional(),
    reason: z.string().min(1).max(64).optional(),
    node: z.string().max(256).optional(),
    all: z.literal(true).optional().openapi({ description: 'Whatever there is.' }),
    again: z.boolean().default(false).openapi({ description: 'Also those that were sent again before.' }),
    retried_max: z.int().min(1).max(RETRIED_MAX).default(RETRIED_MAX_DEFAULT),
  })
  .refine((body) => (['positions', 'reason', 'node', 'all'] as const).some((name) => body[name] !== undefined), {
    error: 'Names none of positions, reason, node, all',
  })
  .openapi('DeadLetterRetryRequest');

/** `GET /dead-letters`, `GET /dead-letters/{position}` and `POST /dead-letters/retry`. */
export function deadLetterRoutes(app: OpenAPIHono, { dead_letters }: ApiParts): void {
  defineGet(
    app,
    {
      path: '/api/v1/dead-letters',
      tag: 'pipeline',
      summary:
        'What was refused and why, newest first, without the originals. A page looks at 50,000 letters at most: it may be short and still have a next.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        from: SPAN_PARAMETERS.from.openapi({ description: 'Refused at or after. Epoch ms or ISO 8601.' }),
        to: SPAN_PARAMETERS.to.openapi({ description: 'Refused before. Epoch ms or ISO 8601.' }),
        sort: z.literal('-position').optional().openapi({ description: 'Newest first.' }),
        reason: textParameter(`One of ${Object.keys(REASON_CODES).join(', ')}.`),
        code: textParameter('Error code of the reason.'),
        node: textParameter('Host.'),
      }),
      answer: listSchema(headSchema).extend({
        by_reason: z
          .record(z.string(), z.int())
          .openapi({ description: 'How many match, by reason; within a time 50,000 are counted at most.' }),
      }),
      csv: true,
      failures: [503],
    },
    async (c, { query: { limit, cursor, sort: _newestFirst, code, ...rest } }) => {
      const below = cursor === undefined ? undefined : (decodeCursor(cursor, ['number'])[0] as number);
      const query = filterOf(rest, code);
      const [page, counts] =
        query === null
          ? [{ items: [], next: null }, new Map<string, number>()]
          : await Promise.all([
              dead_letters.page(query, { limit: limit ?? LIMIT_DEFAULT, below }),
              dead_letters.count(query),
            ]);
      return listAnswer(c, {
        columns: COLUMNS,
        next: page.next === null ? null : encodeCursor(page.next),
        total: [...counts.values()].reduce((sum, one) => sum + one, 0),
        texts: page.items.map((head) => headText(headAnswer(head))),
        more: { by_reason: Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)) },
      });
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/dead-letters/{position}',
      tag: 'pipeline',
      summary: 'One of them, with its original.',
      params: z.strictObject({ position }),
      query: NO_PARAMETERS,
      answer: wholeSchema,
      failures: [404, 503],
    },
    async (c, { params }) => {
      try {
        const { original, original_base64, ...head } = await dead_letters.show(params.position);
        return c.json({ ...headAnswer(head), original: original ?? null, original_base64: original_base64 ?? null });
      } catch (error) {
        if (!(error instanceof VitalsError) || error.code !== 'GV-CLI-002') throw error;
        throw new VitalsError('GV-API-002', `There is no dead letter at position ${params.position}`, 'position');
      }
    },
  );

  definePost(
    app,
    {
      path: '/api/v1/dead-letters/retry',
      tag: 'pipeline',
      summary:
        'Sends originals again, oldest first; those that fail again are refused again. `more`: it stopped at retried_max.',
      body: retryBody,
      answer: z.object({ retried: z.int(), skipped: z.int(), more: z.boolean() }).openapi('DeadLetterRetry'),
      failures: [503],
    },
    async (c, { positions, reason, node, again, retried_max }) => {
      const result = await dead_letters.retry({
        again,
        retried_max,
        ...(positions === undefined ? {} : { positions }),
        ...(reason === undefined ? {} : { reason }),
        ...(node === undefined ? {} : { node }),
      });
      return c.json({ ...result, more: result.retried === retried_max }, 200);
    },
  );
}

/** A code is a reason by another name; null: no reason has both. */
function filterOf(query: DeadLetterQuery, code: string | undefined): DeadLetterQuery | null {
  if (code === undefined) return query;
  const reason = Object.entries(REASON_CODES).find(([, one]) => one === code)?.[0];
  return reason === undefined || (query.reason !== undefined && query.reason !== reason) ? null : { ...query, reason };
}
