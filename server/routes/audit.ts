import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { decodeCursor, encodeCursor } from '../../sinks/questdb/page.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIST_PARAMETERS, SPAN_PARAMETERS, textParameter } from '../list-query.ts';
import { listSchema } from '../schemas.ts';

const auditSchema = z
  .object({
    position: z.int().openapi({ description: 'In the order of writing.' }),
    at: instantSchema,
    by: z.string().openapi({ description: 'Name of the key; empty while there were none.' }),
    key_id: z.string(),
    role: z.string(),
    tenant: z.string(),
    origin: z.string().openapi({ description: 'Address of the caller, or `command line`.' }),
    action: z.string().openapi({ description: 'Method and route, or the command.' }),
    target: z.string().openapi({ description: 'What it was done to; cut at 500 characters.' }),
    status: z.int().openapi({ description: 'HTTP status; of a command 0 done, 1 failed.' }),
    detail: z.string().openapi({ description: 'What was asked for; cut at 2,000 characters.' }),
  })
  .openapi('AuditEntry');
const COLUMNS = Object.keys(auditSchema.shape);

/** `GET /audit`: who changed what, when and from where. */
export function auditRoutes(app: OpenAPIHono, { audit }: Pick<ApiParts, 'audit'>): void {
  defineGet(
    app,
    {
      path: '/api/v1/audit',
      tag: 'security',
      summary:
        'Who changed what, when and from where, newest first; nothing is ever taken out. Of calls that were answered with no 2xx there is one a minute for each caller, action and status; its `detail` begins with how many were left out since the one before. `total` counts all entries, whatever is asked for.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        ...SPAN_PARAMETERS,
        sort: z.literal('-position').optional().openapi({ description: 'Newest first.' }),
        by: textParameter('Name of the key.'),
        action: textParameter('As the entries tell it.'),
      }),
      answer: listSchema(auditSchema),
      csv: true,
      failures: [503],
    },
    async (c, { query: { limit, cursor, sort: _newestFirst, ...query } }) => {
      const below = cursor === undefined ? undefined : (decodeCursor(cursor, ['number'])[0] as number);
      const [page, total] = await Promise.all([
        audit.page(query, { limit: limit ?? LIMIT_DEFAULT, below }),
        audit.count(),
      ]);
      return listAnswer(c, {
        columns: COLUMNS,
        next: page.next === null ? null : encodeCursor(page.next),
        total,
        texts: page.items.map((one) => JSON.stringify({ ...one, at: instantText(one.at) })),
      });
    },
  );
}
