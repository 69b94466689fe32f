import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { ACCESS_ROLES } from '../../pipeline/keys/access-role.ts';
import { ACCESS_SCOPES } from '../../pipeline/keys/access-scope.ts';
import { isKeyGood, keyPrefix } from '../../pipeline/keys/api-key.ts';
import type { ListedKey } from '../../pipeline/keys/key-store.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { instantText, nullableInstantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { listSchema } from '../schemas.ts';

const STATES = ['good', 'expired', 'revoked'] as const;
const keySchema = z
  .object({
    id: z.string(),
    prefix: z.string().openapi({ description: 'How the key begins.', example: 'gvk_0123456789ab' }),
    name: z.string(),
    role: z.enum(ACCESS_ROLES),
    tenant: z.string().openapi({ description: 'Sees only the GPUs of this tenant; empty: all.' }),
    scopes: z
      .array(z.enum(ACCESS_SCOPES))
      .openapi({ description: 'What the role is narrowed to; none: all that it may.' }),
    state: z.enum(STATES),
    created_at: instantSchema,
    expires_at: instantSchema.nullable(),
    revoked_at: instantSchema.nullable(),
    last_used_at: instantSchema.nullable().openapi({ description: 'Told once a minute at most.' }),
    previous_until: instantSchema
      .nullable()
      .openapi({ description: 'Until when the key before the last rotation is good too.' }),
  })
  .openapi('ApiKey');
const COLUMNS = Object.keys(keySchema.shape);
const TEXTS = ['id', 'name', 'role', 'tenant'] as const;
const SORTS = ['created_at', 'name', 'expires_at', 'last_used_at'] as const;

/** `GET /keys`: who may call, without what would let anybody in. */
export function keyRoutes(app: OpenAPIHono, { keys, clock }: Pick<ApiParts, 'keys' | 'clock'>): void {
  const answerOf = (key: ListedKey): z.input<typeof keySchema> => ({
    id: key.id,
    prefix: keyPrefix(key.id),
    name: key.name,
    role: key.role,
    tenant: key.tenant,
    scopes: key.scopes,
    state: key.revoked_at !== null ? 'revoked' : isKeyGood(key, clock.now()) ? 'good' : 'expired',
    created_at: instantText(key.created_at),
    expires_at: nullableInstantText(key.expires_at),
    revoked_at: nullableInstantText(key.revoked_at),
    last_used_at: nullableInstantText(key.last_used_at),
    previous_until: nullableInstantText(key.previous_until),
  });
  defineGet(
    app,
    {
      path: '/api/v1/keys',
      tag: 'security',
      summary:
        'API keys: how they begin, whose they are, what they may do and when they were last used; never a secret.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        from: SPAN_PARAMETERS.from.openapi({ description: 'Made at or after. Epoch ms or ISO 8601.' }),
        to: SPAN_PARAMETERS.to.openapi({ description: 'Made before. Epoch ms or ISO 8601.' }),
        sort: sortParameter(SORTS, '-created_at'),
        state: z.enum(STATES).optional(),
        role: z.enum(ACCESS_ROLES).optional(),
        id: textParameter('One key.'),
        name: textParameter('What it is called.'),
        tenant: textParameter('Tenant; empty: of those that see all.'),
      }),
      answer: listSchema(keySchema),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      if (keys === null) throw new VitalsError('GV-API-003', 'The keys are not known here', 'keys');
      const sort = query.sort ?? '-created_at';
      const name = SORTS.find((one) => one === sort.replace(/^-/, '')) ?? 'created_at';
      const page = pageOf({
        items: (await keys())
          .filter(
            (key) =>
              TEXTS.every((field) => query[field] === undefined || key[field] === query[field]) &&
              (query.from === undefined || key.created_at >= query.from) &&
              (query.to === undefined || key.created_at < query.to),
          )
          .filter((key) => query.state === undefined || answerOf(key).state === query.state)
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
        sort: { name, descending: sort.startsWith('-'), key: (key) => key[name] },
        identity: ({ id }) => id,
        limit: query.limit,
        cursor: query.cursor,
      });
      const texts = page.items.map((key) => JSON.stringify(answerOf(key)));
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );
}
