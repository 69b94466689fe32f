import { describe, expect, it } from 'vitest';
import { assetOf, NOW, populated } from './api.fixture.ts';
import { LISTS } from './api-paths.fixture.ts';

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

  it.each(LISTS.filter((path) => /gpus$|assets$|anomalies|alerts$|audit|dead-letters/.test(path)))(
    'refuse a span that ends before it begins, and a parameter without a name: %s',
    async (path) => {
      const world = populated();
      for (const query of ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from=5&to=5', '=', 'limit=1&=x']) {
        const answer = await world.get(`${path}?${query}`);
        expect([query, answer.status]).toEqual([query, 400]);
      }
    },
  );

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
      ['health_grade=excellent', 1],
      ['health_grade=none', 26],
      ['health_grade=poor', 0],
      ['decision=keep', 1],
      ['decision=none', 26],
      ['decision=sell&model=H100', 0],
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
    const hostile = populated();
    hostile.tables.assets = [assetOf('GPU-00', { owner: '=HYPERLINK("x")', note: "'@x", slot: '-1' })];
    const harmless = await (await hostile.get('/api/v1/assets', { Accept: 'text/csv' })).text();
    expect(harmless).toContain(`,"'=HYPERLINK(""x"")",`);
    expect(harmless).toContain(",''@x,");
    expect(harmless).toContain(",'-1,");
    const browser = await world.get('/api/v1/gpus', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(browser.headers.get('Content-Type')).toBe('application/json');
  });

  it('as things stood at an instant go on from a cursor and a beginning, and have no end of their own', async () => {
    const world = populated();
    const scores = `/api/v1/health-scores?at=now&limit=1`;
    const { body } = await world.json(scores);
    expect([body.items.length, body.total, typeof body.next]).toEqual([1, 2, 'string']);
    expect((await world.json(`${scores}&cursor=${body.next}&from=${NOW - 60_000}`)).status).toBe(200);
    expect(world.asked.some(({ sql }) => sql.includes('"gpu_uuid"') && sql.includes('coalesce'))).toBe(true);
    for (const wrong of [`to=${NOW}`, 'cursor=WzFd', 'from=tomorrow']) {
      expect((await world.get(`${scores}&${wrong}`)).status, wrong).toBe(400);
    }
    expect((await world.get(`/api/v1/incidents?at=${NOW}&from=${NOW}`)).status).toBe(400);
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
