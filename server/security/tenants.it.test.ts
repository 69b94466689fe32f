import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { HealthScore, Incident } from '../../pipeline/contract/events.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { assetOf, populated } from '../api.fixture.ts';
import { type ConsoleWorld, startConsoleWorld } from '../web/console.fixture.ts';
import { accessOf } from './access.ts';
import { keyring } from './keyring.fixture.ts';

const keys = keyring(systemClock.now);
const NOW = systemClock.now();
let world: ConsoleWorld;
let uuids: string[];
let red: string;
let foreign: string[];

const scoreOf = (gpu_uuid: string, node: string): HealthScore => ({
  ...{ ts: NOW - 60_000, gpu_uuid, node, instance: '', profile: 'default', action: 'none' },
  ...{ overall_score: 45, memory_health: 10, thermal_health: 90, performance_health: 90, power_health: 90 },
  ...{ reliability_health: 90, health_grade: 'critical', degradation_factors: [], confidence: 0.9 },
  ...{ memory_confidence: 1, thermal_confidence: 1, performance_confidence: 1, power_confidence: 1 },
  ...{ reliability_confidence: 1, contributions: [], explanation: 'critical (45.0 of 100).' },
});

beforeAll(async () => {
  world = await startConsoleWorld({
    gpus: 16,
    start_ms: NOW - 600_000,
    interval_ms: 10_000,
    stale_after_ms: 60_000,
    gate: keys.gate,
  });
  uuids = world.fleet.gpuUuids();
  const [first = '', second = ''] = world.fleet.node_names;
  const nodeOf = (i: number): string => (i < 8 ? first : second);
  // Four of the first node are red, everything else is blue: the first node is shared, the second is blue alone.
  await world.assets(
    uuids.map((gpu_uuid, i) => assetOf(gpu_uuid, { node: nodeOf(i), tenant: i < 4 ? 'red' : 'blue', slot: String(i) })),
  );
  for (let at = NOW - 300_000; at <= NOW; at += 10_000) world.feed(at, 'database');
  world.feed(NOW, 'live');
  for (const [i, gpu_uuid] of uuids.entries()) {
    await world.anomaly(
      anomalyOf({ gpu_uuid, node: nodeOf(i), id: `a${i}`, ts: NOW - 60_000, opened_at: NOW - 60_000 }),
    );
  }
  await world.anomaly(
    anomalyOf({ gpu_uuid: '', node: second, id: 'silent', type: 'node_silent', ts: NOW, opened_at: NOW }),
  );
  const incident: Incident = {
    ...{ ts: NOW, gpu_uuid: '', node: first, id: 'both', scope: 'node', origin: first, category: 'thermal' },
    ...{ severity: 'warning', state: 'open', gpus: [uuids[0] ?? '', uuids[5] ?? ''], nodes: [first], episodes: ['e'] },
    ...{ evidence: [`${uuids[5]} too`], action: 'none', summary: `${uuids[0]} and ${uuids[5]}`, opened_at: NOW },
    closed_at: null,
  } as Incident;
  await world.verdicts({ scores: uuids.map((gpu_uuid, i) => scoreOf(gpu_uuid, nodeOf(i))), incidents: [incident] });
  await world.stored();
  red = keys.add({ role: 'admin', tenant: 'red' });
  foreign = [...uuids.slice(4), second];
}, 300_000);
afterAll(() => world?.stop());

const get = (path: string, key = red): Promise<Response> =>
  fetch(`${world.api_url}${path}`, { headers: { Authorization: `Bearer ${key}` } });

describe('a tenant over real tables', () => {
  it('is answered by every path, with nothing of others', async () => {
    const paths = [...new Set(populated().app.routes.map(({ method, path }) => (method === 'GET' ? path : '')))].filter(
      (path) => accessOf('GET', path)?.tenants === 'own',
    );
    expect(paths.length).toBeGreaterThan(25);
    const wrong: string[] = [];
    for (const path of paths) {
      for (const uuid of path.includes(':gpu_uuid') ? [uuids[0] ?? '', uuids[9] ?? ''] : ['']) {
        const response = await get(path.replace(':gpu_uuid', uuid).replace(':id', 'A1'));
        const text = await response.text();
        const expected = uuid === uuids[9] || path.endsWith(':id') ? 404 : 200;
        if (response.status !== expected) wrong.push(`${path}: ${response.status} ${text.slice(0, 300)}`);
        const judged = response.status === 404 ? '' : text;
        const leak = foreign.find((name) => judged.includes(name));
        if (leak !== undefined) wrong.push(`${path} tells ${leak}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['/api/v1/gpus', 4],
    ['/api/v1/assets', 4],
    ['/api/v1/health-scores', 4],
    ['/api/v1/health-scores?at=now', 4],
    ['/api/v1/anomalies', 4],
    ['/api/v1/anomalies?state=open', 4],
    ['/api/v1/incidents', 1],
  ])('%s counts %i', async (path, total) => {
    expect(((await (await get(path)).json()) as { total: number }).total).toBe(total);
  });

  it('sees its samples, raw and rolled up, and pages through them', async () => {
    for (const query of ['limit=3', 'resolution=1m&limit=3']) {
      const path = `/api/v1/gpus/${uuids[0]}/metrics?${query}`;
      const { items, next } = (await (await get(path)).json()) as {
        items: { gpu_uuid: string }[];
        next: string | null;
      };
      expect(items.map(({ gpu_uuid }) => gpu_uuid)).toEqual([uuids[0], uuids[0], uuids[0]]);
      expect((await get(`${path}&cursor=${next}`)).status).toBe(200);
    }
  });

  it('sees of a shared incident its own part', async () => {
    const { items } = (await (await get('/api/v1/incidents')).json()) as { items: Record<string, unknown>[] };
    expect(items).toMatchObject([{ id: 'both', gpus: [uuids[0]], evidence: [], node: '' }]);
  });

  it('sees of a GPU that another had what came since', async () => {
    const admin = keys.add({ role: 'admin' });
    const moved = uuids[4] ?? '';
    const alert = (id: string, ts: number) =>
      world.database.query(
        `INSERT INTO alerts (ts, gpu_uuid, node, id, rule, severity, state, source, opened_at)
        VALUES ($1, $2, 'n', $3, 'hot', 'critical', 'open', 'anomalies', $1)`,
        [new Date(ts), moved, id],
      );
    const alerts = async (key?: string) =>
      ((await (await get('/api/v1/alerts', key)).json()) as { items: { id: string }[] }).items.map(({ id }) => id);
    await alert('before', systemClock.now());
    const answer = await fetch(`${world.api_url}/api/v1/assets/${moved}`, {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ tenant: 'red' }),
    });
    expect(answer.status).toBe(200);
    const total = async (path: string): Promise<number> =>
      ((await (await get(path)).json()) as { total: number }).total;
    await expect.poll(() => total('/api/v1/gpus'), { timeout: 20_000 }).toBe(5);
    expect(await total('/api/v1/anomalies')).toBe(4);
    expect(await total('/api/v1/health-scores')).toBe(4);
    await alert('later', systemClock.now());
    await expect.poll(() => alerts(admin), { timeout: 20_000 }).toEqual(['later', 'before']);
    expect(await alerts()).toEqual(['later']);
    const { items } = (await (await get(`/api/v1/gpus/${moved}/metrics?limit=3`)).json()) as { items: unknown[] };
    expect(items).toEqual([]);
  });
});
