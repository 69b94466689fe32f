import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_ROLES, type AccessRole } from '../../pipeline/keys/access-role.ts';
import { ACCESS_SCOPES } from '../../pipeline/keys/access-scope.ts';
import { populated } from '../api.fixture.ts';
import { accessOf } from './access.ts';
import { keyring } from './keyring.fixture.ts';

const BODY = '{}';
/** What is sent is a question: the answer is computed, and nothing is stored. */
const COMPUTED = new Set([
  'POST /api/v1/health/score',
  'POST /api/v1/predict/failure',
  'POST /api/v1/decisions/evaluate',
  'POST /api/v1/silences/preview',
  'POST /api/v1/alert-rules/preview',
  'POST /api/v1/assets/preview',
]);
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitals-console-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>console</title>');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every route that the app knows, as `METHOD path`. */
const routesOf = (world: ReturnType<typeof populated>): readonly string[] => [
  ...new Set(world.app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)),
];
const addressOf = (path: string): string =>
  path
    .replace(':gpu_uuid', 'GPU-00')
    .replace(':position', '2')
    .replace(':version', '2')
    .replace(':id', 'A1')
    .replace(':name', 'ops')
    .replace('*', 'none.js');

describe('access', () => {
  it('has a rule for every route', () => {
    const world = populated({ console_dir: folder });
    const routes = routesOf(world);
    expect(routes.length).toBeGreaterThan(80);
    expect(routes.filter((route) => accessOf(...(route.split(' ', 2) as [string, string])) === null)).toEqual([]);
  });

  it('lets nobody change anything who only looks, and writes every change down', () => {
    const world = populated({ console_dir: folder });
    const changing = routesOf(world).filter((route) => !route.startsWith('GET ') && !COMPUTED.has(route));
    expect(changing.length).toBeGreaterThan(15);
    const loose = changing.filter((route) => {
      const access = accessOf(...(route.split(' ', 2) as [string, string]));
      return access?.audited !== true || !['operator', 'admin'].includes(access.role);
    });
    expect(loose).toEqual([]);
  });

  it('answers no route without a good key, nor with a role that is too low', async () => {
    const keys = keyring();
    const shown: Record<string, string | null> = {
      nobody: null,
      ...Object.fromEntries(ACCESS_ROLES.map((role) => [role, `Bearer ${keys.add({ role })}`])),
      expired: `Bearer ${keys.add({ role: 'admin', expires_at: 1 })}`,
      revoked: `Bearer ${keys.add({ role: 'admin', revoked_at: 1 })}`,
      unknown: `Bearer gvk_000000000000_${'A'.repeat(43)}`,
      nonsense: 'Basic YTpi',
    };
    const world = populated({ console_dir: folder, gate: keys.gate });
    const wrong: string[] = [];
    for (const route of routesOf(world)) {
      const [method, path] = route.split(' ', 2) as [string, string];
      const needed = accessOf(method, path)?.role ?? 'admin';
      for (const [who, authorization] of Object.entries(shown)) {
        // Slower than bad keys may be tried.
        world.clock.advance(1_000);
        const response = await world.app.request(addressOf(path), {
          method,
          headers: {
            'Content-Type': 'application/json',
            ...(authorization === null ? {} : { Authorization: authorization }),
          },
          ...(method === 'GET' ? {} : { body: BODY }),
        });
        const has = ACCESS_ROLES.indexOf(who as AccessRole);
        const expected =
          needed === 'open' ? 'in' : has < 0 ? 401 : has < ACCESS_ROLES.indexOf(needed as AccessRole) ? 403 : 'in';
        const got = response.status === 401 || response.status === 403 ? response.status : 'in';
        if (got !== expected) wrong.push(`${route} as ${who}: ${response.status}, not ${expected}`);
        if (got === 'in') {
          await response.body?.cancel();
          continue;
        }
        const { code, status } = (await response.json()) as { code: string; status: number };
        if (status !== got || code !== (got === 401 ? 'GV-SEC-001' : 'GV-SEC-002')) wrong.push(`${route}: ${code}`);
        if ((response.headers.get('WWW-Authenticate') !== null) !== (got === 401)) wrong.push(`${route}: no challenge`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('answers a key with scopes what they name, and nothing else', async () => {
    const keys = keyring();
    const only = new Map(ACCESS_SCOPES.map((scope) => [scope, keys.add({ role: 'admin', scopes: [scope] })]));
    const others = new Map(
      ACCESS_SCOPES.map((scope) => [
        scope,
        keys.add({ role: 'admin', scopes: ACCESS_SCOPES.filter((one) => one !== scope) }),
      ]),
    );
    const world = populated({ console_dir: folder, gate: keys.gate });
    const wrong: string[] = [];
    const met = new Set<string>();
    for (const route of routesOf(world)) {
      const [method, path] = route.split(' ', 2) as [string, string];
      const access = accessOf(method, path);
      if (access === null || access.role === 'open') continue;
      met.add(access.scope);
      for (const scope of ACCESS_SCOPES) {
        const asked = access.scope === 'any' || access.scope === scope;
        for (const [key, let_in] of [
          [only.get(scope), asked],
          [others.get(scope), access.scope === 'any' || access.scope !== scope],
        ] as const) {
          world.clock.advance(1_000);
          const response = await world.app.request(addressOf(path), {
            method,
            headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
            ...(method === 'GET' ? {} : { body: BODY }),
          });
          if ((response.status !== 403) !== let_in) wrong.push(`${route}, ${scope}: ${response.status}`);
          if (response.status !== 403) {
            await response.body?.cancel();
            continue;
          }
          const { code, detail } = (await response.json()) as { code: string; detail: string };
          if (code !== 'GV-SEC-002' || !detail.includes(`the scope ${access.scope}`)) wrong.push(`${route}: ${detail}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect([...met].sort()).toEqual([...ACCESS_SCOPES, 'any'].sort());
  });

  it('lets a scope give nothing that the role does not, and a key without any all of it', async () => {
    const keys = keyring();
    const world = populated({ gate: keys.gate });
    const ask = async (key: string, path: string) => (await world.get(path, { Authorization: `Bearer ${key}` })).status;
    const narrowed = keys.add({ role: 'viewer', scopes: ['security', 'fleet'] });
    expect(await ask(narrowed, '/api/v1/keys')).toBe(403);
    expect(await ask(narrowed, '/api/v1/gpus')).toBe(200);
    expect(await ask(keys.add({ role: 'viewer' }), '/api/v1/alerts')).toBe(200);
    const config = await world.get('/api/v1/console-config', { Authorization: `Bearer ${narrowed}` });
    const { refused } = (await config.json()) as { refused: string[] };
    expect(refused).toContain('GET /api/v1/alerts');
    expect(refused).not.toContain('GET /api/v1/gpus');
  });

  it('tells strangers nothing, not even what is there', async () => {
    const keys = keyring();
    const key = keys.add({ role: 'viewer' });
    const world = populated({ gate: keys.gate });
    expect((await world.get('/api/v1/nothing')).status).toBe(401);
    expect((await world.get('/api/v1/nothing', { Authorization: `Bearer ${key}` })).status).toBe(404);
    expect((await world.app.request('/api/v1/gpus', { method: 'DELETE' })).status).toBe(401);
    expect((await world.app.request('/api/v1/gpus', { method: 'HEAD' })).status).toBe(401);
    const etag = (await world.get('/api/v1/gpus', { Authorization: `Bearer ${key}` })).headers.get('ETag');
    expect((await world.get('/api/v1/gpus', { 'If-None-Match': etag ?? '' })).status).toBe(401);
  });

  it('asks for nothing while there is no key, and for one as soon as there is', async () => {
    const keys = keyring();
    const world = populated({ gate: keys.gate });
    expect((await world.get('/api/v1/gpus')).status).toBe(200);
    const key = keys.add({ role: 'viewer' });
    expect((await world.get('/api/v1/gpus')).status).toBe(401);
    const answer = await world.get('/api/v1/gpus', { Authorization: `Bearer ${key}` });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Cache-Control')).toContain('private');
    expect(answer.headers.get('Vary')).toContain('Authorization');
  });

  it('answers no foreign name while there are no keys: a page may have made it mean this machine', async () => {
    const keys = keyring();
    const world = populated({ gate: keys.gate });
    for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example:80']) {
      expect((await world.get('/api/v1/gpus', { Host: host })).status).toBe(400);
    }
    for (const host of ['localhost:8080', '127.0.0.1', '127.0.0.1:8080', '[::1]:8080']) {
      expect((await world.get('/api/v1/gpus', { Host: host })).status).toBe(200);
    }
    const key = keys.add();
    const answer = await world.get('/api/v1/gpus', { Host: 'vitals.example', Authorization: `Bearer ${key}` });
    expect(answer.status).toBe(200);
  });

  it('signs what people do with the name of their key', async () => {
    const keys = keyring();
    const key = keys.add({ role: 'operator', name: 'ann' });
    const world = populated({ gate: keys.gate });
    for (const body of [JSON.stringify({ by: 'somebody else' }), '{}', null]) {
      const response = await world.app.request('/api/v1/alerts/A1/acknowledge', {
        method: 'POST',
        headers: { ...(body === null ? {} : { 'Content-Type': 'application/json' }), Authorization: `Bearer ${key}` },
        body,
      });
      expect(response.status).toBe(200);
      expect(((await response.json()) as { acknowledged_by: string }).acknowledged_by).toBe('ann');
    }
  });
});
