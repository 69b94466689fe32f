import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiDocument } from '../api-document.ts';
import type { OpenApiDocument } from '../openapi-document.ts';
import { generateClient } from './generate-client.ts';

const withSchemas = (schemas: object): string =>
  generateClient({ paths: {}, components: { schemas } } as OpenApiDocument);
const typeOf = (schema: object): string =>
  /export type X = ([\s\S]*?);\n\nexport interface/.exec(withSchemas({ X: schema }))?.[1] ?? '';

it('is fresh (else: npm run generate)', async () => {
  const written = readFileSync(join(import.meta.dirname, 'api-types.generated.ts'), 'utf8');
  expect(generateClient(await apiDocument())).toBe(written);
});

describe('types', () => {
  it.each<[schema: object, type: string]>([
    [{ type: 'string', format: 'date-time' }, 'string'],
    [{ type: ['integer', 'null'] }, 'number | null'],
    [{ type: ['string', 'integer', 'number'] }, 'string | number'],
    [{ type: ['string', 'null'], enum: ['a', "it's", null] }, "'a' | 'it\\'s' | null"],
    [{ const: 3 }, '3'],
    [{}, 'unknown'],
    [{ type: 'array', items: { type: ['number', 'null'] } }, 'readonly (number | null)[]'],
    [{ type: 'array', items: { $ref: '#/components/schemas/X' } }, 'readonly X[]'],
    [{ anyOf: [{ $ref: '#/components/schemas/X' }, { type: 'null' }] }, 'X | null'],
    [{ allOf: [{ $ref: '#/components/schemas/X' }, { type: ['string', 'null'] }] }, 'X & (string | null)'],
    [{ type: 'object', additionalProperties: { type: 'integer' } }, 'Readonly<Record<string, number>>'],
    [{ type: 'object', additionalProperties: false }, 'Readonly<Record<string, never>>'],
    [
      { type: 'object', properties: { a: { type: 'string' }, 'b-c': { type: 'boolean' } }, required: ['a'] },
      "{\n  readonly a: string;\n  readonly 'b-c'?: boolean | undefined;\n}",
    ],
    [
      { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: {} },
      '{\n  readonly a?: string | undefined;\n  readonly [name: string]: unknown;\n}',
    ],
  ])('of %j', (schema, type) => expect(typeOf(schema)).toBe(type));

  it.each<[paths: object, message: string]>([
    [{ '/a': { delete: { responses: {} } } }, 'delete /a'],
    [{ '/a': { get: { parameters: [{ name: 'x', in: 'header' }], responses: {} } } }, 'in header'],
    [{ '/a': { get: { parameters: [{ name: 'x', in: 'query', required: true }], responses: {} } } }, 'needs x'],
    [{ '/a': { get: { responses: { 200: { content: {} }, 201: { content: {} } } } } }, 'one good answer'],
  ])('are refused where they would not be true: %j', (paths, message) => {
    expect(() => generateClient({ paths } as OpenApiDocument)).toThrow(message);
  });

  it('of a path say what goes in and what comes out', () => {
    const text = generateClient({
      paths: {
        '/a/{id}': {
          get: {
            summary: 'Tells.',
            parameters: [
              { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
              { name: 'n', in: 'query', schema: { type: 'integer' } },
            ],
            responses: {
              200: { content: { 'application/json': { schema: { type: 'boolean' } }, 'text/csv': {} } },
              404: {},
            },
          },
        },
      },
    });
    expect(text).toContain(
      "  /** Tells. */\n  '/a/{id}': {\n    readonly params: {\n      readonly id: string;\n    };\n    readonly query: {\n" +
        "      readonly n?: number | undefined;\n    };\n    readonly answer: boolean;\n    readonly media: 'application/json' | 'text/csv';\n  };\n",
    );
  });
});
