import { componentName, type Schema } from './openapi-document.ts';

/** How a page writes the two kinds of words in which a schema is told. */
export interface SchemaWords {
  /** Name of a component, which the page describes elsewhere. */
  readonly component: (name: string) => string;
  readonly plain: (text: string) => string;
}

/** What a value must be, in words. */
export function schemaText(schema: Schema, words: SchemaWords): string {
  const { component, plain } = words;
  const each = (parts: readonly Schema[]): string[] => [...new Set(parts.map((part) => schemaText(part, words)))];
  if (schema.$ref !== undefined) return component(componentName(schema.$ref));
  if (schema.enum !== undefined) return plain(schema.enum.map(literal).join(', '));
  if (schema.const !== undefined) return plain(literal(schema.const));
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return each(either).join(' or ');
  if (schema.allOf !== undefined) return each(schema.allOf).join(' and ');
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? 'anything' : types.map((type) => typeText(type, schema, words)).join(' or ');
}

function typeText(type: string, { items, properties, additionalProperties }: Schema, words: SchemaWords): string {
  if (type === 'array') return `list of ${items === undefined ? 'anything' : schemaText(items, words)}`;
  if (type !== 'object') return type === 'string' ? 'text' : type;
  if (properties !== undefined || typeof additionalProperties !== 'object') return 'object';
  return `by name: ${schemaText(additionalProperties, words)}`;
}

const literal = (value: unknown): string => (typeof value === 'string' ? value || "''" : String(value));

export interface SchemaField {
  /** With what it lies in: `matchers[].field`. */
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

/** The fields of an object, those of objects inside it behind it; of components that it is made of, only those of its own. */
export function schemaFields(schema: Schema, within = ''): SchemaField[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]): SchemaField[] => {
    const path = `${within}${name}`;
    const required = schema.required?.includes(name) ?? false;
    return [{ name: path, required, schema: field }, ...inside(field, path)];
  });
  return [...own, ...(schema.allOf ?? []).flatMap((part) => schemaFields(part, within))];
}

function inside(schema: Schema, path: string): SchemaField[] {
  if (schema.items !== undefined) return inside(schema.items, `${path}[]`);
  const each = schema.additionalProperties;
  return [...schemaFields(schema, `${path}.`), ...(typeof each === 'object' ? inside(each, `${path}.*`) : [])];
}

/** The same of a body; of a page of a list its items. */
export function contentText(schema: Schema, words: SchemaWords): string {
  const items = schema.properties?.items?.items;
  if (schema.properties?.next === undefined || items === undefined) return schemaText(schema, words);
  const more = Object.keys(schema.properties).filter((name) => !PAGE.includes(name));
  return `page of ${schemaText(items, words)}${more.length > 0 ? ` with ${more.map(words.plain).join(', ')}` : ''}`;
}

const PAGE: readonly string[] = ['items', 'next', 'total'];
