import { describe, expect, it } from 'vitest';
import { alertOf } from '../pipeline/alert-desk/desk.fixture.ts';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import { NOW } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';
import { ids, send, watched } from './watched-alerts.fixture.ts';

const HOUR = 3_600_000;

describe('what people do with an alert', () => {
  it('needs no words where there is nothing to say', async () => {
    const world = watched();
    const bare = (path: string, init: RequestInit = {}) =>
      world.app.request(`/api/v1/alerts/${path}`, { method: 'POST', ...init });
    const json = { 'Content-Type': 'application/json' };
    for (const init of [{}, { headers: json }, { headers: json, body: '{}' }]) {
      const answer = await bare('hot/acknowledge', init);
      expect([answer.status, await answer.json()]).toMatchObject([200, { acknowledged_by: 'anonymous' }]);
    }
    expect((await bare('hot/unacknowledge')).status).toBe(200);
    expect(await send(world, 'POST', 'alerts/hot/assign', { to: 'bob' })).toMatchObject({
      status: 200,
      body: { assigned_to: 'bob' },
    });
    expect((await bare('hot/assign')).status).toBe(400);
    expect((await bare('hot/acknowledge', { headers: json, body: 'null' })).status).toBe(400);
    expect((await bare('hot/acknowledge', { headers: { 'Content-Type': 'text/plain' }, body: '' })).status).toBe(400);
  });

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
    expect(await states(`?from=${NOW + HOUR}`)).toEqual(['maintenance active']);
    expect(await states(`?to=${NOW + HOUR}`)).toEqual(['silence expired']);
    expect(await states(`?from=${NOW + HOUR - 1}&to=${NOW + HOUR + 1}&sort=starts_at`)).toEqual([
      'silence expired',
      'maintenance active',
    ]);
  });

  it('are made of an alert, and fit nothing else', async () => {
    const world = watched();
    const made = await send(world, 'POST', 'alerts/warm/silence', { duration: '2h', by: 'eve', note: 'known' });
    expect(made).toMatchObject({
      status: 201,
      body: {
        ...{ kind: 'silence', state: 'active', created_by: 'eve', comment: 'known', open_alerts: 1 },
        ends_at: new Date(NOW + 2 * HOUR).toISOString(),
      },
    });
    const silenced = async () =>
      (await world.json('/api/v1/alerts?state=open')).body.items.filter((one) => one.silenced_by === made.body.id);
    expect(ids({ items: await silenced() })).toEqual(['warm']);
    expect((await world.json('/api/v1/silences')).body.items).toMatchObject([{ id: made.body.id }]);
    // Of what is worse nobody has said that it is to be quiet.
    world.alerts.take(alertOf({ id: 'warm', rule: 'warm', severity: 'critical', opened_at: NOW - 120_000 }));
    expect(await silenced()).toEqual([]);
    const until = await send(world, 'POST', 'alerts/bus/silence', { ends_at: NOW + HOUR });
    expect(until).toMatchObject({ status: 201, body: { created_by: 'anonymous', open_alerts: 1 } });
    const { matchers: exact } = made.body;
    const again = await send(world, 'POST', 'silences', { matchers: exact, ends_at: NOW + HOUR });
    expect(again).toMatchObject({ status: 201, body: { created_by: 'anonymous', matchers: exact } });
  });

  it.each<[string, string, unknown, number]>([
    ['an alert that nobody knows', 'none', { duration: '1h' }, 404],
    ['an alert that is over', 'over', { duration: '1h' }, 409],
    ['no end', 'hot', {}, 400],
    ['two ends', 'hot', { duration: '1h', ends_at: NOW + HOUR }, 400],
    ['an end in the past', 'hot', { ends_at: NOW - 1 }, 400],
    ['a length that is none', 'hot', { duration: 'long' }, 400],
    ['no length', 'hot', { duration: '0s' }, 400],
    ['a length without end', 'hot', { duration: '9999d' }, 400],
    ['matchers of its own', 'hot', { duration: '1h', matchers }, 400],
  ])('are not made of %s', async (_, id, body, status) => {
    const world = watched();
    world.tables.listed.alerts = id === 'over' ? [rowOf(ALERTS, { id, state: 'closed' })] : [];
    expect((await send(world, 'POST', `alerts/${id}/silence`, body)).status).toBe(status);
    expect(world.alerts.silences()).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['no matchers', { matchers: [], ends_at: NOW + HOUR, by: 'eve' }, 'matchers'],
    ['an unknown field', { matchers: [{ field: 'x', values: ['a'] }], ends_at: NOW + HOUR, by: 'eve' }, 'field'],
    ['no values', { matchers: [{ field: 'node', values: [] }], ends_at: NOW + HOUR, by: 'eve' }, 'values'],
    ['an end in the past', { matchers, starts_at: NOW - HOUR, ends_at: NOW, by: 'eve' }, 'ends_at'],
    ['an end before its start', { matchers, starts_at: NOW + HOUR, ends_at: NOW + 1, by: 'eve' }, 'ends_at'],
    ['an end too far', { matchers, ends_at: NOW + 9_000 * HOUR, by: 'eve' }, 'ends_at'],
    ['an absurd end', { matchers, ends_at: 'soon', by: 'eve' }, 'ends_at'],
    ['nobody', { matchers, ends_at: NOW + HOUR, by: '' }, 'by'],
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
