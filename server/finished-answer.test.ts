import { gunzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { finishedAnswer, takesGzip } from './finished-answer.ts';

const LONG = 'a line of text\n'.repeat(1_000);
const app = new Hono();
app.use(finishedAnswer());
app.get('/short', (c) => c.json({ a: 1 }));
app.get('/long', (c) => c.text(LONG));
app.get('/picture', (c) => c.body(LONG, 200, { 'Content-Type': 'image/png' }));
app.get('/own', (c) => c.body(LONG, 200, { 'Content-Type': 'text/plain', ETag: '"mine"', 'Content-Encoding': 'br' }));
app.get('/gone', (c) => c.text(LONG, 404));
app.post('/long', (c) => c.text(LONG));
const GZIP = { 'Accept-Encoding': 'gzip' };

it.each<[path: string, request: RequestInit, status: number, packed: string | null, tag: RegExp | null]>([
  ['/short', {}, 200, null, /^"[\w-]+"$/],
  ['/short', { headers: GZIP }, 200, null, /^"[\w-]+"$/],
  ['/long', {}, 200, null, /^"[\w-]+"$/],
  ['/long', { headers: GZIP }, 200, 'gzip', /^W\/"[\w-]+"$/],
  ['/picture', { headers: GZIP }, 200, null, /^"[\w-]+"$/],
  ['/own', { headers: GZIP }, 200, 'br', /^"mine"$/],
  ['/own', { headers: { 'If-None-Match': 'W/"mine"' } }, 304, null, /^"mine"$/],
  ['/own', { headers: { 'If-None-Match': '"other"' } }, 200, 'br', /^"mine"$/],
  ['/long', { headers: { 'If-None-Match': '*' } }, 304, null, /^"[\w-]+"$/],
  ['/gone', { headers: GZIP }, 404, null, null],
  ['/long', { method: 'POST', headers: GZIP }, 200, null, null],
])('%s %j: %s %s', async (path, request, status, packed, tag) => {
  const answer = await app.request(path, request);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect([answer.status, answer.headers.get('Content-Encoding')]).toEqual([status, packed]);
  if (tag === null) expect(answer.headers.get('ETag')).toBeNull();
  else expect(answer.headers.get('ETag')).toMatch(tag);
  if (packed === 'gzip') expect(gunzipSync(bytes).toString()).toBe(LONG);
  if (status === 304) expect(bytes.length).toBe(0);
});

it('knows an answer again, packed or not, and tells caches on what it depends', async () => {
  const packed = await app.request('/long', { headers: GZIP });
  const plain = await app.request('/long');
  expect([packed.headers.get('Vary'), plain.headers.get('Vary')]).toEqual(['Accept-Encoding', 'Accept-Encoding']);
  for (const tag of [packed, plain].map(({ headers }) => headers.get('ETag') ?? '')) {
    expect((await app.request('/long', { headers: { ...GZIP, 'If-None-Match': tag } })).status).toBe(304);
  }
});

it.each<[accepted: string | undefined, takes: boolean]>([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['br, GZIP;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip ; q=0.0, *', false],
  ['*', true],
  ['*;q=0', false],
  ['identity', false],
  ['xgzip', false],
])('takes gzip of %j: %s', (accepted, takes) => expect(takesGzip(accepted)).toBe(takes));
