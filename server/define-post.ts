import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { badRequest } from './field-errors.ts';
import { BadRequest } from './problem.ts';
import { queryOf } from './query-of.ts';
import { requestBody } from './request-body.ts';
import { problemSchema } from './schemas.ts';
import { byOf } from './security/caller.ts';

/** A POST (or PATCH) route: what it takes and answers, for the check and for OpenAPI alike. */
export interface PostRoute<B extends z.ZodType, Q extends z.ZodObject, P extends z.ZodObject> {
  /** POST when absent. */
  readonly method?: 'patch';
  /** With `{name}` for path parameters. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly body: B;
  readonly answer: z.ZodType;
  /** A strict object; nothing may be asked for without it. */
  readonly query?: Q;
  /** Of the path. */
  readonly params?: P;
  /** It stores what it is given: answers 201 instead of 200. */
  readonly stores?: true;
  /** It only computes an answer: its body is JSON whatever type it is sent as, which is what `curl -d` and others leave out. */
  readonly computes?: true;
  /** Larger bodies are answered with 413. Default 1 MiB. */
  readonly body_bytes_max?: number;
  /** No body at all means `{}`. */
  readonly body_optional?: true;
  /** Codes besides 200, 400 and 413. */
  readonly failures?: readonly (404 | 409 | 412 | 503)[];
}

/** The same route for a body of `text/csv`. */
export interface PostCsv<Q extends z.ZodObject> {
  readonly answer: z.ZodType;
  readonly handler: (c: Context, text: string, query: z.output<Q>) => Response | Promise<Response>;
}

const NOTHING = z.strictObject({});
const BODY_BYTES_MAX = 1_048_576;
/** Of the process: the apps of tenants share it. */
const withBody = requestBody({ large_from_bytes: BODY_BYTES_MAX });

export function definePost<
  B extends z.ZodType,
  Q extends z.ZodObject = typeof NOTHING,
  P extends z.ZodObject = typeof NOTHING,
>(
  app: OpenAPIHono,
  route: PostRoute<B, Q, P>,
  handler: (c: Context, body: z.output<B>, query: z.output<Q>, params: z.output<P>) => Response | Promise<Response>,
  csv?: PostCsv<Q>,
): void {
  const failure = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: problemSchema } },
  });
  const query = route.query ?? (NOTHING as unknown as Q);
  const params = route.params ?? (NOTHING as unknown as P);
  const answer = csv === undefined ? route.answer : z.union([route.answer, csv.answer]);
  app.openAPIRegistry.registerPath({
    method: route.method ?? 'post',
    path: route.path,
    tags: [route.tag],
    summary: route.summary,
    request: {
      params,
      query,
      body: {
        required: route.body_optional !== true,
        content: {
          'application/json': { schema: route.body },
          ...(csv === undefined ? {} : { 'text/csv': { schema: z.string() } }),
        },
      },
    },
    responses: {
      [route.stores ? 201 : 200]: { description: route.summary, content: { 'application/json': { schema: answer } } },
      400: failure('The request is not valid.'),
      413: failure('The body is too large.'),
      ...(route.failures?.includes(404) ? { 404: failure('There is no such thing.') } : {}),
      ...(route.failures?.includes(409) ? { 409: failure('It cannot be done as things stand.') } : {}),
      ...(route.failures?.includes(412) ? { 412: failure('It has changed since it was read.') } : {}),
      ...(route.failures?.includes(503) ? { 503: failure('A part needed for the answer is not available.') } : {}),
    },
  });
  app[route.method ?? 'post'](route.path.replace(/\{(\w+)\}/g, ':$1'), async (c) => {
    const asked = query.safeParse(queryOf(c));
    if (!asked.success) throw badRequest(asked.error, 'There is no such parameter');
    const placed = params.safeParse(c.req.param());
    if (!placed.success) throw badRequest(placed.error, 'There is no such parameter');
    const type = (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    // A browser asks before it sends these types to another origin, and is refused; some others it sends unasked.
    const taken = type === 'application/json' || route.computes !== undefined;
    const rows = csv !== undefined && type === 'text/csv';
    const optional = route.body_optional !== undefined && (type === '' || taken);
    const wrongType = (): BadRequest => {
      const wanted = `application/json${csv === undefined ? '' : ' or text/csv'}`;
      return new BadRequest([{ field: 'Content-Type', detail: `Must be ${wanted}` }]);
    };
    // What is not taken is not read either.
    if (!taken && !rows && !optional) throw wrongType();
    return withBody(c, route.body_bytes_max ?? BODY_BYTES_MAX, (text) => {
      if (rows) return csv.handler(c, text, asked.data);
      const nothing = optional && text === '';
      if (!taken && !nothing) throw wrongType();
      let body: unknown;
      try {
        body = nothing ? {} : JSON.parse(text);
      } catch {
        throw new BadRequest([{ field: 'body', detail: 'Must be JSON' }]);
      }
      const result = route.body.safeParse(body);
      if (!result.success) throw badRequest(result.error, 'There is no such field');
      return handler(c, signed(c, result.data), asked.data, placed.data);
    });
  });
}

/** `by` names whose key it is, whatever the body says. */
function signed<B>(c: Context, body: B): B {
  const told = (body as { readonly by?: unknown } | null)?.by;
  return typeof told === 'string' ? { ...body, by: byOf(c, told) } : body;
}
