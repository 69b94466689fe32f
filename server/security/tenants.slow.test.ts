import { describe, expect, it } from 'vitest';
import { alertOf } from '../../pipeline/alert-desk/desk.fixture.ts';
import type { HealthScore } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import { GPU_HEALTH_SCORES } from '../../pipeline/contract/verdict-tables.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { NOW } from '../api.fixture.ts';
import { rowOf } from '../row-of.fixture.ts';
import { accessOf } from './access.ts';
import { keyring } from './keyring.fixture.ts';
import { foreignTo, idOf, PLACES, tenantsWorld } from './tenants.fixture.ts';

type Tenant = 'red' | 'blue';
const TENANTS: readonly Tenant[] = ['red', 'blue'];

/** Every way to fill the parameters of a path in: with what is the tenant's, and with what is not. */
function addresses(path: string): string[] {
  if (path.includes(':gpu_uuid')) return PLACES.map(({ gpu_uuid }) => path.replace(':gpu_uuid', gpu_uuid));
  if (path.includes('/alerts/:id')) return PLACES.map(({ gpu_uuid }) => path.replace(':id', idOf(gpu_uuid)));
  return [path.replace(':version', '2').replace(':position', '2').replace(':id', 'A1').replace(':name', 'ops')];
}

const combined = <A, B, C>(as: readonly A[], bs: readonly B[], cs: readonly C[]): [A, B, C][] =>
  as.flatMap((a) => bs.flatMap((b) => cs.map((c): [A, B, C] => [a, b, c])));

function startWorld() {
  const keys = keyring();
  const shown: Record<Tenant, string> = {
    red: keys.add({ role: 'admin', tenant: 'red', name: 'ann' }),
    blue: keys.add({ role: 'admin', tenant: 'blue', name: 'bob' }),
  };
  const whole = keys.add({ role: 'admin', name: 'root' });
  const world = tenantsWorld(keys.gate);
  const as = (key: string, path: string, headers: Record<string, string> = {}): Promise<Response> =>
    Promise.resolve(world.get(path, { Authorization: `Bearer ${key}`, ...headers }));
  const post = (key: string, path: string, body: object, method = 'POST'): Promise<Response> =>
    Promise.resolve(
      world.app.request(`/api/v1/${path}`, {
        method,
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
  /** Hands a GPU over: from now on, once everybody has looked. */
  const give = async (gpu_uuid: string, tenant: string): Promise<void> => {
    expect((await post(whole, `assets/${gpu_uuid}`, { tenant }, 'PATCH')).status).toBe(200);
    world.clock.advance(2_000);
  };
  return { world, shown, whole, as, post, give };
}

describe('tenants', () => {
  it('are told nothing of each other by any path that answers them, nor by its CSV', async () => {
    const { world, shown, whole, as } = startWorld();
    const paths = [
      ...new Set(world.app.routes.filter(({ method }) => method === 'GET').map(({ path }) => path)),
    ].filter((path) => accessOf('GET', path)?.role !== 'open');
    const wrong: string[] = [];
    const answered = new Map<string, number>();
    let told = 0;
    for (const path of paths) {
      for (const address of addresses(path)) {
        for (const tenant of TENANTS) {
          for (const Accept of ['application/json', 'text/csv']) {
            const response = await as(shown[tenant], address, { Accept });
            const text = await response.text();
            const asked = decodeURIComponent(address);
            const foreign = foreignTo(tenant);
            // That what was asked for is not known may name it.
            const judged = response.status === 404 ? text.replaceAll(asked.split('/')[4] ?? '\0', '') : text;
            if (foreign.test(judged)) wrong.push(`${address} to ${tenant}: ${foreign.exec(judged)?.[0]}`);
            if (accessOf('GET', path)?.tenants === 'none' ? response.status !== 403 : response.status >= 500) {
              wrong.push(`${address} to ${tenant}: ${response.status} ${text.slice(0, 200)}`);
            }
            if (response.status === 200) answered.set(path, (answered.get(path) ?? 0) + 1);
            if (response.status === 200 && text.includes(`GPU-${tenant}`)) told++;
          }
        }
        await (await as(whole, address)).text();
      }
    }
    expect(wrong).toEqual([]);
    // The look would find nothing in empty answers.
    expect(told).toBeGreaterThan(100);
    const silent = paths.filter((path) => accessOf('GET', path)?.tenants === 'own' && !answered.has(path));
    expect(silent).toEqual([]);
  });

  it('are told nothing of each other by what they send either, and are refused what concerns all', async () => {
    const { world, shown, post } = startWorld();
    const routes = new Set(world.app.routes.map(({ method, path }) => `${method} ${path}`));
    const sent = [...routes].filter((route) => /^(POST|PATCH) /.test(route));
    expect(sent.length).toBeGreaterThan(20);
    const wrong: string[] = [];
    let done = 0;
    for (const route of sent) {
      const [method = '', path = ''] = route.split(' ');
      const access = accessOf(method, path);
      for (const [address, tenant, { gpu_uuid }] of combined(addresses(path), TENANTS, PLACES)) {
        for (const body of [{ gpu_uuid }, { by: 'x' }, { by: 'x', to: 'y' }]) {
          world.clock.advance(1_000);
          const response = await post(shown[tenant], address.replace('/api/v1/', ''), body, method);
          const { status } = response;
          const text = await response.text();
          const foreign = foreignTo(tenant).exec(text.replaceAll(gpu_uuid, '').replaceAll(address, ''))?.[0];
          if (foreign !== undefined) wrong.push(`${route} to ${tenant}: ${foreign}`);
          if ((status === 403) !== (access?.tenants === 'none')) wrong.push(`${route} to ${tenant}: ${status}`);
          if (status >= 500) wrong.push(`${route} to ${tenant}: ${status} ${text.slice(0, 200)}`);
          if (status !== 200 || access?.tenants !== 'own') continue;
          done++;
          const about = path.includes(':id') ? address : gpu_uuid;
          if (!about.includes(tenant)) wrong.push(`${route} to ${tenant} about ${about}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(done).toBeGreaterThan(20);
  });

  it.each([
    ['/api/v1/gpus', 2],
    ['/api/v1/assets', 2],
    ['/api/v1/health-scores', 2],
    ['/api/v1/anomalies', 2],
    ['/api/v1/alerts?state=open', 2],
    ['/api/v1/incidents', 2],
  ])('count in %s only what is theirs', async (path, total) => {
    const { shown, as } = startWorld();
    const { total: counted } = (await (await as(shown.red, path)).json()) as { total: number };
    expect(counted).toBe(total);
  });

  it('find others unknown, not forbidden', async () => {
    const { shown, as } = startWorld();
    expect((await as(shown.red, '/api/v1/gpus/GPU-red-1')).status).toBe(200);
    expect((await as(shown.red, '/api/v1/gpus/GPU-blue-1')).status).toBe(404);
    expect((await as(shown.red, '/api/v1/gpus/GPU-never-seen')).status).toBe(404);
  });

  it('see of an incident with others only their own GPUs', async () => {
    const { shown, as } = startWorld();
    const { items } = (await (await as(shown.red, '/api/v1/incidents')).json()) as { items: Record<string, unknown>[] };
    const both = items.find(({ id }) => id === 'both');
    expect(both).toMatchObject({ gpus: ['GPU-red-2'], nodes: [], episodes: [], evidence: [], origin: '' });
    const [alone] = items.filter(({ id }) => id === 'red');
    expect(alone).toMatchObject({ gpus: ['GPU-red-1'], nodes: ['node-red'] });
  });

  it('learn what they are not shown of it neither from an order, nor from its cursors, nor by guessing', async () => {
    const { shown, whole, as } = startWorld();
    const sorts = ['sort=origin', 'sort=-summary', 'sort=node', 'sort=-gpu_uuid'];
    for (const query of [...sorts, 'origin=node-shared', 'node=node-shared', 'gpu_uuid=GPU-blue-1']) {
      expect([query, (await as(shown.red, `/api/v1/incidents?${query}`)).status]).toEqual([query, 400]);
      expect([query, (await as(whole, `/api/v1/incidents?${query}`)).status]).toEqual([query, 200]);
    }
    expect((await as(shown.red, '/api/v1/incidents?sort=-severity')).status).toBe(200);
    expect((await as(shown.red, '/api/v1/episodes?sort=node')).status).toBe(200);
  });

  it('may handle their own alerts, signed with their key, and no others', async () => {
    const { world, shown } = startWorld();
    const act = (id: string): Promise<Response> =>
      Promise.resolve(
        world.app.request(`/api/v1/alerts/${id}/acknowledge`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${shown.red}`, 'Content-Type': 'application/json' },
          body: '{"by":"x"}',
        }),
      );
    const mine = await act(idOf('GPU-red-1'));
    expect(mine.status).toBe(200);
    expect(((await mine.json()) as { acknowledged_by: string }).acknowledged_by).toBe('ann');
    expect((await act(idOf('GPU-blue-1'))).status).toBe(404);
    expect(world.audit.entries.map(({ by, tenant, status }) => [by, tenant, status])).toEqual([
      ['ann', 'red', 200],
      ['ann', 'red', 404],
    ]);
  });

  it('see of an alert with others only that it is there, and may not handle it', async () => {
    const { world, shown, whole, as } = startWorld();
    const id = 'shared0000000000';
    world.alerts.take(
      alertOf({
        ...{ id, gpu_uuid: '', node: '', source: 'incidents', gpus: ['GPU-red-2', 'GPU-blue-2'], opened_at: NOW - 500 },
        ...{ cluster: 'cluster-blue', action_text: 'Look at GPU-blue-2' },
      }),
    );
    const act = (key: string, what: string, body: object): Promise<Response> =>
      Promise.resolve(
        world.app.request(`/api/v1/alerts/${id}/${what}`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
          body: JSON.stringify({ by: 'x', ...body }),
        }),
      );
    for (const [what, body] of [
      ['acknowledge', {}],
      ['unacknowledge', {}],
      ['assign', { to: 'me' }],
    ] as const) {
      const refused = await act(shown.red, what, body);
      expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'GV-SEC-004' }]);
    }
    expect((await act(whole, 'acknowledge', { note: 'note-blue' })).status).toBe(200);
    expect((await act(whole, 'assign', { to: 'node-blue desk', note: 'note-blue' })).status).toBe(200);
    for (const path of [`/api/v1/alerts/${id}`, '/api/v1/alerts?state=open']) {
      const text = await (await as(shown.red, path)).text();
      expect(text).toContain(id);
      expect(text).not.toMatch(/blue|root/);
    }
  });

  it('are not told of the time when another had a GPU', async () => {
    const { world, shown, whole, as, post, give } = startWorld();
    const totals = async () =>
      Promise.all(
        ['gpus', 'assets', 'alerts?state=open', 'anomalies?state=open'].map(
          async (path) => ((await (await as(shown.red, `/api/v1/${path}`)).json()) as { total: number }).total,
        ),
      );
    const [gpus = 0, assets = 0, alerts, anomalies] = await totals();
    world.clock.advance(10_000);
    await give('GPU-blue-1', 'red');
    expect(await totals()).toEqual([gpus + 1, assets + 1, alerts, anomalies]);
    expect((await as(shown.red, `/api/v1/alerts/${idOf('GPU-blue-1')}`)).status).toBe(404);
    // Who has it has the rest of it.
    world.alerts.take(alertOf({ id: 'later00000000000', gpu_uuid: 'GPU-blue-1', opened_at: world.clock.now() }));
    expect((await as(shown.red, '/api/v1/alerts/later00000000000')).status).toBe(200);
    // However often it is written down afterwards.
    for (let n = 0; n < 6; n++) await post(whole, 'assets/GPU-blue-1', { note: `note ${n}` }, 'PATCH');
    world.clock.advance(2_000);
    expect(await totals()).toEqual([gpus + 1, assets + 1, (alerts ?? 0) + 1, anomalies]);
  });

  it('are told nothing that another left of a GPU, and of it what came since', async () => {
    const { world, shown, whole, as, post, give } = startWorld();
    const gpu_uuid = 'GPU-blue-1';
    const verdict = { gpu_uuid, explanation: 'left-behind', ts: NOW - 500 };
    const tables = [GPU_HEALTH_SCORES, GPU_FAILURE_PREDICTIONS, GPU_ECONOMIC_DECISIONS];
    const told = (ts: number, mark: string): void => {
      const attribution = [{ namespace: 'n', pod: 'p', container: 'c', job: mark }];
      const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
      values[metricIndex('power_watts')] = 777.5;
      world.view.applySample(
        { gpu_uuid, instance: '', node: 'node-blue', model: 'H100', slot: '0', attribution },
        ts,
        values,
      );
      world.view.applyAnomaly(
        anomalyOf({ gpu_uuid, id: mark, opened_at: ts, explanation: mark, severity: 'critical' }),
      );
      for (const spec of tables) {
        world.rows.get(spec.name)?.push(rowOf(spec, { ...verdict, ts, explanation: mark, rationale: mark }));
      }
      world.view.applyVerdict({
        ...{ gpu_uuid, kind: 'health' },
        row: { ...(rowOf(GPU_HEALTH_SCORES, { ts }) as unknown as HealthScore), overall_score: 12.5 },
      });
    };
    const ask = async (key: string): Promise<readonly string[]> => {
      const answers = [
        ...['gpus/GPU-blue-1', 'gpus?gpu_uuid=GPU-blue-1', 'gpus', 'fleet/summary', 'fleet/summary?group_by=job'].map(
          (path) => as(key, `/api/v1/${path}`),
        ),
        ...['health/score', 'predict/failure'].map((path) => post(key, path, { gpu_uuid })),
      ];
      return Promise.all(answers.map(async (answer) => (await answer).text()));
    };
    told(NOW - 500, 'left-behind');
    world.clock.advance(10_000);
    const LEFT = /left-behind|777\.5|12\.5/;
    expect((await ask(whole)).filter((text) => !LEFT.test(text))).toEqual([]);
    const before = (await ask(shown.red))[3] ?? '';
    await give(gpu_uuid, 'red');
    const texts = await ask(shown.red);
    expect(texts.filter((text) => LEFT.test(text))).toEqual([]);
    const [gpu = '', one = '', , summary = '', , ...computed] = texts;
    expect(JSON.parse(gpu)).toMatchObject({ sample: null, anomalies: [], health: null, prediction: null });
    expect(JSON.parse(one)).toMatchObject({ total: 1, items: [{ ts: null, open_critical: 0, overall_score: null }] });
    const { power_watts, open_critical, gpus } = JSON.parse(before) as Record<string, number>;
    expect(JSON.parse(summary)).toMatchObject({ power_watts, open_critical, gpus: (gpus ?? 0) + 1 });
    for (const text of computed) expect(JSON.parse(text)).toMatchObject({ status: 404, code: 'GV-API-002' });

    told(world.clock.now(), 'made-here');
    world.clock.advance(2_000);
    const later = await ask(shown.red);
    expect(later.filter((text) => !/made-here|777\.5|12\.5/.test(text))).toEqual([]);
    expect(later.filter((text) => text.includes('left-behind'))).toEqual([]);
    expect(JSON.parse(later[1] ?? '')).toMatchObject({ items: [{ power_watts: 777.5, open_critical: 1 }] });

    // A tenure begins anew, also for who had it before.
    await give(gpu_uuid, 'blue');
    await give(gpu_uuid, 'red');
    expect((await ask(shown.red)).filter((text) => /made-here|777\.5|12\.5/.test(text))).toEqual([]);
  });
});
