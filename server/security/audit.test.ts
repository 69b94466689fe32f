import { describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { populated } from '../api.fixture.ts';
import { accessOf } from './access.ts';
import type { Caller } from './caller.ts';
import { keyring } from './keyring.fixture.ts';

const post = (
  world: ReturnType<typeof populated>,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> =>
  Promise.resolve(
    world.app.request(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body }),
  );

describe('audit', () => {
  it('tells who did what, and who was not let', async () => {
    const keys = keyring();
    const ann = { Authorization: `Bearer ${keys.add({ role: 'operator', name: 'ann' })}` };
    const root = { Authorization: `Bearer ${keys.add({ role: 'admin', name: 'root' })}` };
    const world = populated({ gate: keys.gate });
    await post(world, '/api/v1/alerts/A1/acknowledge', '{"by":"x","note":"seen"}', ann);
    await post(world, '/api/v1/models/2/promote', '{}', ann);
    await post(world, '/api/v1/models/2/promote', '{}');
    await post(world, '/api/v1/silences/preview', '{"matchers":[{"field":"node","values":["n1"]}]}', ann);
    await world.get('/api/v1/gpus', ann);
    expect(world.audit.entries).toMatchObject([
      {
        by: 'ann',
        role: 'operator',
        action: 'POST /api/v1/alerts/:id/acknowledge',
        target: '/api/v1/alerts/A1/acknowledge',
        status: 200,
        detail: '{"by":"x","note":"seen"}',
      },
      { by: 'ann', action: 'POST /api/v1/models/:version/promote', status: 403, detail: '' },
    ]);
    const answer = await world.get('/api/v1/audit', root);
    const { items, total } = (await answer.json()) as { items: { by: string; status: number }[]; total: number };
    expect(total).toBe(2);
    expect(items.map(({ status }) => status)).toEqual([403, 200]);
    expect((await world.get('/api/v1/audit', ann)).status).toBe(403);
    const csv = await (await world.get('/api/v1/audit?limit=1', { ...root, Accept: 'text/csv' })).text();
    expect(csv.split('\r\n')[0]).toBe('position,at,by,key_id,role,tenant,origin,action,target,status,detail');
  });

  it('tells of changes also while there are no keys', async () => {
    const world = populated();
    await post(world, '/api/v1/alerts/A1/acknowledge', '{"by":"bob"}');
    expect(world.audit.entries).toMatchObject([{ by: '', key_id: '', role: '', status: 200 }]);
  });

  it('has a line of every call to what changes something, also of one that was not let', async () => {
    const keys = keyring();
    const headers = {
      Authorization: `Bearer ${keys.add({ role: 'viewer', name: 'eve' })}`,
      'Content-Type': 'application/json',
    };
    const world = populated({ gate: keys.gate });
    const audited = world.app.routes.flatMap(({ method, path }) => {
      return accessOf(method, path)?.audited === true ? [`${method} ${path}`] : [];
    });
    const changing = [...new Set(audited)];
    expect(changing.length).toBeGreaterThan(15);
    for (const route of changing) {
      const [method = '', path = ''] = route.split(' ');
      await world.app.request(path.replaceAll(/:\w+/g, '2'), { method, headers, body: '{}' });
    }
    expect(world.audit.entries.map(({ action }) => action)).toEqual(changing);
    for (const entry of world.audit.entries) expect(entry).toMatchObject({ by: 'eve', role: 'viewer', status: 403 });
  });

  it('holds nothing of callers that nobody knows', async () => {
    const keys = keyring();
    keys.add();
    const world = populated({ gate: keys.gate });
    const bad = { Authorization: `Bearer gvk_000000000000_${'A'.repeat(43)}` };
    const statuses = new Set<number>();
    for (let i = 0; i < 60; i++) statuses.add((await post(world, '/api/v1/models/2/promote', '{}', bad)).status);
    expect([...statuses]).toEqual([401, 429]);
    expect(world.audit.entries).toEqual([]);

    const away = new VitalsError('GV-API-003', 'The identity provider cannot be asked', '');
    const asking = populated({ gate: { locked: true, know: () => Promise.reject(away), isWelcome: () => false } });
    expect((await post(asking, '/api/v1/models/2/promote', '{}', bad)).status).toBe(503);
    expect(asking.audit.entries).toEqual([]);

    const open = populated();
    expect((await post(open, '/api/v1/models/2/promote', '{}', { Host: 'evil.example' })).status).toBe(400);
    expect(open.audit.entries).toEqual([]);
  });

  it('tells once a minute that somebody is refused, of each kind', async () => {
    const keys = keyring();
    const [eve, mallory] = ['eve', 'mallory'].map((name) => ({
      Authorization: `Bearer ${keys.add({ role: 'viewer', name })}`,
    }));
    const world = populated({ gate: keys.gate, calls_per_s: 2 });
    const told = () => world.audit.entries.splice(0).map(({ by, status, target }) => [by, status, target]);
    const [promote, rollback] = ['/api/v1/models/2/promote', '/api/v1/models/rollback'];
    for (const path of [promote, '/api/v1/models/3/promote', rollback]) {
      for (let i = 0; i < 3; i++) await post(world, path, '{}', eve);
    }
    await post(world, promote, '{}', mallory);
    expect(told()).toEqual([
      ['eve', 403, promote],
      ['eve', 403, rollback],
      ['mallory', 403, promote],
    ]);
    for (let i = 0; i < 10; i++) await post(world, promote, '{}', eve);
    expect(told()).toEqual([['eve', 429, promote]]);
    world.clock.advance(59_000);
    await post(world, promote, '{}', eve);
    expect(told()).toEqual([]);
    world.clock.advance(2_000);
    await post(world, promote, '{}', eve);
    expect(told()).toEqual([['eve', 403, promote]]);
  });

  it('cannot be filled with calls that change nothing, and has every change', async () => {
    const keys = keyring();
    const ann = { Authorization: `Bearer ${keys.add({ role: 'operator', name: 'ann' })}` };
    const world = populated({ gate: keys.gate });
    const told = () => world.audit.entries.splice(0).map(({ status, detail }) => [status, detail]);
    const calls: readonly (readonly [path: string, body: string, status: number])[] = [
      ['/api/v1/alerts/A1/acknowledge', '{', 400],
      ['/api/v1/assets/GPU-none/retire', '{"note":"x"}', 404],
      ['/api/v1/silences', '{}', 400],
    ];
    const eachOften = async (): Promise<void> => {
      for (const [path, body, status] of calls) {
        for (let i = 0; i < 5; i++) expect((await post(world, path, body, ann)).status).toBe(status);
      }
    };
    await eachOften();
    expect(told()).toEqual(calls.map(([, body, status]) => [status, body]));
    world.clock.advance(59_999);
    await eachOften();
    expect(told()).toEqual([]);
    world.clock.advance(1);
    await eachOften();
    const before = '(9 more like this were left out before) ';
    expect(told()).toEqual(calls.map(([, body, status]) => [status, `${before}${body}`]));
    for (let i = 0; i < 5; i++) await post(world, '/api/v1/alerts/A1/acknowledge', '{}', ann);
    expect(told()).toEqual(Array.from({ length: 5 }, () => [200, '{}']));
  });

  it('tells where a call came from', async () => {
    const world = populated();
    const incoming = { socket: { remoteAddress: '10.0.0.9' } };
    const call = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"by":"bob"}' };
    await world.app.request('/api/v1/alerts/A1/acknowledge', call, { incoming });
    expect(world.audit.entries).toMatchObject([{ origin: '10.0.0.9' }]);
  });

  it('cuts what is long', async () => {
    const long: Caller = { kind: 'token', id: 'i'.repeat(999), name: 'n'.repeat(999), role: 'admin', tenant: '' };
    const issued = populated({ gate: { locked: true, know: async () => long, isWelcome: () => true } });
    await post(issued, '/api/v1/alerts/A1/acknowledge', '{}', { Authorization: 'Bearer x' });
    expect(issued.audit.entries).toMatchObject([{ by: 'n'.repeat(200), key_id: 'i'.repeat(200) }]);
    const world = populated();
    await post(world, '/api/v1/alerts/A1/acknowledge', JSON.stringify({ by: 'bob', note: 'x'.repeat(5_000) }));
    expect(world.audit.entries[0]?.detail).toHaveLength(2_000);
    world.clock.advance(60_000);
    await post(world, `/api/v1/alerts/${'x'.repeat(10_000)}/acknowledge`, '{"by":"bob"}');
    expect(world.audit.entries[1]?.target).toHaveLength(500);
  });
});
