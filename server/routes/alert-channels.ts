import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { ApiParts } from '../api-parts.ts';
import { definePost } from '../define-post.ts';

const params = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'Must be the name of a channel')
    .openapi({ description: 'As configured in alert-channels.' }),
});
const testSchema = z
  .object({
    channel: z.string(),
    kind: z.string(),
    taken: z.boolean(),
    answer: z.string().openapi({ description: 'What the other side said, or why it did not take the message.' }),
    took_ms: z.number(),
  })
  .openapi('ChannelTest');

/** `POST /alert-channels/{name}/test`. */
export function alertChannelRoutes(app: OpenAPIHono, { channels }: ApiParts): void {
  definePost(
    app,
    {
      path: '/api/v1/alert-channels/{name}/test',
      tag: 'alerts',
      summary: 'Sends one message that says it is a test, and tells what the other side said.',
      params,
      body: z.strictObject({}),
      answer: testSchema,
      failures: [404, 503],
    },
    async (c, _body, _query, { name }) => {
      if (channels === null) throw new VitalsError('GV-API-003', 'The channels are not known here', 'channels');
      return c.json(await channels.test(name));
    },
  );
}
