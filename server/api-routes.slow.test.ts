import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { NOW, populated } from './api.fixture.ts';
import { LISTS, OTHERS } from './api-paths.fixture.ts';

type Ajv = { compile(schema: unknown): ((value: unknown) => boolean) & { errors: unknown } };
const require = createRequire(import.meta.url);
const { default: Ajv2020 } = createRequire(require.resolve('fast-json-stringify'))('ajv/dist/2020.js') as {
  default: new (options: object) => Ajv;
};

/** What can be done to these besides reading them. */
const CHANGED: Readonly<Record<string, string>> = {
  '/api/v1/failure-labels': 'POST',
  '/api/v1/assets': 'POST',
  '/api/v1/assets/GPU-00': 'PATCH',
  '/api/v1/silences': 'POST',
};

describe('every route', () => {
  it('answers in the shape that /openapi.json says', async () => {
    const world = populated();
    const { body: document } = await world.json('/openapi.json');
    expect(document.openapi).toBe('3.1.0');
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    const paths = document.paths as Record<
      string,
      { get: { responses: Record<string, { content: Record<string, { schema: unknown }> }> } }
    >;
    const patterns = Object.keys(paths).map(
      (path) => [path, new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`)] as const,
    );
    const seen = new Set<string>();
    for (const path of [...LISTS, ...OTHERS, '/api/v1/fleet/summary?group_by=rack']) {
      const pattern = patterns.find(([, test]) => test.test(path.split('?', 1)[0] as string))?.[0];
      expect(pattern, path).toBeDefined();
      seen.add(pattern as string);
      const response = await world.get(path);
      expect(response.status, path).toBe(200);
      const media = (response.headers.get('Content-Type') ?? '').split(';')[0] as string;
      const schema = paths[pattern as string]?.get.responses['200']?.content[media]?.schema;
      expect(schema, `${path} ${media}`).toBeDefined();
      const value: unknown = media === 'application/json' ? await response.json() : await response.text();
      const validate = ajv.compile({ ...(schema as object), components: document.components });
      expect(validate(value), `${path}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
    const readable = Object.keys(paths).filter((path) => paths[path]?.get !== undefined);
    expect([...seen].sort()).toEqual(readable.sort());
  });

  it('refuses what it does not know as problem+json with a code', async () => {
    const world = populated();
    const bad: [path: string, status: number, code: string][] = [
      ...[...LISTS, ...OTHERS].map((path): [string, number, string] => [`${path}?surprise=1`, 400, 'GV-API-001']),
      ...LISTS.flatMap((path): [string, number, string][] =>
        [
          'limit=0',
          'limit=1001',
          'limit=-1',
          'limit=ten',
          'limit=1e2',
          'limit=99999999999999999999',
          'limit=1&limit=2',
          'cursor=',
          'cursor=zzz',
          'cursor=W10',
          'sort=nonsense',
          'sort=--code',
        ].map((query) => [`${path}?${query}`, 400, 'GV-API-001']),
      ),
      ['/api/v1/gpus?from=yesterday', 400, 'GV-API-001'],
      ['/api/v1/gpus?stale=maybe', 400, 'GV-API-001'],
      [`/api/v1/gpus?node=${'n'.repeat(300)}`, 400, 'GV-API-001'],
      ['/api/v1/anomalies?severity=awful', 400, 'GV-API-001'],
      ['/api/v1/anomalies?from=2026-01-02&to=2026-01-01', 400, 'GV-API-001'],
      ['/api/v1/gpus/GPU-00/metrics?metrics=warp_speed', 400, 'GV-API-001'],
      ['/api/v1/gpus/GPU-00/metrics?metrics=', 400, 'GV-API-001'],
      ['/api/v1/gpus/GPU-00/metrics?resolution=2m', 400, 'GV-API-001'],
      ['/api/v1/gpus/GPU-00/metrics?resolution=1h&metrics=xid_last', 400, 'GV-API-001'],
      ['/api/v1/gpus/GPU-00/metrics?max_points=0', 400, 'GV-API-001'],
      ['/api/v1/gpus/GPU-00/metrics?from=2026-01-01&to=2026-01-01', 400, 'GV-API-001'],
      ['/api/v1/gpus/GPU-none', 404, 'GV-API-002'],
      ['/api/v1/gpus/GPU-none/metrics', 404, 'GV-API-002'],
      ['/api/v1/gpus/GPU-none/anomalies', 404, 'GV-API-002'],
      ['/api/v1/assets/GPU-none', 404, 'GV-API-002'],
      ['/api/v1/topology?worker=w9', 404, 'GV-API-002'],
      ['/api/v1/nothing', 404, 'GV-API-002'],
      ['/nothing', 404, 'GV-API-002'],
      ['/api/v1/gpus/', 404, 'GV-API-002'],
      ['/api/v1/gpus/%E0%A4%A/metrics', 404, 'GV-API-002'],
    ];
    for (const [path, status, code] of bad) {
      const response = await world.get(path);
      const body = (await response.json()) as Record<string, unknown>;
      expect([response.status, body.code, body.status], path).toEqual([status, code, status]);
      expect(response.headers.get('Content-Type'), path).toBe('application/problem+json');
      expect(body.type, path).toBe(`/docs/errors#${code}`);
      expect(Object.keys(body), path).toEqual(
        expect.arrayContaining(['type', 'title', 'detail', 'instance', 'action']),
      );
    }
    expect(world.failures).toEqual([]);
  });

  it('knows its methods: HEAD like GET without a body, all others 405', async () => {
    const world = populated();
    for (const path of [...LISTS, ...OTHERS, '/docs', '/docs/errors', '/openapi.json']) {
      const head = await world.app.request(path, { method: 'HEAD' });
      expect([head.status, await head.text()], path).toEqual([200, '']);
      const more = CHANGED[path];
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'].filter((one) => one !== more)) {
        const response = await world.app.request(path, { method, body: method === 'DELETE' ? null : '{}' });
        expect([response.status, response.headers.get('Allow')], `${method} ${path}`).toEqual([
          405,
          more === undefined ? 'GET, HEAD' : `GET, HEAD, ${more}`,
        ]);
        expect(await response.json()).toMatchObject({ code: 'GV-API-005', status: 405 });
      }
    }
    const large = await world.app.request('/api/v1/gpus', {
      method: 'POST',
      body: 'x'.repeat(2_000_000),
      headers: { 'Content-Length': '2000000' },
    });
    expect([405, 413, 400]).toContain(large.status);
  });

  it('has an ETag, gzip and headers that let nobody in', async () => {
    const world = populated();
    const first = await world.get('/api/v1/gpus', { 'Accept-Encoding': 'gzip' });
    expect(first.headers.get('Content-Encoding')).toBe('gzip');
    expect(first.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(first.headers.get('X-Content-Type-Options')).toBe('nosniff');
    const plain = JSON.parse(gunzipSync(Buffer.from(await first.arrayBuffer())).toString()) as { total: number };
    expect(plain.total).toBe(27);
    const etag = first.headers.get('ETag') as string;
    const again = await world.get('/api/v1/gpus', { 'If-None-Match': etag, 'Accept-Encoding': 'gzip' });
    expect([again.status, await again.text()]).toEqual([304, '']);
    world.sample('GPU-00', { power_watts: 1 }, { ts: NOW });
    world.clock.advance(100);
    expect((await world.get('/api/v1/gpus', { 'If-None-Match': etag })).status).toBe(200);
  });

  it('gives a page the same policy when it has not changed', async () => {
    const { get } = populated();
    const errors = await get('/docs/errors');
    expect(errors.headers.get('Content-Security-Policy')).toContain('style-src');
    expect(await errors.text()).toContain('<h2 id="GV-API-002">');
    const whole = await get('/docs');
    const policy = whole.headers.get('Content-Security-Policy');
    expect(policy).toContain('style-src');
    const unchanged = await get('/docs', { 'If-None-Match': whole.headers.get('ETag') as string });
    expect([unchanged.status, unchanged.headers.get('Content-Security-Policy')]).toEqual([304, policy]);
  });
});
