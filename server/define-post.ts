import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { fieldErrors } from './field-errors.ts';
import { BadRequest } from './problem.ts';
import { problemSchema } from './schemas.ts';

/** A POST route that computes and stores nothing: what it takes and answers, for the check and for OpenAPI alike. */
export interface PostRoute<B extends z.ZodType> {
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly body: B;
  readonly answer: z.ZodType;
  /** Codes besides 200, 400 and 413. */
  readonly failures?: readonly (404 | 503)[];
}

export function definePost<B extends z.ZodType>(
  app: OpenAPIHono,
  route: PostRoute<B>,
  handler: (c: Context, body: z.output<B>) => Response | Promise<Response>,
): void {
  const failure = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: problemSchema } },
  });
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: route.path,
    tags: [route.tag],
    summary: route.summary,
    request: { body: { required: true, content: { 'application/json': { schema: route.body } } } },
    responses: {
      200: { description: route.summary, content: { 'application/json': { schema: route.answer } } },
      400: failure('The request is not valid.'),
      413: failure('The body is too large.'),
      ...(route.failures?.includes(404) ? { 404: failure('There is no such thing.') } : {}),
      ...(route.failures?.includes(503) ? { 503: failure('A part needed for the answer is not available.') } : {}),
    },
  });
  app.post(route.path, async (c) => {
    let body: unknown;
    try {
      body = await c.req.json();
    } catch {
      throw new BadRequest([{ field: 'body', detail: 'Must be JSON' }]);
    }
    const result = route.body.safeParse(body);
    if (!result.success) throw new BadRequest(fieldErrors(result.error, 'There is no such field'));
    return handler(c, result.data);
  });
}
