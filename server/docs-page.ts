import { createHash } from 'node:crypto';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: { readonly description?: string; readonly enum?: readonly unknown[] };
}
interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: object }>>;
}
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code{font-size:.95em}h2{margin-top:2.5rem;border-bottom:1px solid #8886;padding-bottom:.2rem}
details{border:1px solid #8884;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}summary{cursor:pointer}
summary code{font-weight:600}table{border-collapse:collapse;width:100%;margin:.6rem 0}
h2:target{background:#fc08}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #8883}`;

/** What the page's Content-Security-Policy must allow besides nothing. */
export const DOCS_STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** The OpenAPI document as a page for people: no script, no external asset. */
export function docsPage(document: ApiDocument): string {
  const byTag = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods) as [string, Operation][]) {
      const tag = operation.tags?.[0] ?? 'other';
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationBlock(method, path, operation)]);
    }
  }
  const sections = [...byTag].map(([tag, blocks]) => `<h2>${escaped(tag)}</h2>${blocks.join('')}`).join('');
  const { title, version, description } = document.info;
  return docsFrame(
    `${title} ${version}`,
    `<p>${escaped(description ?? '')}</p>
<p>Machine-readable: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Errors: <a href="/docs/errors">what each code means and what to do</a>.</p>${sections}`,
  );
}

/** A page of documentation: the title is text, the body is HTML. */
export const docsFrame = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>${body}</body></html>`;

function operationBlock(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, in: place, required, description, schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${escaped(place)}${required === true ? ', required' : ''}</td><td>${escaped(
        [description ?? schema?.description ?? '', schema?.enum ? `One of ${schema.enum.join(', ')}.` : '']
          .join(' ')
          .trim(),
      )}</td></tr>`,
  );
  const responses = Object.entries(operation.responses ?? {}).map(
    ([status, { description, content }]) =>
      `<tr><td><code>${escaped(status)}</code></td><td>${escaped(Object.keys(content ?? {}).join(', '))}</td><td>${escaped(description ?? '')}</td></tr>`,
  );
  return `<details><summary><code>${escaped(method.toUpperCase())} ${escaped(path)}</code> ${escaped(operation.summary ?? '')}</summary>
${parameters.length > 0 ? `<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>${parameters.join('')}</table>` : ''}
<table><tr><th>Status</th><th>Content</th><th>Meaning</th></tr>${responses.join('')}</table></details>`;
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
