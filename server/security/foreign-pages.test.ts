import { describe, expect, it } from 'vitest';
import { populated } from '../api.fixture.ts';
import { LISTS, OTHERS } from '../api-paths.fixture.ts';
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
    const routes = world.app.routes.filter(
      ({ method, path }) => method !== 'ALL' && accessOf(method, path)?.audited === true,
    );
    expect(new Set(routes.map(({ path }) => path)).size).toBeGreaterThan(12);
    for (const { method, path } of routes) {
      const asked = path.replace(/:\w+/g, 'A1').replace('/models/A1', '/models/2');
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
        const headers: Record<string, string> = { Origin: ORIGIN, ...(type === '' ? {} : { 'Content-Type': type }) };
        const { status } = await world.app.request(asked, { method, headers, body: '{"by":"evil","reason":"x"}' });
        expect([method, path, type, status]).toEqual([method, path, type, 400]);
      }
    }
    expect(world.alerts.silences()).toEqual([]);
  });
});
