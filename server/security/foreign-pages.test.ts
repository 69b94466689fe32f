import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { populated } from '../api.fixture.ts';
import { LISTS, OTHERS } from '../api-paths.fixture.ts';
import { ownPagesOnly } from '../own-page.ts';
import { accessOf } from './access.ts';

const ORIGIN = 'https://evil.example';

describe('pages of others in an operator’s browser', () => {
  it('may read no answer, and frame none', async () => {
    const world = populated();
    for (const path of [...LISTS, ...OTHERS, '/docs', '/openapi.json', '/', '/nothing']) {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await world.app.request(path, { method, headers: { Origin: ORIGIN } });
        expect([path, method, headers.get('Access-Control-Allow-Origin')]).toEqual([path, method, null]);
        expect([path, headers.get('X-Content-Type-Options')]).toEqual([path, 'nosniff']);
        expect([path, headers.get('Cross-Origin-Resource-Policy')]).toEqual([path, 'same-origin']);
        expect([path, headers.get('Content-Security-Policy')]).toEqual([
          path,
          expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
        ]);
      }
    }
  });

  it('change nothing with what a browser sends to others unasked', async () => {
    const world = populated();
    const routes = routesThatTake(world);
    expect(routes.filter(({ method, path }) => accessOf(method, path)?.audited === true).length).toBeGreaterThan(12);
    expect(routes.map(({ path }) => path)).toContain('/api/v1/health/score');
    for (const { method, path, asked } of routes) {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
        const headers: Record<string, string> = { Origin: ORIGIN, ...(type === '' ? {} : { 'Content-Type': type }) };
        const { status } = await world.app.request(asked, { method, headers, body: '{"by":"evil","reason":"x"}' });
        expect([method, path, type, status]).toEqual([method, path, type, 400]);
      }
    }
    expect(world.alerts.silences()).toEqual([]);
  });

  it('send nothing that is read, of whatever type', async () => {
    const world = populated();
    for (const { method, asked } of routesThatTake(world)) {
      for (const type of ['application/json', 'text/plain', '']) {
        for (const origin of [ORIGIN, 'null', 'http://localhost:3000']) {
          const { sent, pulled } = endless();
          const headers: Record<string, string> = { Origin: origin, ...(type === '' ? {} : { 'Content-Type': type }) };
          const init = { method, headers, body: sent, duplex: 'half' };
          const { status } = await world.app.request(asked, init as RequestInit);
          expect([method, asked, type, origin, status, pulled()]).toEqual([method, asked, type, origin, 400, 1]);
        }
      }
    }
  });

  it('are not those of the console, nor programs', async () => {
    const world = populated();
    const send = async (headers: Record<string, string>): Promise<number> => {
      const body = JSON.stringify({ gpu_uuid: 'GPU-00' });
      const sent = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body };
      return (await world.app.request('/api/v1/health/score', sent)).status;
    };
    expect(await send({})).toBe(200);
    expect(await send({ Origin: 'http://localhost' })).toBe(200);
    expect(await send({ Origin: 'http://localhost:8080', Host: 'localhost:8080' })).toBe(200);
    // Behind a proxy the name that the browser knows is another.
    expect(await send({ Origin: 'https://gpus.example', 'Sec-Fetch-Site': 'same-origin' })).toBe(200);
    expect(await send({ Origin: 'https://gpus.example', 'Sec-Fetch-Site': 'same-site' })).toBe(400);
    const listed = new Hono().use(ownPagesOnly(['https://gpus.example'])).post('/', (c) => c.text('in'));
    expect((await listed.request('/', { method: 'POST', headers: { Origin: 'https://gpus.example' } })).status).toBe(
      200,
    );
  });

  it('and programs may leave the type out where an answer is only computed', async () => {
    const init = { method: 'POST', body: '{"gpu_uuid":"GPU-00"}' };
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json']) {
      const headers = { 'Content-Type': type };
      expect((await populated().app.request('/api/v1/predict/failure', { ...init, headers })).status).toBe(200);
    }
  });

  it('and nobody sends a type that no route takes: it is not read', async () => {
    const world = populated();
    for (const { method, path, asked } of routesThatTake(world)) {
      if (COMPUTE.includes(path)) continue;
      const { sent, pulled } = endless();
      const init = { method, headers: { 'Content-Type': 'text/plain' }, body: sent, duplex: 'half' };
      const { status } = await world.app.request(asked, init as RequestInit);
      expect([method, asked, status, pulled()]).toEqual([method, asked, 400, 1]);
    }
  });

  it('nor more than a route takes, of a type that it need not be', async () => {
    const world = populated();
    for (const path of COMPUTE) {
      const { sent, pulled } = endless(MIB);
      const init = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: sent, duplex: 'half' };
      const { status } = await world.app.request(path, init as RequestInit);
      expect([path, status]).toEqual([path, 413]);
      expect(pulled(), path).toBeLessThan(path.endsWith('/score') ? 140 : 10);
    }
  });
});

const MIB = 2 ** 20;

/** What only computes takes JSON under any type, of programs. */
const COMPUTE = ['health/score', 'predict/failure', 'decisions/evaluate', 'alert-rules/preview'].map(
  (path) => `/api/v1/${path}`,
);

/** Every route that reads a body, with a path to ask for. */
function routesThatTake({ app }: ReturnType<typeof populated>) {
  const found = new Map<string, { method: string; path: string; asked: string }>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL' || method === 'GET' || accessOf(method, path) === null) continue;
    const asked = path.replace(/:\w+/g, 'A1').replace('/models/A1', '/models/2');
    found.set(`${method} ${path}`, { method, path, asked });
  }
  return [...found.values()];
}

/** A body without an end for all that we take, and how often more of it was asked for; once before anybody reads. */
function endless(part_bytes = 1_000): { sent: ReadableStream; pulled: () => number } {
  let pulled = 0;
  const sent = new ReadableStream({
    pull(controller) {
      pulled++;
      if (pulled > 500) controller.error(new Error('somebody reads to the end'));
      else controller.enqueue(new Uint8Array(part_bytes));
    },
  });
  return { sent, pulled: () => pulled };
}
