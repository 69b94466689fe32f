import { describe, expect, it } from 'vitest';
import type { Schema } from './openapi-document.ts';
import { schemaFields, schemaText } from './schema-text.ts';

const words = { component: (name: string) => `<${name}>`, plain: (text: string) => text.toUpperCase() };
const GPU: Schema = { $ref: '#/components/schemas/Gpu' };

describe('what a value must be, in words', () => {
  it.each<[Schema, string]>([
    [GPU, '<Gpu>'],
    [{ type: 'string' }, 'text'],
    [{ type: ['number', 'null'] }, 'number or null'],
    [{ type: 'array', items: GPU }, 'list of <Gpu>'],
    [{ enum: ['a', '', 3, null] }, "A, '', 3, NULL"],
    [{ const: 'x' }, 'X'],
    [{ anyOf: [GPU, { type: 'null' }] }, '<Gpu> or null'],
    [{ anyOf: [{ type: 'string' }, { type: 'string' }] }, 'text'],
    [{ allOf: [GPU, { type: 'object', properties: {} }] }, '<Gpu> and object'],
    [{ type: 'object', additionalProperties: { type: 'integer' } }, 'by name: integer'],
    [{}, 'anything'],
  ])('%j', (schema, text) => expect(schemaText(schema, words)).toBe(text));

  it('refuses a reference that leads elsewhere', () => {
    expect(() => schemaText({ $ref: 'http://elsewhere' }, words)).toThrow('no component');
  });
});

it('tells the fields of objects in objects, lists and names', () => {
  const leaf: Schema = { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] };
  const fields = schemaFields({
    allOf: [
      GPU,
      {
        properties: {
          a: { type: 'string' },
          b: { type: 'array', items: leaf },
          c: { type: 'object', additionalProperties: leaf },
          d: leaf,
        },
        required: ['a'],
      },
    ],
  });
  expect(fields.map(({ name, required }) => `${name}${required ? '' : '?'}`)).toEqual([
    ...['a', 'b?', 'b[].x', 'c?', 'c.*.x', 'd?', 'd.x'],
  ]);
});
