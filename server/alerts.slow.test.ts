import { describe, expect, it } from 'vitest';
import { alertOf, closedOf } from '../pipeline/alert-desk/desk.fixture.ts';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import { apiWorld, NOW } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

type World = ReturnType<typeof apiWorld>;
const HOUR = 3_600_000;

async function send(
  world: World,
  method: 'POST' | 'PATCH',
  path: string,
  body: unknown,
  type = 'application/json',
): Promise<{ status: number; body: Record<string, unknown> & { items?: Record<string, unknown>[] } }> {
  const response = await world.app.request(`/api/v1/${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'Content-Type': type },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Three open alerts, one of them explained by another, and one that is over. */
function watched(): World {
  const world = apiWorld();
  const at = (minutes: number) => ({ opened_at: NOW - minutes * 60_000 });
  world.alerts.take(alertOf({ id: 'hot', ...at(3) }));
  world.alerts.take(alertOf({ id: 'warm', severity: 'warning', rule: 'warm', ...at(2) }));
  world.alerts.take(alertOf({ id: 'bus', gpu_uuid: 'GPU-b', node: 'n2', rack: 'r2', category: 'bus', ...at(1) }));
  const over = alertOf({ id: 'over', category: 'power', ...at(9) });
  world.alerts.take(over);
  world.alerts.take(closedOf(over));
  return world;
}
const ids = (body: { items?: Record<string, unknown>[] }): unknown[] => (body.items ?? []).map(({ id }) => id);

describe('GET /alerts', () => {
  it.each<[string, readonly string[]]>([
    ['', ['bus', 'warm', 'hot']],
    ['&sort=ts', ['hot', 'warm', 'bus']],
    ['&sort=-severity', ['bus', 'hot', 'warm']],
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
    'sort=node',
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

describe('what people do with an alert', () => {
  it('is answered at once, and kept as what happened to it', async () => {
    const world = watched();
    const told = await send(world, 'POST', 'alerts/hot/acknowledge', { by: ' eve ', note: 'fan is on its way' });
    expect(told).toMatchObject({
      status: 200,
      body: {
        id: 'hot',
        acknowledged_by: 'eve',
        acknowledged_at: '2026-01-01T00:00:00.000Z',
        handling_note: 'fan is on its way',
        unavailable: [],
        changes: [
          { what: 'opened', severity: 'critical', by: '' },
          { what: 'acknowledged', severity: null, by: 'eve', note: 'fan is on its way' },
        ],
      },
    });
    await send(world, 'POST', 'alerts/hot/assign', { by: 'eve', to: 'bob' });
    world.clock.advance(1_000);
    const { body } = await send(world, 'POST', 'alerts/hot/unacknowledge', { by: 'bob' });
    expect(body).toMatchObject({ acknowledged_by: '', acknowledged_at: null, assigned_to: 'bob' });
    expect((body.changes as { what: string }[]).map(({ what }) => what)).toEqual([
      'opened',
      'acknowledged',
      'assigned',
      'unacknowledged',
    ]);
    expect((await world.json('/api/v1/alerts/hot')).body).toMatchObject({ assigned_to: 'bob' });
  });

  it('does not outlive a rise of the severity', async () => {
    const world = watched();
    await send(world, 'POST', 'alerts/warm/acknowledge', { by: 'eve' });
    expect((await world.json('/api/v1/alerts?state=open&acknowledged=true')).body).toMatchObject({ total: 1 });
    world.alerts.take(alertOf({ id: 'warm', rule: 'warm', severity: 'critical', opened_at: NOW - 120_000 }));
    const { body } = await world.json('/api/v1/alerts/warm');
    expect(body).toMatchObject({ severity: 'critical', acknowledged_by: '', acknowledged_at: null });
    expect((body.changes as { what: string }[]).map(({ what }) => what)).toEqual([
      'opened',
      'escalated',
      'acknowledged',
    ]);
  });

  it.each<[string, string, unknown, number]>([
    ['an alert that nobody knows', 'alerts/none/acknowledge', { by: 'eve' }, 404],
    ['no name', 'alerts/hot/acknowledge', { by: '  ' }, 400],
    ['nothing', 'alerts/hot/acknowledge', {}, 400],
    ['no one to assign to', 'alerts/hot/assign', { by: 'eve' }, 400],
    ['a long note', 'alerts/hot/acknowledge', { by: 'eve', note: 'x'.repeat(2_001) }, 400],
    ['a field too many', 'alerts/hot/acknowledge', { by: 'eve', severity: 'info' }, 400],
    ['an id that is none', 'alerts/a%20b/acknowledge', { by: 'eve' }, 400],
  ])('refuses %s', async (_, path, body, status) => {
    const world = watched();
    world.tables.listed.alerts = [];
    expect((await send(world, 'POST', path, body)).status).toBe(status);
    expect((await send(world, 'POST', path, body, 'text/plain')).status).toBe(400);
  });
});

describe('silences', () => {
  const matchers = [{ field: 'node', values: ['n*'] }];
  it('are looked at beforehand, made, shown on alerts, changed and ended', async () => {
    const world = watched();
    const preview = await send(world, 'POST', 'silences/preview', {
      matchers: [...matchers, { field: 'severity', values: ['info', 'warning'], not: true }],
    });
    expect([preview.status, preview.body.total, ids(preview.body)]).toEqual([200, 2, ['bus', 'hot']]);
    const made = await send(world, 'POST', 'silences', { matchers, ends_at: NOW + HOUR, by: 'eve', note: 'moving' });
    expect(made).toMatchObject({
      status: 201,
      body: { kind: 'silence', state: 'active', open_alerts: 3, created_by: 'eve', comment: 'moving', matchers },
    });
    const { id } = made.body;
    const open = await world.json('/api/v1/alerts?state=open');
    expect(open.body.items.map(({ silenced_by }) => silenced_by)).toEqual([id, id, id]);
    const narrower = { by: 'bob', matchers: [{ field: 'node', values: ['n1'], not: true }] };
    expect(made.body).toMatchObject({ created_by: 'eve', changed_by: '', changed_at: null });
    expect(await send(world, 'PATCH', `silences/${id}`, narrower)).toMatchObject({
      status: 200,
      body: {
        ...{ open_alerts: 1, matchers: narrower.matchers, comment: 'moving', created_by: 'eve' },
        ...{ changed_by: 'bob', changed_at: new Date(NOW).toISOString() },
      },
    });
    expect(await send(world, 'POST', `silences/${id}/expire`, { by: 'bob' })).toMatchObject({
      status: 200,
      body: { state: 'expired', comment: 'moving; ended by bob' },
    });
    expect((await world.json('/api/v1/alerts?state=open')).body.items.map((one) => one.silenced_by)).toEqual([
      '',
      '',
      '',
    ]);
    expect(await send(world, 'PATCH', `silences/${id}`, { by: 'bob', ends_at: NOW + HOUR })).toMatchObject({
      status: 409,
      body: { code: 'GV-API-006' },
    });
  });

  it('are listed by what they are', async () => {
    const world = watched();
    const plan = { matchers, kind: 'maintenance', starts_at: NOW + HOUR, ends_at: NOW + 2 * HOUR, by: 'eve' };
    await send(world, 'POST', 'silences', plan);
    await send(world, 'POST', 'silences', { matchers, ends_at: NOW + HOUR, by: 'eve' });
    const states = async (query: string) =>
      (await world.json(`/api/v1/silences${query}`)).body.items.map(({ kind, state }) => `${kind} ${state}`);
    expect(await states('')).toEqual(['maintenance pending', 'silence active']);
    expect(await states('?state=active')).toEqual(['silence active']);
    expect(await states('?kind=maintenance')).toEqual(['maintenance pending']);
    world.clock.advance(HOUR);
    expect(await states('')).toEqual(['maintenance active', 'silence expired']);
    expect((await world.json('/api/v1/silences?state=over')).status).toBe(400);
  });

  it.each<[string, unknown, string]>([
    ['no matchers', { matchers: [], ends_at: NOW + HOUR, by: 'eve' }, 'matchers'],
    ['an unknown field', { matchers: [{ field: 'x', values: ['a'] }], ends_at: NOW + HOUR, by: 'eve' }, 'field'],
    ['no values', { matchers: [{ field: 'node', values: [] }], ends_at: NOW + HOUR, by: 'eve' }, 'values'],
    ['an end in the past', { matchers, starts_at: NOW - HOUR, ends_at: NOW, by: 'eve' }, 'ends_at'],
    ['an end before its start', { matchers, starts_at: NOW + HOUR, ends_at: NOW + 1, by: 'eve' }, 'ends_at'],
    ['an end too far', { matchers, ends_at: NOW + 9_000 * HOUR, by: 'eve' }, 'ends_at'],
    ['an absurd end', { matchers, ends_at: 'soon', by: 'eve' }, 'ends_at'],
    ['nobody', { matchers, ends_at: NOW + HOUR }, 'by'],
  ])('refuse %s', async (_, body, named) => {
    const world = watched();
    const answer = await send(world, 'POST', 'silences', body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(named);
    expect(world.alerts.silences()).toEqual([]);
  });

  it('that nobody knows cannot be changed', async () => {
    const world = watched();
    expect((await send(world, 'PATCH', 'silences/none', { by: 'eve' })).status).toBe(404);
    expect((await send(world, 'POST', 'silences/none/expire', { by: 'eve' })).status).toBe(404);
  });
});
