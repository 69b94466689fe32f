import { describe, expect, it } from 'vitest';
import type { ListedKey } from '../../pipeline/keys/key-store.ts';
import { NOW, populated } from '../api.fixture.ts';
import { CONSOLE_PAGES, pagesWithout } from '../console-pages.ts';
import { refusedTo } from './access.ts';
import { keyring } from './keyring.fixture.ts';

const listed = (id: string, changes: Partial<ListedKey> = {}): ListedKey => ({
  ...{ id: id.padEnd(12, '0'), name: `name-${id}`, role: 'viewer', tenant: '', scopes: [] },
  ...{ created_at: NOW - 10_000 },
  ...{ expires_at: null, revoked_at: null, last_used_at: null, previous_until: null },
  ...changes,
});
const KEYS: readonly ListedKey[] = [
  listed('a', { role: 'admin', created_at: NOW - 30_000, last_used_at: NOW - 1_000 }),
  listed('b', { tenant: 'acme', scopes: ['alerts', 'fleet'], expires_at: NOW - 1 }),
  listed('c', { role: 'operator', revoked_at: NOW - 5, expires_at: NOW + 1, previous_until: NOW + 9 }),
];

describe('GET /keys', () => {
  it('tells whose keys there are and what of them, and nothing that would let anybody in', async () => {
    const world = populated({ keys: async () => KEYS });
    const { body } = await world.json('/api/v1/keys?sort=name');
    expect(body.items).toEqual([
      expect.objectContaining({
        ...{ id: 'a00000000000', prefix: 'gvk_a00000000000', name: 'name-a', role: 'admin', state: 'good' },
        ...{ last_used_at: '2025-12-31T23:59:59.000Z', expires_at: null },
      }),
      expect.objectContaining({ tenant: 'acme', scopes: ['alerts', 'fleet'], state: 'expired' }),
      expect.objectContaining({ role: 'operator', state: 'revoked', previous_until: '2026-01-01T00:00:00.009Z' }),
    ]);
    expect(Object.keys(body.items[0] ?? {})).not.toContain('hash');
    const names = async (query: string): Promise<unknown[]> =>
      (await world.json(`/api/v1/keys?${query}`)).body.items.map(({ name }) => name);
    expect(await names('state=revoked')).toEqual(['name-c']);
    expect(await names('role=viewer')).toEqual(['name-b']);
    expect(await names('sort=created_at&limit=1')).toEqual(['name-a']);
    expect(await names(`to=${NOW - 10_000}`)).toEqual(['name-a']);
    expect(await names(`from=${NOW - 10_000}&sort=name`)).toEqual(['name-b', 'name-c']);
    expect(await names('tenant=acme&name=name-b')).toEqual(['name-b']);
    expect((await world.json('/api/v1/keys?hash=1')).status).toBe(400);
  });

  it('says so where nobody knows the keys', async () => {
    const world = populated({ keys: null });
    expect((await world.json('/api/v1/keys')).status).toBe(503);
  });
});

describe('what a caller may not call', () => {
  const pagesOf = (refused: readonly string[]): readonly string[] => pagesWithout(refused).map(({ page }) => page);

  it.each([
    [{ role: 'admin', tenant: '' }, [], []],
    [{ role: 'viewer', tenant: '' }, ['GET /api/v1/config', 'GET /api/v1/keys', 'POST /api/v1/silences'], []],
    [
      { role: 'admin', tenant: 'acme' },
      ['GET /api/v1/models', 'GET /api/v1/topology', 'GET /api/v1/silences', 'GET /api/v1/keys'],
      ['models', 'pipeline', 'settings'],
    ],
  ] as const)('%j', (caller, refused, hidden) => {
    expect(refusedTo(caller)).toEqual(expect.arrayContaining([...refused]));
    const left = CONSOLE_PAGES.map(({ page }) => page as string).filter((page) => !hidden.some((one) => one === page));
    expect(pagesOf(refusedTo(caller))).toEqual(left);
    expect(refusedTo(caller)).not.toContain('GET /api/v1/gpus');
  });

  it('is told to the console, and is what the API refuses', async () => {
    const keys = keyring();
    const key = keys.add({ role: 'operator', tenant: 'acme', name: 'ann' });
    const world = populated({ gate: keys.gate });
    const Authorization = `Bearer ${key}`;
    const answer = await world.get('/api/v1/console-config', { Authorization });
    const { name, role, tenant, refused } = (await answer.json()) as Record<string, unknown> & { refused: string[] };
    expect([name, role, tenant]).toEqual(['ann', 'operator', 'acme']);
    for (const route of refused.filter((one) => one.startsWith('GET ') && !one.includes(':'))) {
      world.clock.advance(1_000);
      expect([route, (await world.get(route.slice(4), { Authorization })).status]).toEqual([route, 403]);
    }
  });
});
