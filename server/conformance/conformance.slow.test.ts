import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { populated } from '../api.fixture.ts';
import { LISTS, OTHERS } from '../api-paths.fixture.ts';
import { csvRows } from './csv-rows.fixture.ts';
import { judgeAnswer, judgeProblem } from './judge.fixture.ts';
import { readDescription } from './openapi.fixture.ts';
import { requestsTo } from './requests.fixture.ts';

/** `npm run fuzz-api -- --cases N --seed S` asks for more of them. */
const CASES = Number(process.env.FUZZ_API_CASES ?? 4_000);
const SEED = Number(process.env.FUZZ_API_SEED ?? 20_260_101);
/** Of one operation: a million requests are some ten thousand to each. */
const LIMIT_MS = 600_000 + CASES;
const KNOWN = {
  gpu_uuid: ['GPU-00', 'GPU-03', 'GPU-mig', 'GPU-shelf', 'GPU-none'],
  id: ['A1', 'A2'],
  version: ['1', '2', 'shipped-1'],
  name: ['ops'],
  position: ['1', '2', '999'],
  story: ['thermal', 'ecc', 'none'],
  alias: ['champion', 'challenger'],
  model: ['NVIDIA H100 80GB HBM3', 'nonsense'],
  rule: ['gpu_fault', 'my_rule'],
  span: ['7d', '1h', '1y'],
};

const world = populated();
const description = readDescription(await (await world.get('/openapi.json')).text());
const { operations } = description;
const title = ({ method, path }: (typeof operations)[number]): string => `${method} ${path}`;
const ask = async (target: string, request: RequestInit = {}, asked = world) => {
  const response = await asked.app.request(target, request);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** What was answered how often, for who asks by command. */
const told = new Map<number, number>();
let slowest_ms = 0;
afterAll(() => {
  if (process.env.FUZZ_API_CASES === undefined) return;
  const requests = [...told.values()].reduce((sum, one) => sum + one, 0);
  const shares = [...told].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  process.stdout.write(`rest: ${requests} requests, slowest ${slowest_ms.toFixed(0)} ms, ${shares.join(', ')}\n`);
});

describe('whatever is asked, the answer is one that the document tells of', () => {
  it.each(operations.map((operation) => [title(operation), operation] as const))(
    '%s',
    async (_, operation) => {
      // What a million requests leave behind is that of one operation.
      const own = populated();
      await fc.assert(
        fc.asyncProperty(requestsTo(description, operation, KNOWN), async ({ target, headers, body, broken }) => {
          const { method } = operation;
          const began = systemClock.monotonic();
          const answered = await ask(target, { method, headers, ...(body === undefined ? {} : { body }) }, own);
          slowest_ms = Math.max(slowest_ms, systemClock.monotonic() - began);
          told.set(answered.status, (told.get(answered.status) ?? 0) + 1);
          const shown = `${method} ${target} ${JSON.stringify(headers)} ${body ?? ''}`;
          expect(own.failures.splice(0), shown).toEqual([]);
          const wrong = judgeAnswer(description, operation, answered);
          expect(wrong, `${shown}\n${answered.status} ${answered.text.slice(0, 500)}`).toBeNull();
          if (broken !== null && answered.status !== 404)
            expect([broken, answered.status], shown).toEqual([broken, 400]);
        }),
        { seed: SEED, numRuns: Math.max(5, Math.ceil(CASES / operations.length)), endOnFailure: true },
      );
    },
    LIMIT_MS,
  );
});

describe('what holds for every path', () => {
  it('methods that are not there are told with those that are', async () => {
    for (const path of new Set(operations.map((operation) => operation.path))) {
      const there = operations.filter((one) => one.path === path).map(({ method }) => method);
      const target = path.replace(/\{(\w+)\}/g, (_, name: 'id') => KNOWN[name]?.[0] ?? 'x');
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        // A path with a parameter may also be that of another operation.
        if (there.includes(method) || operations.some((one) => one.method === method && fits(one.path, target)))
          continue;
        const { status, headers, text } = await ask(target, { method });
        expect([method, target, status]).toEqual([method, target, 405]);
        expect(judgeProblem(status, headers, text)).toBeNull();
        for (const one of there) expect(headers.get('Allow')?.split(', '), `${method} ${target}`).toContain(one);
      }
    }
  });

  it('odd paths lead nowhere', async () => {
    for (const target of [
      '/api/v1/gpus/..%2f..%2fetc%2fpasswd',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '//api/v1/gpus',
      '/api/v1/gpus/%',
      '/api/v1/gpus/%ff%fe',
      '/api/v1/gpus/%00',
      '/api/v1/%00',
      '/api/v2/gpus',
      '/API/V1/GPUS',
      '/api/v1/gpus/GPU-00/',
      `/api/v1/gpus/${'x'.repeat(10_000)}`,
      `/${'a/'.repeat(5_000)}`,
      '/.env',
    ]) {
      const { status, headers, text } = await ask(target);
      expect([400, 404], `${target}: ${status}`).toContain(status);
      expect(judgeProblem(status, headers, text), target).toBeNull();
    }
    expect(world.failures).toEqual([]);
  });

  it('bodies that are too large are refused', async () => {
    for (const { method, path } of operations.filter(({ body }) => Object.keys(body).length > 0)) {
      const target = path.replace(/\{(\w+)\}/g, (_, name: 'id') => KNOWN[name]?.[0] ?? 'x');
      const headers = { 'Content-Type': 'application/json', 'Content-Length': '200000000' };
      const answered = await ask(target, { method, headers, body: '{}' });
      expect([method, target, answered.status]).toEqual([method, target, 413]);
      expect(judgeProblem(413, answered.headers, answered.text)).toBeNull();
    }
  });
});

const fits = (path: string, target: string): boolean =>
  new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(target);

describe.each([...LISTS, ...OTHERS])('%s', (path) => {
  it('is the same as HEAD, from the cache and packed', async () => {
    const whole = await ask(path);
    const etag = whole.headers.get('ETag');
    expect(etag).not.toBeNull();
    const head = await ask(path, { method: 'HEAD' });
    expect([head.status, head.text, head.headers.get('Content-Type')]).toEqual([
      200,
      '',
      whole.headers.get('Content-Type'),
    ]);
    const packed = await world.app.request(path, { headers: { 'Accept-Encoding': 'gzip' } });
    const bytes = Buffer.from(await packed.arrayBuffer());
    const isPacked = packed.headers.get('Content-Encoding') === 'gzip';
    if (whole.text.length > 15_000) expect(isPacked).toBe(true);
    const steady = !['/metrics', '/api/v1/topology', '/api/v1/fleet/summary', '/livez'].includes(path);
    if (!steady) return;
    expect((isPacked ? gunzipSync(bytes) : bytes).toString()).toBe(whole.text);
    const again = await ask(path, { headers: { 'If-None-Match': etag ?? '' } });
    expect([again.status, again.text]).toEqual([304, '']);
    const other = await ask(path, { headers: { 'If-None-Match': '"another", W/"one"' } });
    expect(other.status).toBe(200);
  });
});

describe.each(LISTS)('%s', (path) => {
  it('has the same rows as CSV', async () => {
    const { items, total } = JSON.parse((await ask(path)).text) as { items: Record<string, unknown>[]; total: number };
    const csv = await ask(path, { headers: { Accept: 'text/csv' } });
    expect(csv.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('X-Total-Count')).toBe(String(total));
    const [names = [], ...rows] = csvRows(csv.text);
    expect(rows.length).toBe(items.length);
    expect(new Set(names).size).toBe(names.length);
    for (const [i, item] of items.entries()) {
      for (const name of Object.keys(item)) expect(names, name).toContain(name);
      expect(rows[i]).toEqual(names.map((name) => cellOf(item[name])));
    }
  });

  it('comes in pages that make the whole, and refuses cursors of others', async () => {
    const { items, total } = JSON.parse((await ask(`${path}?limit=1000`)).text) as { items: unknown[]; total: number };
    const first = JSON.parse((await ask(`${path}?limit=1`)).text) as {
      items: unknown[];
      next: string | null;
      total: number;
    };
    expect(first.total).toBe(total);
    expect(first.items).toEqual(items.slice(0, 1));
    if (items.length > 1) expect(first.next).not.toBeNull();
    for (const cursor of ['x', 'W10', 'eyJhIjoxfQ', Buffer.from('["a","b","c","d"]').toString('base64url')]) {
      const { status, headers, text } = await ask(`${path}?cursor=${cursor}`);
      expect([cursor, status]).toEqual([cursor, 400]);
      expect(judgeProblem(status, headers, text)).toBeNull();
    }
  });
});

const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  // What a spreadsheet would run is no formula any more.
  return typeof value === 'string' ? value.replace(/^(?='*[=+\-@\t\r])/, "'") : String(value);
};
