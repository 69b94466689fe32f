import { describe, expect, it } from 'vitest';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import { NOW } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';
import { ids, send, watched } from './watched-alerts.fixture.ts';

const SENTENCES = ['summary', 'action_text', 'handling_note'];

describe('GET /alerts', () => {
  it.each<[string, readonly string[]]>([
    ['', ['bus', 'warm', 'hot']],
    ['&sort=ts', ['hot', 'warm', 'bus']],
    ['&sort=-severity', ['bus', 'hot', 'warm']],
    ['&sort=category', ['bus', 'hot', 'warm']],
    ['&sort=-node&severity=critical', ['bus', 'hot']],
    ['&id=warm', ['warm']],
    ['&source_id=nothing', []],
    ['&severity=critical', ['bus', 'hot']],
    ['&node=n2', ['bus']],
    ['&gpu_uuid=GPU-a&rule=warm', ['warm']],
    ['&rack=r2&cluster=c1&owner=ml', ['bus']],
    ['&owner=nobody', []],
    ['&quiet=true', ['warm']],
    ['&quiet=false', ['bus', 'hot']],
    ['&acknowledged=true', []],
    [`&from=${NOW - 120_000}`, ['bus', 'warm']],
    [`&to=${NOW - 120_000}`, ['hot']],
    ['&limit=1', ['bus']],
  ])('open ones%s, without the database', async (more, expected) => {
    const world = watched();
    world.setAway(true);
    const { status, body } = await world.json(`/api/v1/alerts?state=open${more}`);
    expect(status).toBe(200);
    expect(ids(body)).toEqual(expected);
    expect(world.asked).toEqual([]);
  });

  it('says what explains one, and goes on behind a cursor', async () => {
    const world = watched();
    const first = await world.json('/api/v1/alerts?state=open&limit=2');
    expect(first.body).toMatchObject({
      total: 3,
      items: [
        { id: 'bus', inhibited_by: '', silenced_by: '', acknowledged_at: null },
        { id: 'warm', inhibited_by: 'hot' },
      ],
    });
    const second = await world.json(`/api/v1/alerts?state=open&limit=2&cursor=${first.body.next}`);
    expect(ids(second.body)).toEqual(['hot']);
    const csv = await world.get('/api/v1/alerts?state=open&limit=1', { Accept: 'text/csv' });
    expect((await csv.text()).split('\r\n')[0]).toMatch(/^ts,gpu_uuid,node,instance,id,.*,silenced_by,inhibited_by$/);
  });

  it('all others come from the table, with what has been said since', async () => {
    const world = watched();
    const row = rowOf(ALERTS, { id: 'over', state: 'closed', severity: 'critical', acknowledged_by: '' });
    world.tables.listed.alerts = [row];
    expect(await send(world, 'POST', 'alerts/over/assign', { by: 'eve', to: 'bob' })).toMatchObject({ status: 200 });
    const { body } = await world.json('/api/v1/alerts?rule=hot');
    expect(body.items).toMatchObject([{ id: 'over', assigned_to: 'bob', silenced_by: '' }]);
    expect(world.asked.at(-1)?.sql).toContain('ORDER BY ts DESC, id DESC');
    world.setAway(true);
    expect((await world.json('/api/v1/alerts')).status).toBe(503);
  });

  it.each([
    'state=gone',
    'severity=bad',
    'quiet=true',
    'acknowledged=true',
    'sort=silenced_by',
    'from=5&to=4',
    'nothing=1',
    'cursor=x&state=open',
    'limit=0',
  ])('refuses %s', async (query) => {
    expect(await watched().json(`/api/v1/alerts?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'GV-API-001' },
    });
  });
});

describe('what is returned can be asked for', () => {
  const fields = ALERTS.columns.filter(({ name, type }) => /SYMBOL|VARCHAR/.test(type) && !SENTENCES.includes(name));

  it.each(fields.map(({ name }) => name))('%s, in memory and in the table', async (name) => {
    const world = watched();
    const all = (await world.json('/api/v1/alerts?state=open')).body.items;
    const value = String(all[0]?.[name]);
    const more = name === 'state' ? '' : `&${name}=${encodeURIComponent(value)}`;
    const open = await world.json(`/api/v1/alerts?state=open${more}`);
    expect(ids(open.body)).toEqual(ids({ items: all.filter((one) => one[name] === value) }));
    // Open ones are in memory.
    const stored = name === 'state' ? 'closed' : value;
    await world.json(`/api/v1/alerts?${name}=${encodeURIComponent(stored)}`);
    expect(world.asked.at(-1)).toMatchObject({
      sql: expect.stringContaining(`"${name}" = $`),
      parameters: expect.arrayContaining([stored]),
    });
  });

  it('from the table in any order, severities by how bad they are', async () => {
    const world = watched();
    world.tables.listed.alerts = [rowOf(ALERTS, { id: 'over', state: 'closed' })];
    const { status, body } = await world.json('/api/v1/alerts?sort=-severity&job=none');
    expect([status, ids(body)]).toEqual([200, ['over']]);
    const { sql } = world.asked.at(-1) ?? { sql: '' };
    expect(sql).toContain(`CASE "severity" WHEN 'info' THEN 0 WHEN 'warning' THEN 1 WHEN 'critical' THEN 2`);
    expect(sql).toContain(
      'WHERE "job" = $1 AND NOT ("severity" IS NULL)) ORDER BY rank DESC, rank_ts DESC, rank_0, rank_1',
    );
  });
});
