import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { apiDocument } from './api-document.ts';
import { apiPage } from './api-page.ts';
import { docsPage } from './docs-page.ts';

it('is fresh (else: npm run generate)', async () => {
  const written = readFileSync(join(import.meta.dirname, '..', 'deploy', 'reference', 'api.md'), 'utf8');
  expect(apiPage(await apiDocument())).toBe(written);
});

it('tells of every path what goes in and what comes out, and of every type its fields', async () => {
  const document = await apiDocument();
  const [text, page] = [apiPage(document), docsPage(document)];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods)) {
      expect(text).toContain(`\n### ${method.toUpperCase()} ${path}\n`);
      expect(page).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
    }
  }
  // Every link leads to a type that is told.
  const told = new Set(Object.keys(document.components?.schemas ?? {}));
  for (const [, anchor = ''] of text.matchAll(/\]\(#(\w+)\)/g)) {
    expect([...told].map((name) => name.toLowerCase())).toContain(anchor);
  }
  for (const [, name = ''] of page.matchAll(/href="#type-(\w+)"/g)) expect(told).toContain(name);
  expect(text).toContain('Answers 200 page of [Anomaly](#anomaly) or `text/csv`');
  expect(page).toContain('<p>Body: <a href="#type-SilenceRequest">SilenceRequest</a></p>');
  expect(text).toMatch(/### SilenceRequest\n[\s\S]*?\| `matchers\[\]\.values` \| list of text \|/);
});
