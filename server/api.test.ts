import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { anomalyOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { apiWorld, assetOf, NOW } from './api.fixture.ts';

type Ajv = { compile(schema: unknown): ((value: unknown) => boolean) & { errors: unknown } };
const require = createRequire(import.meta.url);
const { default: Ajv2020 } = createRequire(require.resolve('fast-json-stringify'))('ajv/dist/2020.js') as {
  default: new (options: object) => Ajv;
};

function populated(options: Parameters<typeof apiWorld>[0] = {}) {
  const world = apiWorld(options);
  for (let i = 0; i < 25; i++) {
    const id = `GPU-${String(i).padStart(2, '0')}`;
    world.sample(
      id,
      { gpu_temp_celsius: 40 + (i % 7), power_watts: 100 + i },
      { node: `n${i % 3}`, model: i % 2 ? 'A100' : 'H100' },
    );
  }
  world.sample('GPU-mig', { gr_engine_active_ratio: 0.5, power_watts: 300 }, { instance: '1' });
  world.sample('GPU-mig', { gr_engine_active_ratio: 0.25, power_watts: 300 }, { instance: '2' });
  world.view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-03', id: 'A3', severity: 'critical', node: 'n0' }));
  world.tables.assets = [assetOf('GPU-00'), assetOf('GPU-shelf', { status: 'retired', retired_at: NOW })];
  world.tables.anomalies = [
    anomalyOf({ gpu_uuid: 'GPU-03', id: 'A3', severity: 'critical' }),
    anomalyOf({ gpu_uuid: 'GPU-04', id: 'A4', state: 'closed', closed_at: NOW, explanation: 'one, "two"\nthree' }),
  ];
  world.tables.series = [{ ts: NOW - 20_000, gpu_uuid: 'GPU-00', node: 'n0', instance: '', gpu_temp_celsius: 40.5 }];
  world.bus.publish({
    subject: 'vitals.topology.w1',
    data: jsonBytes({
      steps: [{ id: 'decode', rows_in: 5 }],
      edges: [['decode', 'validate']],
      lag: 0,
      mermaid: 'flowchart',
    }),
  });
  world.bus.publish({
    subject: 'vitals.metrics.engine.w1',
    data: jsonBytes({ rows_total: 5, 'bad name': 1, text: 'x' }),
  });
  return world;
}

const LISTS = [
  '/api/v1/gpus',
  '/api/v1/gpus/GPU-00/metrics',
  '/api/v1/gpus/GPU-00/anomalies',
  '/api/v1/anomalies',
  '/api/v1/assets',
  '/api/v1/errors',
];
const OTHERS = [
  '/api/v1/gpus/GPU-00',
  '/api/v1/gpus/GPU-mig',
  '/api/v1/gpus/GPU-shelf',
  '/api/v1/assets/GPU-00',
  '/api/v1/fleet/summary',
  '/api/v1/topology',
  '/api/v1/console-config',
  '/livez',
  '/readyz',
  '/metrics',
];

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
    for (const path of [...LISTS, ...OTHERS]) {
      const pattern = patterns.find(([, test]) => test.test(path))?.[0];
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
    expect([...seen].sort()).toEqual(Object.keys(paths).sort());
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
      expect(Object.keys(body), path).toEqual(
        expect.arrayContaining(['type', 'title', 'detail', 'instance', 'action']),
      );
    }
    expect(world.failures).toEqual([]);
  });

  it('knows its methods: HEAD like GET without a body, all others 405', async () => {
    const world = populated();
    for (const path of [...LISTS, ...OTHERS, '/docs', '/openapi.json']) {
      const head = await world.app.request(path, { method: 'HEAD' });
      expect([head.status, await head.text()], path).toEqual([200, '']);
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const response = await world.app.request(path, { method, body: method === 'DELETE' ? null : '{}' });
        expect([response.status, response.headers.get('Allow')], `${method} ${path}`).toEqual([405, 'GET, HEAD']);
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
    expect((await world.get('/api/v1/gpus', { 'If-None-Match': etag })).status).toBe(200);
  });
});

describe('lists', () => {
  it('page through everything once, in every order', async () => {
    const world = populated();
    for (const sort of [
      '',
      'node',
      '-node',
      'gpu_temp_celsius',
      '-gpu_temp_celsius',
      'worst_severity',
      '-ts',
      '-power_watts',
    ]) {
      const seen: string[] = [];
      let cursor = '';
      for (let page = 0; page < 20; page++) {
        const query = new URLSearchParams({ limit: '4', ...(sort ? { sort } : {}), ...(cursor ? { cursor } : {}) });
        const { body } = await world.json(`/api/v1/gpus?${query}`);
        expect(body.total).toBe(27);
        seen.push(...body.items.map((gpu) => `${gpu.gpu_uuid}/${gpu.instance}`));
        if (body.next === null) break;
        cursor = body.next as string;
      }
      expect(new Set(seen).size, sort).toBe(27);
      expect(seen.length, sort).toBe(27);
    }
    const { body } = await world.json('/api/v1/gpus?sort=-gpu_temp_celsius&limit=1000');
    const temps = body.items.map((gpu) => gpu.gpu_temp_celsius as number | null);
    const known = temps.filter((temp): temp is number => temp !== null);
    expect(known).toEqual([...known].sort((a, b) => b - a));
    expect(temps.slice(-2)).toEqual([null, null]);
  });

  it('refuse a cursor of another order', async () => {
    const world = populated();
    const { body } = await world.json('/api/v1/gpus?limit=1&sort=node');
    expect((await world.get(`/api/v1/gpus?limit=1&sort=-node&cursor=${body.next}`)).status).toBe(400);
    expect((await world.get(`/api/v1/errors?cursor=${body.next}`)).status).toBe(400);
  });

  it('filter by field and time', async () => {
    const world = populated();
    const counts: [query: string, total: number][] = [
      ['node=n1', 10],
      ['model=A100', 12],
      ['gpu_uuid=GPU-mig', 2],
      ['instance=2', 1],
      ['worst_severity=critical', 1],
      ['worst_severity=none', 26],
      ['stale=true', 0],
      [`from=${NOW}`, 0],
      [`to=${NOW}`, 27],
      ['from=2025-12-31T23:59:00Z&to=2026-01-01T00:00:00Z', 27],
      ['node=nowhere', 0],
    ];
    for (const [query, total] of counts) {
      expect((await world.json(`/api/v1/gpus?${query}`)).body.total, query).toBe(total);
    }
  });

  it('come as CSV when asked for, with the next page as a link', async () => {
    const world = populated();
    for (const path of LISTS) {
      const response = await world.get(path, { Accept: 'text/csv' });
      expect([response.status, response.headers.get('Content-Type')], path).toEqual([200, 'text/csv; charset=utf-8']);
    }
    const response = await world.get('/api/v1/gpus?limit=2', { Accept: 'text/csv' });
    const lines = (await response.text()).split('\r\n');
    expect(lines[0]).toMatch(/^ts,gpu_uuid,node,instance,model,slot,gpu_temp_celsius,/);
    expect(lines.length).toBe(4);
    expect(lines[1]).toMatch(/^2025-12-31T23:59:55\.000Z,GPU-00,n0,,H100,0,40,,100,/);
    expect(response.headers.get('X-Total-Count')).toBe('27');
    const link = /<([^>]+)>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1] as string;
    expect((await (await world.get(link, { Accept: 'text/csv' })).text()).split('\r\n')[1]).toContain('GPU-02');
    const quoted = await (await world.get('/api/v1/anomalies', { Accept: 'text/csv' })).text();
    expect(quoted).toContain('"one, ""two""\nthree"');
    const browser = await world.get('/api/v1/gpus', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(browser.headers.get('Content-Type')).toBe('application/json');
  });

  it('of the database bind every value and name no request text in SQL', async () => {
    const world = populated();
    const nasty = "x' OR 1=1 --";
    await world.get(`/api/v1/anomalies?node=${encodeURIComponent(nasty)}&type=${encodeURIComponent(nasty)}`);
    await world.get(`/api/v1/assets?rack=${encodeURIComponent(nasty)}`);
    await world.get(`/api/v1/gpus/GPU-00/metrics?instance=${encodeURIComponent(nasty)}`);
    expect(world.asked.some(({ parameters }) => parameters.includes(nasty))).toBe(true);
    expect(world.asked.filter(({ sql }) => sql.includes(nasty))).toEqual([]);
  });
});

describe('single answers', () => {
  it('tell the whole verdict', async () => {
    const world = populated();
    expect((await world.json('/api/v1/gpus/GPU-00')).body).toMatchObject({
      gpu_uuid: 'GPU-00',
      asset: { rack: 'r1', deployed_at: '2025-12-31T00:00:00.000Z', retired_at: null },
      sample: { ts: '2025-12-31T23:59:55.000Z', gpu_temp_celsius: 40, attribution: [] },
      health: null,
      anomalies: [],
      episodes: [],
      prediction: null,
      decision: null,
      unavailable: [],
    });
    expect((await world.json('/api/v1/gpus/GPU-03')).body).toMatchObject({ asset: null, anomalies: [{ id: 'A3' }] });
    expect((await world.json('/api/v1/gpus/GPU-mig')).body).toMatchObject({
      sample: { instance: '1' },
      instances: [{ instance: '1' }, { instance: '2' }],
    });
  });

  it('live on without the database where they can, and say so where they cannot', async () => {
    const world = populated();
    world.setAway(true);
    expect((await world.json('/api/v1/gpus/GPU-00')).body).toMatchObject({ asset: null, unavailable: ['asset'] });
    expect((await world.get('/api/v1/gpus')).status).toBe(200);
    for (const path of [
      '/api/v1/anomalies',
      '/api/v1/assets',
      '/api/v1/assets/GPU-00',
      '/api/v1/gpus/GPU-00/metrics',
      '/api/v1/gpus/GPU-none',
    ]) {
      expect(await world.json(path)).toMatchObject({ status: 503, body: { code: 'GV-API-003' } });
    }
  });

  it('sum up the fleet', async () => {
    const world = populated();
    const { body } = await world.json('/api/v1/fleet/summary');
    expect(body).toMatchObject({
      ts: '2025-12-31T23:59:55.000Z',
      gpus: 27,
      stale: 0,
      // 25 boards of 100 + i, and the MIG board once although two instances repeat it.
      power_watts: 25 * 100 + 300 + 300,
      nodes_total: 3,
      open_critical: 1,
      gpus_with_critical: 1,
      gpus_without_anomaly: 26,
      mean_gpu_util_ratio: 0.375,
    });
    expect(body.models).toMatchObject([
      { model: 'A100', gpus: 12 },
      { model: 'H100', gpus: 15 },
    ]);
    world.clock.advance(120_000);
    world.view.sweep();
    expect((await world.json('/api/v1/fleet/summary')).body).toMatchObject({
      gpus: 27,
      stale: 27,
      power_watts: 0,
      mean_gpu_temp_celsius: null,
    });
  });

  it('choose raw or rollup by range', async () => {
    const world = populated();
    const cases: [query: string, resolution: string, table: string][] = [
      ['', 'raw', 'FROM gpu_metrics WHERE'],
      [`from=${NOW - 6 * 3_600_000}`, '1m', 'FROM gpu_metrics_1m WHERE'],
      [`from=${NOW - 2 * 86_400_000}`, '5m', 'FROM gpu_metrics_5m WHERE'],
      [`from=${NOW - 30 * 86_400_000}`, '1h', 'FROM gpu_metrics_1h WHERE'],
      [`from=${NOW - 30 * 86_400_000}&metrics=xid_last`, 'raw', 'FROM gpu_metrics WHERE'],
      ['max_points=10', '1h', 'FROM gpu_metrics_1h WHERE'],
      ['resolution=5m', '5m', 'FROM gpu_metrics_5m WHERE'],
      [`from=${NOW - 200 * 86_400_000}&to=${NOW - 200 * 86_400_000 + 60_000}`, '1m', 'FROM gpu_metrics_1m WHERE'],
    ];
    for (const [query, resolution, table] of cases) {
      world.asked.length = 0;
      const { body } = await world.json(`/api/v1/gpus/GPU-00/metrics?${query}`);
      expect(body.resolution, query).toBe(resolution);
      expect(
        world.asked.some(({ sql }) => sql.includes(table)),
        query,
      ).toBe(true);
    }
  });

  it('tell the topology as the engine last told it', async () => {
    const world = populated();
    expect((await world.json('/api/v1/topology')).body).toMatchObject({
      worker: 'w1',
      received_at: '2026-01-01T00:00:00.000Z',
      workers: ['w1'],
      steps: [{ id: 'decode', rows_in: 5 }],
      edges: [['decode', 'validate']],
      mermaid: 'flowchart',
    });
    world.bus.publish({ subject: 'vitals.topology.w2', data: jsonBytes({ nonsense: 1 }) });
    expect((await world.json('/api/v1/topology')).body.workers).toEqual(['w1']);
    expect((await apiWorld().json('/api/v1/topology')).body).toEqual({
      worker: null,
      received_at: null,
      workers: [],
      steps: [],
      edges: [],
    });
  });

  it('tell readiness with reasons', async () => {
    const world = apiWorld();
    const checks = async () => {
      world.clock.advance(1_001);
      const { status, body } = await world.json('/readyz');
      const failed = (body.checks as { name: string; ok: boolean }[]).filter(({ ok }) => !ok).map(({ name }) => name);
      expect(status).toBe(failed.length === 0 ? 200 : 503);
      return failed;
    };
    expect(await checks()).toEqual(['engine']);
    world.feed.last_frame_at = world.clock.now();
    expect(await checks()).toEqual([]);
    world.setAway(true);
    world.bus.online = false;
    world.feed.seeded = false;
    expect(await checks()).toEqual(['nats', 'questdb', 'fleet']);
    world.clock.advance(20_000);
    expect(await checks()).toContain('engine');
    expect((await world.get('/livez')).status).toBe(200);
  });

  it('tell our own metrics to Prometheus', async () => {
    const world = populated();
    await world.get('/api/v1/gpus');
    const text = await (await world.get('/metrics')).text();
    expect(text).toContain('gpu_vitals_rows_total{source="engine.w1"} 5\n');
    expect(text).not.toContain('bad name');
    expect(text).toContain('gpu_vitals_http_request_duration_seconds_count{route="/api/v1/gpus",status="200"} 1\n');
    const line = /^(# (HELP|TYPE) \S+ .+|[a-zA-Z_:][\w:]*(\{\w+="[^"]*"(,\w+="[^"]*")*\})? (NaN|[+-]Inf|-?[\d.e+-]+))$/;
    for (const one of text.trimEnd().split('\n')) expect(one).toMatch(line);
  });

  it('hide what went wrong inside, and tell it to the log', async () => {
    const world = populated();
    world.tables.assets = null as never;
    const { status, body } = await world.json('/api/v1/assets');
    expect([status, body.code]).toEqual([500, 'GV-API-004']);
    expect(JSON.stringify(body)).not.toContain('null');
    expect(world.failures.length).toBe(1);
  });
});
