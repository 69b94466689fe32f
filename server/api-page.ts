import {
  type Content,
  type NamedOperation,
  type OpenApiDocument,
  operationsByTag,
  type Parameter,
  type Schema,
} from './openapi-document.ts';
import { contentText, type SchemaWords, schemaFields, schemaText } from './schema-text.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const words: SchemaWords = { component: (name) => `[${name}](#${name.toLowerCase()})`, plain: cell };
const COMMON: readonly string[] = ['limit', 'cursor'];

/** The OpenAPI document as a page of the reference. */
export function apiPage(document: OpenApiDocument): string {
  return [
    '# REST API',
    '',
    'Generated from the OpenAPI document (`/openapi.json`) by `npm run generate`; a running installation serves it at `/docs`.',
    document.info.description ?? '',
    `Lists take ${COMMON.map((name) => `\`${name}\``).join(', ')} and answer CSV to \`Accept: text/csv\`; errors are [problems](#problem) whose codes are in [errors.md](errors.md).`,
    ...[...operationsByTag(document)].flatMap(([tag, operations]) => [
      '',
      `## ${tag}`,
      ...operations.flatMap(operationLines),
    ]),
    '',
    '## Types',
    '',
    'A `?` stands behind what may be missing.',
    ...Object.entries(document.components?.schemas ?? {}).flatMap(([name, schema]) => typeLines(name, schema)),
    '',
  ].join('\n');
}

function operationLines({ method, path, operation }: NamedOperation): string[] {
  const { summary = '', parameters = [], requestBody, responses } = operation;
  const listed = parameters.filter(({ name, in: place }) => place !== 'query' || !COMMON.includes(name));
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const bad = Object.keys(responses).filter((status) => status >= '400');
  return [
    '',
    `### ${method.toUpperCase()} ${path}`,
    '',
    summary,
    ...(requestBody === undefined ? [] : ['', `Body: ${contents(requestBody.content)}.`]),
    '',
    `Answers ${good.map(([status, { content = {} }]) => `${status} ${contents(content)}`.trim()).join('; ')}${bad.length > 0 ? `; fails with ${bad.join(', ')}` : ''}.`,
    ...(listed.length === 0
      ? []
      : ['', '| parameter | value | meaning |', '|---|---|---|', ...listed.map(parameterLine)]),
  ];
}

const parameterLine = ({ name, in: place, description, schema = {} }: Parameter): string =>
  `| \`${name}\`${place === 'path' ? ' (path)' : ''} | ${schemaText(schema, words)} | ${cell(description ?? schema.description ?? '')} |`;

const contents = (content: Content): string =>
  Object.entries(content)
    .map(([media, { schema }]) =>
      media.endsWith('json') && schema !== undefined ? contentText(schema, words) : `\`${media}\``,
    )
    .join(' or ');

function typeLines(name: string, schema: Schema): string[] {
  const rows = schemaFields(schema).map(
    (field) =>
      `| \`${field.name}\`${field.required ? '' : '?'} | ${schemaText(field.schema, words)} | ${cell(field.schema.description ?? '')} |`,
  );
  return [
    '',
    `### ${name}`,
    ...(schema.description === undefined ? [] : ['', schema.description]),
    ...(schema.properties === undefined ? ['', schemaText(schema, words)] : []),
    ...(rows.length === 0 ? [] : ['', '| field | value | meaning |', '|---|---|---|', ...rows]),
  ];
}
