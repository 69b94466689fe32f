import { createHash } from 'node:crypto';
import { htmlText } from './html-text.ts';
import {
  type Content,
  type NamedOperation,
  type OpenApiDocument,
  operationsByTag,
  type Parameter,
  type Schema,
} from './openapi-document.ts';
import { contentText, type SchemaWords, schemaFields, schemaText } from './schema-text.ts';

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code{font-size:.95em}h2{margin-top:2.5rem;border-bottom:1px solid #8886;padding-bottom:.2rem}
details{border:1px solid #8884;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}summary{cursor:pointer}
summary code{font-weight:600}table{border-collapse:collapse;width:100%;margin:.6rem 0}
h2:target,h3:target{background:#fc08}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #8883}`;

/** What the page's Content-Security-Policy must allow besides nothing. */
export const DOCS_STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

const words: SchemaWords = {
  component: (name) => `<a href="#type-${htmlText(name)}">${htmlText(name)}</a>`,
  plain: htmlText,
};

/** The OpenAPI document as a page for people: no script, no external asset. */
export function docsPage(document: OpenApiDocument): string {
  const sections = [...operationsByTag(document)].map(
    ([tag, operations]) => `<h2>${htmlText(tag)}</h2>${operations.map(operationBlock).join('')}`,
  );
  const types = Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => typeBlock(name, schema));
  const { title, version, description } = document.info;
  return docsFrame(
    `${title} ${version}`,
    `<p>${htmlText(description ?? '')}</p>
<p>Machine-readable: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Errors: <a href="/docs/errors">what each code means and what to do</a>. Bodies: <a href="#types">types</a>.</p>${sections.join('')}<h2 id="types">Types</h2>${types.join('')}`,
  );
}

/** A page of documentation: the title is text, the body is HTML. */
export const docsFrame = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${htmlText(title)}</title><style>${STYLE}</style></head><body>
<h1>${htmlText(title)}</h1>${body}</body></html>`;

function operationBlock({ method, path, operation }: NamedOperation): string {
  const { summary = '', parameters = [], requestBody, responses } = operation;
  const answers = Object.entries(responses).map(([status, { description = '', content = {} }]) => [
    `<code>${htmlText(status)}</code>`,
    contents(content),
    htmlText(description),
  ]);
  return `<details><summary><code>${htmlText(method.toUpperCase())} ${htmlText(path)}</code> ${htmlText(summary)}</summary>
${parameters.length > 0 ? table(['Parameter', 'In', 'Value', 'Meaning'], parameters.map(parameterCells)) : ''}
${requestBody === undefined ? '' : `<p>Body: ${contents(requestBody.content)}</p>`}
${table(['Status', 'Content', 'Meaning'], answers)}</details>`;
}

const parameterCells = ({ name, in: place, required = false, description, schema = {} }: Parameter): string[] => [
  `<code>${htmlText(name)}</code>`,
  `${htmlText(place)}${required ? ', required' : ''}`,
  schemaText(schema, words),
  htmlText(description ?? schema.description ?? ''),
];

const contents = (content: Content): string =>
  Object.entries(content)
    .map(([media, { schema }]) =>
      media.endsWith('json') && schema !== undefined ? contentText(schema, words) : htmlText(media),
    )
    .join(' or ');

function typeBlock(name: string, schema: Schema): string {
  const rows = schemaFields(schema).map((field) => [
    `<code>${htmlText(field.name)}</code>${field.required ? '' : '?'}`,
    schemaText(field.schema, words),
    htmlText(field.schema.description ?? ''),
  ]);
  const whole = schema.properties === undefined ? `<p>${schemaText(schema, words)}</p>` : '';
  return `<h3 id="type-${htmlText(name)}">${htmlText(name)}</h3><p>${htmlText(schema.description ?? '')}</p>${whole}${rows.length > 0 ? table(['Field', 'Value', 'Meaning'], rows) : ''}`;
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${rows
    .map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</table>`;
