import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { populated } from '../api.fixture.ts';
import { LISTS, OTHERS } from '../api-paths.fixture.ts';
import { CONSOLE_PAGES } from '../console-pages.ts';
import { keyring } from './keyring.fixture.ts';

/** To the letter: what is left out or added here is somebody's decision. */
const EXPECTED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
};
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";
const LIVE = 'wss://live.example:8081';

const folder = mkdtempSync(join(tmpdir(), 'vitals-console-'));
mkdirSync(join(folder, 'assets'));
const FILES = [
  'index.html',
  'favicon.svg',
  'favicon.ico',
  ...['js', 'css', 'woff2', 'svg', 'map'].map((one) => `assets/a.${one}`),
];
for (const file of FILES) writeFileSync(join(folder, file), 'some file');
writeFileSync(join(folder, 'assets/a.js.gz'), gzipSync('some file'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The sources of a directive, or those of what it falls back to. */
function sources(policy: string, directive: string): readonly string[] {
  const directives = new Map(
    policy.split(';').map((one) => {
      const [name = '', ...values] = one.trim().split(/\s+/);
      return [name, values] as const;
    }),
  );
  return directives.get(directive) ?? directives.get('default-src') ?? ['*'];
}

/** What is wrong with the headers of an answer. */
function wrongWith(headers: Headers, tls: boolean, may_run: boolean): string[] {
  const wrong = Object.entries(EXPECTED)
    .filter(([name, value]) => headers.get(name) !== value)
    .map(([name]) => `${name}: ${headers.get(name)}`);
  const transport = headers.get('Strict-Transport-Security');
  if (transport !== (tls ? 'max-age=31536000' : null)) wrong.push(`Strict-Transport-Security: ${transport}`);
  for (const name of ['X-Powered-By', 'Server']) if (headers.has(name)) wrong.push(`tells ${name}`);
  const policy = headers.get('Content-Security-Policy') ?? '';
  const allowed: Record<string, readonly RegExp[]> = {
    'default-src': [/^'none'$/],
    'frame-ancestors': [/^'none'$/],
    'script-src': [may_run ? /^'self'$/ : /^'none'$/],
    'style-src': [/^'none'$/, /^'self'$/, /^'sha256-[\w+/]{43}='$/],
    'object-src': [/^'none'$/],
    ...(may_run ? { 'base-uri': [/^'none'$/], 'connect-src': [/^'self'$/, /^wss:\/\/live\.example:8081$/] } : {}),
  };
  for (const [directive, patterns] of Object.entries(allowed)) {
    const found = sources(policy, directive);
    if (found.some((source) => !patterns.some((pattern) => pattern.test(source)))) {
      wrong.push(`${directive} ${found.join(' ')}`);
    }
  }
  return wrong;
}

type World = ReturnType<typeof populated>;

describe.each([
  ['http', false],
  ['https', true],
] as const)('over %s', (scheme, tls) => {
  const ask = (world: World, path: string, init: RequestInit = {}) =>
    world.app.request(`${scheme}://localhost${path}`, init);

  it('every path tells browsers all, whatever the method', async () => {
    const world = populated({ console_dir: folder, live_url: LIVE });
    const routes = [...new Set(world.app.routes.map(({ path }) => path))].filter((path) => !path.includes('*'));
    expect(routes.length).toBeGreaterThan(90);
    const pages = [...CONSOLE_PAGES.map(({ path }) => path), '/gpus/GPU-00', '/gpus/A1'] as string[];
    const assets = FILES.filter((file) => file !== 'index.html').map((file) => `/${file}`);
    const paths = [
      ...new Set([...LISTS, ...OTHERS, ...pages, ...assets, '/openapi.json', '/docs', '/docs/errors', '/nowhere']),
      ...routes.map((path) => path.replace(/:\w+/g, 'A1')),
    ];
    const wrong: string[] = [];
    const statuses = new Set<number>();
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        const { status, headers } = await ask(world, path, { method });
        statuses.add(status);
        const isPage = (pages.includes(path) || assets.includes(path)) && status === 200;
        for (const one of wrongWith(headers, tls, isPage)) wrong.push(`${method} ${path} (${status}): ${one}`);
        if (status === 200 && /^\/(api|livez|readyz|metrics)/.test(path) && !path.endsWith('.html')) {
          if (path.endsWith('/evidence')) continue;
          if (headers.get('Content-Security-Policy') !== DATA_POLICY) wrong.push(`${method} ${path}: more than data`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 400, 404, 405]));
  });

  it('so do answers in other types, packed ones and those that are known', async () => {
    const world = populated({ console_dir: folder, live_url: LIVE });
    const wrong: string[] = [];
    for (const path of [...LISTS, ...OTHERS, '/', '/assets/a.js', '/docs', '/openapi.json']) {
      for (const [expected, headers] of [
        [200, { Accept: 'text/csv' }],
        [200, { Accept: 'application/openmetrics-text' }],
        [200, { 'Accept-Encoding': 'gzip' }],
        [304, { 'If-None-Match': '*' }],
      ] as const) {
        const answer = await ask(world, path, { headers });
        expect([path, answer.status]).toEqual([path, expected]);
        const may_run = path === '/' || path === '/assets/a.js';
        for (const one of wrongWith(answer.headers, tls, may_run))
          wrong.push(`${path} ${JSON.stringify(headers)}: ${one}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('so does every refusal and every failure', async () => {
    const keys = keyring();
    const viewer = { Authorization: `Bearer ${keys.add()}` };
    const tenant = { Authorization: `Bearer ${keys.add({ tenant: 'red' })}` };
    const admin = { Authorization: `Bearer ${keys.add({ role: 'admin' })}` };
    const locked = populated({ gate: keys.gate, calls_per_s: 2 });
    const open = populated();
    const away = populated();
    away.setAway(true);
    const broken = populated({
      database: {
        query: async () => {
          throw new TypeError('broken');
        },
        close: async () => undefined,
      },
    });
    const json = { 'Content-Type': 'application/json' };
    const asked: [number, World, string, RequestInit][] = [
      [400, open, '/api/v1/gpus?surprise=1', {}],
      [400, open, '/api/v1/silences', { method: 'POST', headers: json, body: '{' }],
      [
        400,
        open,
        '/api/v1/silences',
        { method: 'POST', headers: { ...json, Origin: 'https://evil.example' }, body: '{}' },
      ],
      [400, open, '/', { headers: { Host: 'evil.example' } }],
      [401, locked, '/api/v1/gpus', {}],
      [401, locked, '/api/v1/nowhere', {}],
      [403, locked, '/api/v1/audit', { headers: viewer }],
      [403, locked, '/api/v1/models', { headers: tenant }],
      [200, locked, '/api/v1/gpus', { headers: tenant }],
      [404, locked, '/api/v1/gpus/GPU-00', { headers: tenant }],
      [404, open, '/api/v1/gpus/GPU-none', {}],
      [405, open, '/api/v1/gpus', { method: 'DELETE' }],
      [
        413,
        open,
        '/api/v1/silences',
        { method: 'POST', headers: { ...json, 'Content-Length': '200000000' }, body: '{}' },
      ],
      [500, broken, '/api/v1/health-scores', {}],
      [503, away, '/api/v1/health-scores', {}],
      // The console is not built there.
      [503, open, '/', {}],
      ...Array.from({ length: 11 }, (_, i): [number, World, string, RequestInit] => [
        ...([i < 10 ? 200 : 429, locked, '/api/v1/errors', { headers: admin }] as const),
      ]),
    ];
    const wrong: string[] = [];
    for (const [status, world, path, init] of asked) {
      const answer = await ask(world, path, init);
      expect([path, answer.status]).toEqual([path, status]);
      for (const one of wrongWith(answer.headers, tls, false)) wrong.push(`${status} ${path}: ${one}`);
    }
    expect(wrong).toEqual([]);
  });
});
