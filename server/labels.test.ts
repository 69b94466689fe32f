import { describe, expect, it } from 'vitest';
import { XID_EPISODES } from '../pipeline/contract/verdict-tables.ts';
import { apiWorld, assetOf, NOW, populated } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

const DAY = 86_400_000;
type World = ReturnType<typeof apiWorld>;

async function send(
  world: World,
  body: string,
  type = 'application/json',
  query = '',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await world.app.request(`/api/v1/failure-labels${query}`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': type },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const post = (world: World, body: unknown) => send(world, JSON.stringify(body));
/** Parameters of what was stored, a row each. */
const stored = (world: World): unknown[][] =>
  world.asked
    .filter(({ sql }) => sql.startsWith('INSERT INTO "gpu_failure_labels"'))
    .flatMap(({ parameters }) =>
      Array.from({ length: parameters.length / 8 }, (_, i) => parameters.slice(8 * i, 8 * i + 8)),
    );

describe('POST /failure-labels', () => {
  it('stores a failure with what was left out, and answers the row', async () => {
    const world = populated();
    const failed_at = new Date(NOW - DAY).toISOString();
    expect(await post(world, { gpu_uuid: 'GPU-04', failed_at: NOW - DAY, type: 'memory' })).toEqual({
      status: 201,
      body: {
        ts: failed_at,
        gpu_uuid: 'GPU-04',
        node: 'n1',
        failed_at,
        type: 'memory',
        source: 'hand',
        note: '',
        status: 'confirmed',
      },
    });
    const told = { gpu_uuid: 'GPU-shelf', failed_at, type: 'power', note: 'fan', source: 'rma', status: 'rejected' };
    expect(await post(world, told)).toMatchObject({ status: 201, body: { ...told, node: 'n1' } });
    expect(stored(world)).toEqual([
      [new Date(NOW - DAY), 'GPU-04', 'n1', new Date(NOW - DAY), 'memory', 'hand', '', 'confirmed'],
      [new Date(NOW - DAY), 'GPU-shelf', 'n1', new Date(NOW - DAY), 'power', 'rma', 'fan', 'rejected'],
    ]);
  });

  it('takes a row back as it was read, with a source that is not ours', async () => {
    const world = populated();
    const told = { gpu_uuid: 'GPU-04', failed_at: NOW - DAY, type: 'memory', source: 'vendor portal' };
    const { body } = await post(world, told);
    expect(body).toMatchObject({ node: 'n1', source: 'vendor portal' });
    expect(await post(world, { ...body, node: 'elsewhere' })).toMatchObject({ status: 201, body });
  });

  it('takes an instant that event time has reached, though the wall clock has not', async () => {
    const world = populated();
    const told = { gpu_uuid: 'GPU-00', failed_at: NOW + DAY, type: 'other' };
    expect(await post(world, told)).toMatchObject({ status: 400 });
    world.sample('GPU-00', { power_watts: 1 }, { ts: NOW + 2 * DAY });
    expect(await post(world, told)).toMatchObject({ status: 201 });
  });

  it.each<[string, unknown, number, string]>([
    ['a GPU that nobody knows', { gpu_uuid: 'GPU-none', failed_at: NOW, type: 'memory' }, 404, 'GPU-none'],
    ['the future', { gpu_uuid: 'GPU-00', failed_at: NOW + DAY, type: 'memory' }, 400, 'failed_at'],
    ['an absurd time', { gpu_uuid: 'GPU-00', failed_at: 17, type: 'memory' }, 400, 'failed_at'],
    ['no time', { gpu_uuid: 'GPU-00', failed_at: 'noon', type: 'memory' }, 400, 'failed_at'],
    ['an unknown type', { gpu_uuid: 'GPU-00', failed_at: NOW, type: 'melted' }, 400, 'type'],
    ['an unknown status', { gpu_uuid: 'GPU-00', failed_at: NOW, type: 'other', status: 'maybe' }, 400, 'status'],
    ['an unknown field', { gpu_uuid: 'GPU-00', failed_at: NOW, type: 'other', host: 'n1' }, 400, 'host'],
    ['nothing', {}, 400, 'gpu_uuid'],
  ])('refuses %s', async (_, body, status, named) => {
    const world = populated();
    const answer = await post(world, body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(named);
    expect(stored(world)).toEqual([]);
  });

  it('refuses what a page elsewhere could send unasked, and parameters that it does not know', async () => {
    const world = populated();
    const body = JSON.stringify({ gpu_uuid: 'GPU-00', failed_at: NOW, type: 'other' });
    expect(await send(world, body, 'text/plain')).toMatchObject({ status: 400, body: { code: 'GV-API-001' } });
    expect(await send(world, body, 'application/json', '?surprise=1')).toMatchObject({ status: 400 });
    expect(await send(world, body, 'application/json', '?partial=true')).toMatchObject({ status: 400 });
    expect(stored(world)).toEqual([]);
    expect(await send(world, body, 'application/json; charset=utf-8')).toMatchObject({ status: 201 });
  });

  it('takes many as CSV: all or none, or the good ones', async () => {
    const world = populated();
    const csv = [
      'gpu_uuid,failed_at,type,note',
      'GPU-00,2025-12-01,memory,"a, b"',
      'GPU-none,2025-12-01,memory,',
      'GPU-shelf,2025-12-02,heat,',
    ].join('\r\n');
    const refused = await send(world, csv, 'text/csv');
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual([
      { field: 'line 3, gpu_uuid', detail: 'no GPU GPU-none is known' },
      { field: 'line 4, type', detail: 'must be memory, thermal, power or other' },
    ]);
    expect(stored(world)).toEqual([]);
    expect(await send(world, csv, 'text/csv', '?partial=true')).toMatchObject({
      status: 201,
      body: { stored: 1, problems: [{ line: 3 }, { line: 4, field: 'type' }] },
    });
    expect(stored(world)).toHaveLength(1);
    expect(await send(world, csv.slice(0, csv.indexOf('GPU-none')), 'text/csv')).toEqual({
      status: 201,
      body: { stored: 1, problems: [] },
    });
    expect(await send(world, 'no header\n', 'text/csv', '?partial=true')).toMatchObject({ status: 400 });
  });

  it('answers 503 while the database is away', async () => {
    const world = populated();
    world.setAway(true);
    expect(await post(world, { gpu_uuid: 'GPU-00', failed_at: NOW, type: 'other' })).toMatchObject({ status: 503 });
    expect(await world.json('/api/v1/failure-labels/suggestions')).toMatchObject({ status: 503 });
  });
});

describe('GET /failure-labels/suggestions', () => {
  const sign = (gpu_uuid: string, at: number) =>
    rowOf(XID_EPISODES, {
      ts: at,
      gpu_uuid,
      severity: 'critical',
      category: 'memory',
      action: 'replace_gpu',
      started_at: at,
      primary_xid: 64,
    });

  it('lists them newest first, by filter and by page, until a label speaks of them', async () => {
    const world = apiWorld();
    world.tables.assets = [assetOf('GPU-9', { status: 'retired', retired_at: NOW - DAY })];
    world.tables.listed = {
      xid_episodes: [sign('GPU-1', NOW - 20 * DAY), sign('GPU-2', NOW - 10 * DAY)],
      gpu_failure_labels: [],
    };
    const path = '/api/v1/failure-labels/suggestions';
    const first = await world.json(`${path}?limit=2`);
    expect(first.body).toMatchObject({
      total: 3,
      items: [
        { gpu_uuid: 'GPU-9', source: 'rma', type: 'other' },
        { gpu_uuid: 'GPU-2', source: 'episode', type: 'memory', failed_at: new Date(NOW - 10 * DAY).toISOString() },
      ],
    });
    const second = await world.json(`${path}?limit=2&cursor=${first.body.next as string}`);
    expect(second.body).toMatchObject({ items: [{ gpu_uuid: 'GPU-1' }], next: null });
    expect((await world.json(`${path}?source=rma`)).body.total).toBe(1);
    expect((await world.json(`${path}?gpu_uuid=GPU-2&node=n0`)).body.total).toBe(1);
    const of = async (query: string) => (await world.json(`${path}?${query}`)).body.items.map((one) => one.gpu_uuid);
    expect(await of(`from=${NOW - 10 * DAY}`)).toEqual(['GPU-9', 'GPU-2']);
    expect(await of(`to=${NOW - 10 * DAY}`)).toEqual(['GPU-1']);
    expect(await of('sort=failed_at&type=memory')).toEqual(['GPU-1', 'GPU-2']);
    world.tables.listed.gpu_failure_labels = [{ gpu_uuid: 'GPU-2', failed_at: NOW - 9 * DAY, status: 'rejected' }];
    expect((await world.json(path)).body.items.map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-9', 'GPU-1']);
    const csv = await (await world.get(path, { Accept: 'text/csv' })).text();
    expect(csv.split('\r\n')[0]).toBe('gpu_uuid,node,failed_at,type,source,note');
  });
});
