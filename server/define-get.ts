import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { badRequest } from './field-errors.ts';
import { BadRequest } from './problem.ts';
import { queryOf } from './query-of.ts';
import { problemSchema } from './schemas.ts';

/** A GET route: what it takes and answers, for the check of requests and for OpenAPI alike. */
export interface GetRoute<P extends z.ZodObject, Q extends z.ZodObject> {
  /** With `{name}` for path parameters. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly params: P;
  /** A strict object: parameters that it does not name are refused. */
  readonly query: Q;
  readonly answer: z.ZodType;
  /** Also answers `text/csv`. */
  readonly csv?: boolean;
  readonly media?: string;
  /** Codes besides 200 and 400. */
  readonly failures?: readonly (404 | 409 | 503)[];
  /** For an answer that has its shape with a status other than 200. */
  readonly also?: 503;
}

export const NO_PARAMETERS = z.strictObject({});

type Handler<P, Q> = (c: Context, input: { params: P; query: Q }) => Response | Promise<Response>;

export function defineGet<P extends z.ZodObject, Q extends z.ZodObject>(
  app: OpenAPIHono,
  route: GetRoute<P, Q>,
  handler: Handler<z.output<P>, z.output<Q>>,
): void {
  const failure = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: problemSchema } },
  });
  const answer = { schema: route.answer };
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: route.path,
    tags: [route.tag],
    summary: route.summary,
    request: { params: route.params, query: route.query },
    responses: {
      200: {
        description: route.summary,
        content: {
          [route.media ?? 'application/json']: answer,
          ...(route.csv === true ? { 'text/csv': { schema: z.string() } } : {}),
        },
      },
      304: { description: 'Unchanged since the ETag given.' },
      400: failure('The request is not valid.'),
      ...(route.failures?.includes(404) ? { 404: failure('There is no such thing.') } : {}),
      ...(route.failures?.includes(409) ? { 409: failure('It cannot be told as things stand.') } : {}),
      ...(route.failures?.includes(503) ? { 503: failure('A part needed for the answer is not available.') } : {}),
      ...(route.also === 503 ? { 503: { description: 'Not ready.', content: { 'application/json': answer } } } : {}),
    },
  });
  app.get(route.path.replace(/\{(\w+)\}/g, ':$1'), (c) => {
    const params = checked(route.params, c.req.param());
    const query = checked(route.query, queryOf(c));
    checkSpan(query);
    return handler(c, { params, query });
  });
}

/** A span that ends before it begins is a mistake, not an empty list. */
function checkSpan({ from, to }: { readonly from?: unknown; readonly to?: unknown }): void {
  if (typeof from !== 'number' || typeof to !== 'number' || from < to) return;
  throw new BadRequest([{ field: 'from', detail: 'Must be before to' }]);
}

function checked<S extends z.ZodObject>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(result.error, 'There is no such parameter');
}
