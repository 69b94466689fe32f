import fc from 'fast-check';
import type { ApiDescription, JsonSchema } from './openapi.fixture.ts';

/** Texts that have broken servers before. */
export const NASTY = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    "'",
    "' OR 1=1 --",
    "'; DROP TABLE gpu_assets; --",
    '%',
    '%00',
    '\u0000',
    '\\',
    '../../etc/passwd',
    '..%2f..%2f',
    '$1',
    '$(x)',
    '__proto__',
    'constructor',
    'null',
    'NaN',
    '-0',
    '1e999',
    '0x10',
    '99999999999999999999',
    '٣',
    'ａ',
    '\u202e',
    '\ud83d\ude00',
    'a\r\nX-Injected: 1',
    '<script>alert(1)</script>',
    '*',
    '-ts',
    '--ts',
    'W10',
    'eyJhIjoxfQ',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

const INSTANTS = fc.oneof(
  fc.constantFrom('2026-01-01T00:00:00.000Z', '2025-12-31', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z'),
  fc.integer({ min: 1_767_000_000_000, max: 1_770_000_000_000 }),
);

/** Names that mean something to the API that is asked, by parameter or member. */
export type KnownNames = Readonly<Record<string, readonly string[]>>;

/** Values that a schema allows, sizes within reason. */
export function valuesOf(
  description: ApiDescription,
  schema: JsonSchema,
  known: KnownNames = {},
): fc.Arbitrary<unknown> {
  const of = (one: JsonSchema): fc.Arbitrary<unknown> => valuesOf(description, one, known);
  const { type } = schema;
  if (schema.$ref !== undefined) return of(description.resolved(schema));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(of));
  if (schema.description?.includes('Epoch ms or ISO 8601')) return INSTANTS;
  if (type === undefined) return fc.jsonValue({ maxDepth: 2 });
  if (typeof type !== 'string') return fc.oneof(...type.map((one) => of({ ...schema, type: one })));
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer': {
      const { minimum = -1_000_000, maximum = Math.max(1_000_000, minimum) } = schema;
      return fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) });
    }
    case 'number': {
      const { minimum, maximum } = schema;
      return fc.double({
        noNaN: true,
        noDefaultInfinity: true,
        ...(minimum === undefined ? {} : { min: minimum }),
        ...(maximum === undefined ? {} : { max: maximum }),
      });
    }
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 4 } = schema;
      return fc.array(of(items), { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 4)) });
    }
    case 'object':
      return objectsOf(schema, of, known);
    default:
      return textsOf(schema);
  }
}

function objectsOf(
  schema: JsonSchema,
  of: (schema: JsonSchema) => fc.Arbitrary<unknown>,
  known: KnownNames,
): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const named = fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([name, one]) => {
        const names = known[name];
        if (names === undefined || one.type !== 'string') return [name, of(one)];
        return [name, fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names) }, of(one))];
      }),
    ),
    {
      requiredKeys: required.filter((name) => name in properties),
      noNullPrototype: true,
    },
  );
  if (additionalProperties === undefined || additionalProperties === false) return named;
  const others = fc.dictionary(
    fc.stringMatching(/^[a-z_]{1,12}$/),
    additionalProperties === true ? fc.jsonValue({ maxDepth: 1 }) : of(additionalProperties),
    { maxKeys: 3, noNullPrototype: true },
  );
  return fc.tuple(named, others).map(([known, more]) => ({ ...more, ...known }));
}

function textsOf({ pattern, format, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, 'u'));
  if (format === 'date-time') return fc.constant('2026-01-01T00:00:00.000Z');
  const bounds = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) };
  return fc.oneof(fc.string({ unit: 'grapheme-ascii', ...bounds }), fc.string({ unit: 'grapheme', ...bounds }));
}
