import { describe, expect, it } from 'vitest';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { GPU_FEATURES } from '../pipeline/contract/verdict-tables.ts';
import { apiWorld, NOW, populated } from './api.fixture.ts';
import { cannedModels } from './models.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

type World = ReturnType<typeof apiWorld>;

async function post(
  world: World,
  path: string,
  body: unknown,
  type = 'application/json',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await world.app.request(`/api/v1/models/${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'Content-Type': type },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('GET /models', () => {
  it('lists versions, newest first, with what judges and what was never trained last', async () => {
    const world = apiWorld();
    const { body } = await world.json('/api/v1/models');
    expect(body).toMatchObject({ total: 4, next: null });
    expect(body.items.map(({ version, aliases, judges_ratio }) => [version, aliases, judges_ratio])).toEqual([
      ['3', [], 0],
      ['2', ['champion'], 1],
      ['1', [], 0],
      ['heuristic', [], 0],
    ]);
    expect(body.items[1]).toMatchObject({
      trained_on: 'simulated',
      metrics: { auc: 0.93 },
      lineage: { seed: 7, params: { eta: 0.05 }, data_to: '2025-12-29T09:20:00.000Z' },
      size_bytes: 2_400_000,
    });
    expect(body.items[1]).not.toHaveProperty('card');
    const of = async (query: string) =>
      (await world.json(`/api/v1/models?${query}`)).body.items.map(({ version }) => version);
    expect(await of('alias=champion')).toEqual(['2']);
    expect(await of('trained_on=nothing')).toEqual(['heuristic']);
    expect(await of('name=other')).toEqual([]);
    expect(await of('version=2')).toEqual(['2']);
    expect(await of('version=heuristic')).toEqual(['heuristic']);
    const made = (version: number): number => 1_767_000_000_000 + version * 86_400_000;
    expect(await of(`from=${made(2)}`)).toEqual(['3', '2']);
    expect(await of(`to=${made(2)}`)).toEqual(['1']);
    expect(await of(`from=${new Date(made(1)).toISOString()}&to=${made(3)}`)).toEqual(['2', '1']);
    expect((await world.json(`/api/v1/models?from=${made(2)}&to=${made(1)}`)).status).toBe(400);
    expect(await of('sort=created_at&limit=2')).toEqual(['1', '2']);
  });

  it('tells one with its card and its history, by version or alias', async () => {
    const world = apiWorld();
    const { body } = await world.json('/api/v1/models/2');
    expect(body.card).toContain('Trained on simulated fleets');
    expect(body.history).toMatchObject([{ alias: 'champion', from: '1', to: '2', by: 'test' }]);
    expect((await world.json('/api/v1/models/champion')).body.version).toBe('2');
    expect((await world.json('/api/v1/models/1')).body.history).toHaveLength(2);
    expect(await world.json('/api/v1/models/99')).toMatchObject({ status: 404, body: { code: 'GV-MDL-101' } });
  });
});

describe('POST /models', () => {
  it('promotes, and rolls back step by step until there is nothing before', async () => {
    const world = apiWorld();
    expect(await post(world, '3/promote', { why: 'better by night' })).toEqual({
      status: 200,
      body: { alias: 'champion', version: '3', before: '2' },
    });
    const { body } = await world.json('/api/v1/models/3');
    expect(body).toMatchObject({ aliases: ['champion'], judges_ratio: 1 });
    expect(body.history).toMatchObject([{ from: '2', to: '3', by: 'REST API', why: 'better by night' }]);
    expect(await post(world, '1/promote', { alias: 'challenger' })).toMatchObject({ body: { version: '1' } });
    expect(await post(world, 'rollback', {})).toMatchObject({ body: { version: '2', before: '3' } });
    expect(await post(world, 'rollback', {})).toMatchObject({ body: { version: '1', before: '2' } });
    expect(await post(world, 'rollback', {})).toMatchObject({ status: 409, body: { code: 'GV-MDL-104' } });
    expect(await post(world, 'heuristic/promote', {})).toMatchObject({ body: { version: null, before: '1' } });
    expect((await world.json('/api/v1/models/heuristic')).body).toMatchObject({ judges_ratio: 1 });
    const bare = await world.app.request('/api/v1/models/2/promote', { method: 'POST' });
    expect([bare.status, await bare.json()]).toEqual([200, { alias: 'champion', version: '2', before: null }]);
  });

  it.each<[string, string, unknown, string, number]>([
    ['an unknown version', '99/promote', {}, 'application/json', 404],
    ['an unknown field', '3/promote', { force: true }, 'application/json', 400],
    ['an endless reason', '3/promote', { why: 'x'.repeat(2_000) }, 'application/json', 400],
    ['no JSON', '3/promote', 'please', 'application/json', 400],
    ['what a page elsewhere could send', '3/promote', {}, 'text/plain', 400],
    ['what a page elsewhere could send to roll back', 'rollback', {}, 'text/plain', 400],
    ['a version of endless length', `${'9'.repeat(100)}/promote`, {}, 'application/json', 400],
  ])('refuses %s', async (_, path, body, type, status) => {
    const world = apiWorld();
    const answer = await post(world, path, body, type);
    expect(answer.status).toBe(status);
    expect((await world.json('/api/v1/models/champion')).body.version).toBe('2');
  });
});

describe('GET /models/drift', () => {
  const reference = {
    name: 'failure-prediction',
    version: '2',
    trained_on: 'simulated' as const,
    features: ['gpu_temp_max', 'gpu_age_days'],
    bins: [
      [50, 55, 60, 65, 70, 72, 74, 76, 80],
      [0, 0, 0, 0, 0, 0, 0, 0, 0],
    ],
    counts: [
      [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0],
      [50, 50, 0],
    ],
    importance: [0.75, 0.25],
    gpus: 400,
  };
  const fleet = (world: World, boards: number) => {
    world.tables.listed.gpu_features = Array.from({ length: boards }, (_, i) =>
      rowOf(GPU_FEATURES, { gpu_uuid: `GPU-${i}`, gpu_temp_max: 95, gpu_age_days: i % 2, first: NOW, last: NOW }),
    );
  };

  it('tells how far each feature has moved, furthest first, for five minutes the same', async () => {
    const world = apiWorld({ models: cannedModels({ now: () => NOW } as never, reference) });
    fleet(world, 60);
    const { body } = await world.json('/api/v1/models/drift');
    expect(body).toMatchObject({
      total: 2,
      model_name: 'failure-prediction',
      model_version: '2',
      trained_on: 'simulated',
      gpus: 60,
      alarms: 1,
      // The age weighs nothing here.
      moved_ratio: 1,
      at: new Date(NOW).toISOString(),
    });
    expect(body.items).toMatchObject([
      {
        feature: 'gpu_temp_max',
        unit: 'C',
        alarm: true,
        ks: 0.9,
        importance: 0.75,
        moved: true,
        missing_ratio: 0,
        reference_missing_ratio: 0,
      },
      { feature: 'gpu_age_days', unit: 'days', alarm: false, ks: 0, ks_p: 1, moved: false },
    ]);
    expect(body.items[0]?.ks_p).toBeLessThan(1e-15);
    expect(body.items[0]?.index).toBeGreaterThan(1);
    expect((await world.json('/api/v1/models/drift?alarm=false')).body.items).toMatchObject([
      { feature: 'gpu_age_days' },
    ]);
    for (const [query, found] of [
      ['moved=true&sort=-importance&limit=5', ['gpu_temp_max']],
      ['moved=false', ['gpu_age_days']],
      ['sort=ks', ['gpu_age_days', 'gpu_temp_max']],
    ] as const) {
      const told = (await world.json(`/api/v1/models/drift?${query}`)).body;
      expect(told.items.map(({ feature }) => feature)).toEqual(found);
      expect(told).toMatchObject({ moved_ratio: 1, alarms: 1 });
    }
    const asked = world.asked.length;
    await world.json('/api/v1/models/drift');
    expect(world.asked.length).toBe(asked);
    world.clock.advance(301_000);
    fleet(world, 10);
    expect((await world.json('/api/v1/models/drift')).body).toMatchObject({ gpus: 10, alarms: 0 });
  });

  it('has the same for Prometheus, as last computed', async () => {
    const world = apiWorld({ models: cannedModels({ now: () => NOW } as never, reference) });
    fleet(world, 60);
    const page = async (): Promise<string> => (await world.get('/metrics')).text();
    await page();
    await expect.poll(page).toContain('gpu_vitals_feature_drift_ks{');
    const text = await page();
    const labels = 'model="failure-prediction",version="2"';
    expect(text).toContain(`gpu_vitals_feature_drift_alarms{${labels}} 1\n`);
    expect(text).toContain(`gpu_vitals_feature_drift_moved_ratio{${labels}} 1\n`);
    expect(text).toContain(`gpu_vitals_feature_drift_ks{${labels},feature="gpu_temp_max"} 0.9\n`);
    expect(text).toMatch(/gpu_vitals_feature_drift_psi\{[^}]*feature="gpu_temp_max"\} [1-9]/);
    const reads = (): number => world.asked.filter(({ sql }) => sql.includes('"gpu_temp_max"')).length;
    world.clock.advance(3_500_000);
    await page();
    expect(reads()).toBe(1);
    world.clock.advance(200_000);
    await page();
    await expect.poll(reads).toBe(2);
  });

  it('is of the model that judges now, not of the one before', async () => {
    let judging: typeof reference | null = null;
    const models = { ...cannedModels({ now: () => NOW } as never), reference: async () => judging };
    const world = apiWorld({ models });
    fleet(world, 60);
    expect((await world.json('/api/v1/models/drift')).body).toMatchObject({ model_name: 'heuristic', total: 0 });
    judging = reference;
    expect((await world.json('/api/v1/models/drift')).body).toMatchObject({ model_version: '2', total: 2 });
    judging = { ...reference, version: '3', features: ['gpu_temp_max'] };
    expect((await world.json('/api/v1/models/drift')).body).toMatchObject({ model_version: '3', total: 1 });
  });

  it('has nothing to compare with where the heuristic judges, and says when the database is away', async () => {
    expect((await apiWorld().json('/api/v1/models/drift')).body).toMatchObject({
      total: 0,
      model_name: 'heuristic',
      trained_on: 'nothing',
      at: null,
      moved_ratio: null,
    });
    const world = apiWorld({ models: cannedModels({ now: () => NOW } as never, reference) });
    world.setAway(true);
    expect(await world.json('/api/v1/models/drift')).toMatchObject({ status: 503 });
  });
});

describe('GET /fleet/risks', () => {
  const world = apiWorld();
  const predicted = (gpu_uuid: string, p30: number, { instance = '', type = 'memory', node = 'n0' } = {}): void => {
    world.sample(gpu_uuid, { power_watts: 300 }, { instance, node });
    const changes = { gpu_uuid, instance, node, failure_prob_30d: p30, predicted_failure_type: type };
    world.verdict('prediction', rowOf(GPU_FAILURE_PREDICTIONS, changes));
  };
  const decided = (gpu_uuid: string, value_at_risk_usd_per_hour: number, advice = 'watch'): void =>
    world.verdict(
      'decision',
      rowOf(GPU_ECONOMIC_DECISIONS, { gpu_uuid, decision: 'keep', advice, value_at_risk_usd_per_hour }),
    );
  predicted('GPU-a', 0.9);
  predicted('GPU-b', 0.2);
  predicted('GPU-c', 0.5, { type: 'thermal', node: 'n9' });
  predicted('GPU-m', 0.4, { instance: '1' });
  predicted('GPU-m', 0.3, { instance: '2' });
  decided('GPU-a', 1);
  decided('GPU-b', 10, 'rma');
  decided('GPU-m', 2);
  const uuids = async (query: string): Promise<unknown[]> =>
    (await world.json(`/api/v1/fleet/risks?${query}`)).body.items.map(({ gpu_uuid }) => gpu_uuid);

  it('ranks by risk times what is at stake; a board without a decision comes last', async () => {
    const { body } = await world.json('/api/v1/fleet/risks');
    expect(body.items.map(({ gpu_uuid, priority }) => [gpu_uuid, priority])).toEqual([
      ['GPU-b', 2],
      ['GPU-a', 0.9],
      ['GPU-m', 0.8],
      ['GPU-m', 0.6],
      ['GPU-c', null],
    ]);
    expect(body.items[4]).toMatchObject({ advice: '', decision: null, value_at_risk_usd_per_hour: null });
  });

  it.each([
    ['sort=-failure_prob_30d&limit=2', ['GPU-a', 'GPU-c']],
    ['predicted_failure_type=thermal', ['GPU-c']],
    ['advice=rma', ['GPU-b']],
    ['q=N9', ['GPU-c']],
    ['failure_prob_30d_min=0.45', ['GPU-a', 'GPU-c']],
    ['node=n9&advice=rma', []],
  ])('takes %s', async (query, expected) => {
    expect(await uuids(query)).toEqual(expected);
  });

  it('goes on where a page ended, and refuses what is no probability', async () => {
    const first = await world.json('/api/v1/fleet/risks?limit=3');
    expect(await uuids(`limit=3&cursor=${first.body.next as string}`)).toEqual(['GPU-m', 'GPU-c']);
    expect(await world.json('/api/v1/fleet/risks?failure_prob_30d_min=2')).toMatchObject({ status: 400 });
    expect(await world.json('/api/v1/fleet/risks?predicted_failure_type=odd')).toMatchObject({ status: 400 });
  });

  it('and money are told while the database is away', async () => {
    const other = populated();
    other.setAway(true);
    expect((await other.json('/api/v1/fleet/risks')).body).toMatchObject({ total: 1, items: [{ gpu_uuid: 'GPU-00' }] });
    expect((await other.json('/api/v1/fleet/money')).body).toMatchObject({ total: { boards: 1 } });
  });

  it('sums up money from the same decisions', async () => {
    expect((await world.json('/api/v1/fleet/money')).body).toMatchObject({
      total: { boards: 3, value_at_risk_usd_per_hour: 13 },
      most_at_risk: [{ gpu_uuid: 'GPU-b' }, { gpu_uuid: 'GPU-m' }, { gpu_uuid: 'GPU-a' }],
    });
  });
});
