import fc from 'fast-check';
import type { ApiDescription, JsonSchema, Operation, Parameter } from './openapi.fixture.ts';
import { type KnownNames, NASTY, valuesOf } from './values.fixture.ts';

export interface ApiRequest {
  /** Path and query as they are sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** What was done to it; it must be refused with 400. Null: it is what the document allows, or nobody can say. */
  readonly broken: string | null;
}

interface Draft {
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly body: string | undefined;
  readonly type: string | undefined;
  readonly broken: string | null;
}

const JSON_TYPE = 'application/json';

/** Requests to an operation: half of them as the document allows, the others broken in one way or another. */
export function requestsTo(
  description: ApiDescription,
  operation: Operation,
  known: KnownNames,
): fc.Arbitrary<ApiRequest> {
  return draftsOf(description, operation, known)
    .chain((draft) =>
      fc.oneof({ weight: 2, arbitrary: fc.constant(draft) }, ...brokenBy(description, operation, draft)),
    )
    .chain((draft) =>
      fc.constantFrom(JSON_TYPE, 'text/csv', '*/*', 'text/html;q=0.5', 'nonsense').map((accept) => ({
        target: targetOf(operation.path, draft),
        headers: { Accept: accept, ...(draft.type === undefined ? {} : { 'Content-Type': draft.type }) },
        body: draft.body,
        broken: draft.broken,
      })),
    );
}

/** Half a character cannot be sent. */
const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));

function targetOf(path: string, { params, query }: Draft): string {
  // A segment of dots is gone before the server sees it.
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encoded(params[name] ?? '').replace(/^\.{0,2}$/, 'dots'),
  );
  const text = query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return `${filled}${text.length === 0 ? '' : `?${text.join('&')}`}`;
}

function draftsOf(description: ApiDescription, operation: Operation, known: KnownNames): fc.Arbitrary<Draft> {
  const { parameters, body } = operation;
  const inPath = parameters.filter((one) => one.in === 'path');
  const inQuery = parameters.filter((one) => one.in === 'query' && one.name !== 'cursor');
  const params = fc.record(
    Object.fromEntries(
      inPath.map(({ name, schema }) => [
        name,
        fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom(...(known[name] ?? ['unknown'])) },
          valuesOf(description, schema).map(String),
        ),
      ]),
    ),
  );
  const query = fc
    .subarray(inQuery, { maxLength: Math.min(inQuery.length, 4) })
    .chain((some) =>
      fc.tuple(
        ...some.map(({ name, schema }) => valuesOf(description, schema).map((value) => [name, String(value)] as const)),
      ),
    );
  const json = body[JSON_TYPE]?.schema;
  const bodies =
    json === undefined
      ? fc.constant(undefined)
      : valuesOf(description, json, known).map((value) => JSON.stringify(value));
  return fc.tuple(params, query, bodies).map(([some, asked, sent]) => ({
    params: some,
    query: asked,
    body: sent,
    type: json === undefined ? undefined : JSON_TYPE,
    broken: null,
  }));
}

/** Ways to break a request; what nobody can say the outcome of, has no name. */
function brokenBy(description: ApiDescription, operation: Operation, draft: Draft): fc.Arbitrary<Draft>[] {
  const { parameters, body } = operation;
  const inQuery = parameters.filter((one) => one.in === 'query');
  const ways: fc.Arbitrary<Draft>[] = [
    NASTY.filter((name) => !inQuery.some((one) => one.name === name)).map((name) => ({
      ...draft,
      query: [...draft.query, [name === '' ? 'surprise' : name, '1'] as const],
      broken: 'a parameter that there is not',
    })),
  ];
  if (inQuery.length > 0) {
    ways.push(
      fc.tuple(fc.constantFrom(...inQuery), NASTY).map(([{ name, schema }, value]) => ({
        ...draft,
        query: [[name, value] as const],
        broken: neverFits(description, schema, value) ? `${name} that does not fit` : null,
      })),
      fc.constantFrom(...inQuery).map(({ name }) => ({
        ...draft,
        query: [
          [name, '1'],
          [name, '2'],
        ] as const,
        broken: `${name} twice`,
      })),
      fc.tuple(fc.constantFrom(...inQuery), fc.integer({ min: 3_000, max: 20_000 })).map(([parameter, length]) => ({
        ...draft,
        query: [[parameter.name, 'x'.repeat(length)] as const],
        broken: `a long ${parameter.name}`,
      })),
    );
  }
  if (parameters.some(isInPath)) {
    ways.push(
      NASTY.map((text) => ({
        ...draft,
        params: Object.fromEntries(Object.keys(draft.params).map((name) => [name, text === '' ? ' ' : text])),
      })),
    );
  }
  const json = body[JSON_TYPE]?.schema;
  if (json !== undefined) ways.push(...bodiesBroken(description, operation, json, draft));
  return ways;
}

const isInPath = (one: Parameter): boolean => one.in === 'path';

/** A text that no reading of the parameter's schema allows. */
function neverFits(description: ApiDescription, schema: JsonSchema, value: string): boolean {
  const one = description.resolved(schema);
  if (one.anyOf !== undefined) return one.anyOf.every((other) => neverFits(description, other, value));
  if (one.enum !== undefined) return !one.enum.includes(value);
  return one.type === 'integer' ? !/^-?\d+$/.test(value) : false;
}

function bodiesBroken(
  description: ApiDescription,
  { body_optional }: Operation,
  json: JsonSchema,
  draft: Draft,
): fc.Arbitrary<Draft>[] {
  const schema = description.resolved(json);
  const value = JSON.parse(draft.body ?? 'null') as unknown;
  const sent = (body: unknown, broken: string | null): Draft => ({ ...draft, body: JSON.stringify(body), broken });
  const ways: fc.Arbitrary<Draft>[] = [
    fc.constant({ ...draft, body: '', broken: body_optional ? null : 'no body' }),
    fc
      .constantFrom('{', '[]]', '{"a":}', 'undefined', '\u0000', '{"a":1}{"b":2}', `${'['.repeat(5_000)}`)
      .map((body) => ({ ...draft, body, broken: 'no JSON' })),
    fc.constantFrom(null, 1, 'text', true, []).map((body) => sent(body, 'no object')),
    fc
      .constantFrom(
        'text/plain',
        'application/xml',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
      )
      .map((type) => ({ ...draft, type, broken: null })),
    fc.jsonValue().map((body) => sent(body, null)),
  ];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return ways;
  const object = value as Record<string, unknown>;
  if (schema.additionalProperties === false) {
    ways.push(fc.constant(sent({ ...object, surprise: 1 }, 'a field that there is not')));
  }
  for (const name of schema.required ?? []) {
    const { [name]: _, ...rest } = object;
    ways.push(fc.constant(sent(rest, `no ${name}`)));
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const wrong = wrongFor(description.resolved(member));
    if (wrong !== undefined) ways.push(fc.constant(sent({ ...object, [name]: wrong }, `${name} of another type`)));
    ways.push(
      fc
        .oneof(fc.jsonValue({ maxDepth: 1 }), NASTY, fc.constantFrom(1e308, -1e308, Number.MAX_SAFE_INTEGER, -1))
        .map((odd) => sent({ ...object, [name]: odd }, null)),
    );
  }
  return ways;
}

function wrongFor({ type, anyOf }: JsonSchema): unknown {
  if (anyOf !== undefined || type === undefined) return undefined;
  const types = typeof type === 'string' ? [type] : type;
  if (!types.includes('object')) return { of: 'another type' };
  return types.includes('string') ? undefined : 'a text';
}
