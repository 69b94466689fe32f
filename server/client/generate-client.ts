import {
  componentName,
  type OpenApiDocument,
  type Operation,
  type Parameter,
  type Schema,
} from '../openapi-document.ts';

const METHODS = { get: 'GetOperations', post: 'PostOperations', patch: 'PatchOperations' } as const;
const JSON_MEDIA = 'application/json';
const HEAD = '// Made from the OpenAPI document by `npm run generate`: what is changed here is lost.\n';

/**
 * TypeScript for an OpenAPI document: a type per component, and per method an interface with an entry per
 * path: `params`, `query`, `body` and `csv_body` where there are any, `answer` (JSON), `media` (what `Accept` may ask for).
 * Types only; nothing is left of them at run time. Throws on what they could not tell truly.
 */
export function generateClient(document: Omit<OpenApiDocument, 'info'>): string {
  const parts = [HEAD];
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {}).sort(byName)) {
    const text = typeText(schema, '');
    parts.push(`${comment(schema.description, '')}export type ${name} = ${text};\n`);
  }
  for (const [method, title] of Object.entries(METHODS)) {
    const entries = Object.entries(document.paths)
      .flatMap(([path, operations]): [string, Operation][] => {
        const unknown = Object.keys(operations).find((one) => !(one in METHODS));
        if (unknown !== undefined) throw new Error(`${unknown} ${path}: there are no types for this method`);
        const operation = operations[method];
        return operation === undefined ? [] : [[path, operation]];
      })
      .sort(byName)
      .map(([path, operation]) => operationText(path, operation));
    parts.push(`export interface ${title} {\n${entries.join('')}}\n`);
  }
  return parts.join('\n');
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

function operationText(path: string, { summary, parameters = [], requestBody, responses }: Operation): string {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const other = parameters.find((parameter) => parameter.in !== 'path' && parameter.in !== 'query');
  if (other !== undefined) throw new Error(`${path}: there are no types for a parameter in ${other.in}`);
  const needed = inQuery.find(({ required }) => required === true);
  if (needed !== undefined) throw new Error(`${path}: there are no types for a query that needs ${needed.name}`);
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const [content] = good.map(([, answer]) => answer.content);
  if (good.length !== 1 || content === undefined) throw new Error(`${path}: there must be one good answer`);
  const members: [string, string][] = [];
  if (inPath.length > 0) members.push(['params', membersText(inPath.map(asMember), '    ')]);
  if (inQuery.length > 0) members.push(['query', membersText(inQuery.map(asMember), '    ')]);
  const body = requestBody?.content[JSON_MEDIA]?.schema;
  if (body !== undefined) members.push(['body', typeText(body, '    ')]);
  if (requestBody?.content['text/csv'] !== undefined) members.push(['csv_body', 'string']);
  const answer = content[JSON_MEDIA]?.schema;
  if (answer !== undefined) members.push(['answer', typeText(answer, '    ')]);
  members.push(['media', Object.keys(content).map(literal).join(' | ')]);
  const lines = members.map(([name, text]) => `    readonly ${name}: ${text};\n`);
  return `${comment(summary, '  ')}  ${literal(path)}: {\n${lines.join('')}  };\n`;
}

interface Member {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
  readonly description: string | undefined;
}

const asMember = ({ name, schema = {}, required = false, description }: Parameter): Member => ({
  name,
  schema,
  required,
  description,
});

function membersText(members: readonly Member[], indent: string, index?: string): string {
  const inner = `${indent}  `;
  const lines = members.map(({ name, schema, required, description }) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : literal(name);
    const text = typeText(schema, inner);
    return `${comment(description, inner)}${inner}readonly ${key}${required ? '' : '?'}: ${text}${required ? '' : ' | undefined'};\n`;
  });
  if (index !== undefined) lines.push(`${inner}readonly [name: string]: ${index};\n`);
  return `{\n${lines.join('')}${indent}}`;
}

function typeText(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return componentName(schema.$ref);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  if (schema.const !== undefined) return literal(schema.const);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return unionText(either.map((one) => typeText(one, indent)));
  if (schema.allOf !== undefined) return schema.allOf.map((one) => bracketed(typeText(one, indent))).join(' & ');
  const { type } = schema;
  if (typeof type === 'string') return ofType(type, schema, indent);
  return type === undefined ? 'unknown' : unionText(type.map((one) => ofType(one, schema, indent)));
}

function ofType(type: string, schema: Schema, indent: string): string {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `readonly ${bracketed(typeText(schema.items ?? {}, indent))}[]`;
    case 'object':
      return objectText(schema, indent);
    default:
      throw new Error(`There is no type for ${type}`);
  }
}

function objectText({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const open = additionalProperties !== undefined && additionalProperties !== false;
  const rest = typeof additionalProperties === 'object' ? typeText(additionalProperties, indent) : 'unknown';
  const members = Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name),
    description: schema.description,
  }));
  if (members.length === 0) return `Readonly<Record<string, ${open ? rest : 'never'}>>`;
  // Members with a name must fit the type of all others.
  return membersText(members, indent, open ? 'unknown' : undefined);
}

const unionText = (texts: readonly string[]): string => [...new Set(texts)].map(bracketedUnless).join(' | ');
/** `readonly T[]` binds tighter than `|`, but `A & B` need not be read with care. */
const bracketedUnless = (text: string): string => (text.includes(' & ') && !text.startsWith('{') ? `(${text})` : text);
const bracketed = (text: string): string => (/^[\w.]+$|^\{[\s\S]*\}$/.test(text) ? text : `(${text})`);

function literal(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

function comment(text: string | undefined, indent: string): string {
  return text === undefined || text === ''
    ? ''
    : `${indent}/** ${text.replaceAll('*/', '* /').replaceAll('\n', ' ')} */\n`;
}
