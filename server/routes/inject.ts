import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { listSchema } from '../schemas.ts';

const storySchema = z
  .object({ name: z.string(), category: z.string(), description: z.string() })
  .openapi('InjectableStory');
const COLUMNS = Object.keys(storySchema.shape);

const injectedSchema = z
  .object({
    id: z.string(),
    story: z.string(),
    gpu_uuid: z.string(),
    since: instantSchema.openapi({ description: "In the fleet's own time." }),
    until: instantSchema,
  })
  .openapi('InjectedStory');

/** `GET /inject/stories` and `POST /inject`: fault stories for a simulated fleet; for a real one 409. */
export function injectRoutes(app: OpenAPIHono, { simulation }: ApiParts): void {
  defineGet(
    app,
    {
      path: '/api/v1/inject/stories',
      tag: 'simulation',
      summary: 'Fault stories that can happen to a GPU of the simulated fleet.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: sortParameter(['name', 'category'], 'name'),
        category: textParameter('memory, thermal, power, bus, fabric, driver, sensor, straggler or benign.'),
      }),
      answer: listSchema(storySchema),
      csv: true,
      failures: [409, 503],
    },
    async (c, { query }) => {
      const name = (query.sort ?? 'name').replace('-', '') as 'name' | 'category';
      const page = pageOf({
        items: (await simulation.stories()).filter(
          ({ category }) => query.category === undefined || category === query.category,
        ),
        sort: { name, descending: query.sort?.startsWith('-') ?? false, key: (story) => story[name] },
        identity: (story) => story.name,
        limit: query.limit,
        cursor: query.cursor,
      });
      const texts = page.items.map((story) => JSON.stringify(story));
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );

  definePost(
    app,
    {
      path: '/api/v1/inject',
      tag: 'simulation',
      summary: 'Lets a fault story happen to a GPU of the simulated fleet, from now on.',
      body: z
        .strictObject({ story: z.string().min(1).max(128), gpu_uuid: z.string().min(1).max(256) })
        .openapi('InjectRequest'),
      answer: injectedSchema,
      failures: [404, 409, 503],
    },
    async (c, { story, gpu_uuid }) => {
      const { id, since_ms, until_ms } = await simulation.inject(story, gpu_uuid);
      return c.json({ id, story, gpu_uuid, since: instantText(since_ms), until: instantText(until_ms) }, 200);
    },
  );
}
