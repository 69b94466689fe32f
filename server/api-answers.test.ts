import { describe, expect, it } from 'vitest';
import { GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { apiWorld, NOW, populated } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

describe('single answers', () => {
  it('tell the whole verdict', async () => {
    const world = populated();
    expect((await world.json('/api/v1/gpus/GPU-00')).body).toMatchObject({
      gpu_uuid: 'GPU-00',
      asset: { rack: 'r1', deployed_at: '2025-12-31T00:00:00.000Z', retired_at: null },
      sample: { ts: '2025-12-31T23:59:55.000Z', gpu_temp_celsius: 40, attribution: [] },
      health: { gpu_uuid: 'GPU-00', overall_score: 0.5, degradation_factors: ['one'], contributions: [] },
      anomalies: [],
      episodes: [{ gpu_uuid: 'GPU-00' }, { gpu_uuid: 'GPU-00' }],
      prediction: { gpu_uuid: 'GPU-00', failure_prob_7d: 0.5 },
      decision: { gpu_uuid: 'GPU-00', npv_keep: 0.5, sensitivity: [] },
      unavailable: [],
    });
    expect((await world.json('/api/v1/gpus/GPU-03')).body).toMatchObject({ asset: null, anomalies: [{ id: 'A3' }] });
    expect((await world.json('/api/v1/gpus/GPU-mig')).body).toMatchObject({
      sample: { instance: '1' },
      instances: [{ instance: '1' }, { instance: '2' }],
    });
  });

  it('tell of a board with MIG instances what is worst among them', async () => {
    const world = populated();
    const of = (instance: string) => ({ gpu_uuid: 'GPU-mig', instance, profile: 'default' });
    const { listed } = world.tables;
    const scores = { 1: 90, 2: 20 };
    listed[GPU_HEALTH_SCORES.name] = Object.entries(scores).map(([instance, overall_score]) =>
      rowOf(GPU_HEALTH_SCORES, { ...of(instance), overall_score }),
    );
    const risks = { 1: 0.75, 2: 0.25 };
    listed[GPU_FAILURE_PREDICTIONS.name] = Object.entries(risks).map(([instance, failure_prob_30d]) =>
      rowOf(GPU_FAILURE_PREDICTIONS, { ...of(instance), failure_prob_30d }),
    );
    expect((await world.json('/api/v1/gpus/GPU-mig')).body).toMatchObject({
      health: { instance: '2', overall_score: 20 },
      prediction: { instance: '1', failure_prob_30d: 0.75 },
    });
  });

  it('live on without the database where they can, and say so where they cannot', async () => {
    const world = populated();
    world.setAway(true);
    expect((await world.json('/api/v1/gpus/GPU-00')).body).toMatchObject({
      asset: null,
      health: null,
      episodes: [],
      unavailable: ['asset', 'health', 'prediction', 'decision', 'episodes'],
    });
    expect((await world.get('/api/v1/gpus')).status).toBe(200);
    for (const path of [
      '/api/v1/anomalies',
      '/api/v1/assets',
      '/api/v1/assets/GPU-00',
      '/api/v1/gpus/GPU-00/metrics',
      '/api/v1/gpus/GPU-none',
    ]) {
      expect(await world.json(path)).toMatchObject({ status: 503, body: { code: 'GV-API-003' } });
    }
  });

  it('sum up the fleet', async () => {
    const world = populated();
    const { body } = await world.json('/api/v1/fleet/summary');
    expect(body).toMatchObject({
      ts: '2025-12-31T23:59:55.000Z',
      gpus: 27,
      stale: 0,
      // 25 boards of 100 + i, and the MIG board once although two instances repeat it.
      power_watts: 25 * 100 + 300 + 300,
      nodes_total: 3,
      open_critical: 1,
      gpus_with_critical: 1,
      gpus_without_anomaly: 26,
      mean_gpu_util_ratio: 0.375,
    });
    expect(body.models).toMatchObject([
      { model: 'A100', gpus: 12 },
      { model: 'H100', gpus: 15 },
    ]);
    world.clock.advance(120_000);
    world.view.sweep();
    expect((await world.json('/api/v1/fleet/summary')).body).toMatchObject({
      gpus: 27,
      stale: 27,
      power_watts: 0,
      mean_gpu_temp_celsius: null,
    });
  });

  it('sum up the fleet by what the inventory, the samples and the jobs tell', async () => {
    const world = populated();
    const groups = async (by: string) =>
      ((await world.json(`/api/v1/fleet/summary?group_by=${by}`)).body.groups as Record<string, unknown>[]).map(
        ({ group, gpus }) => [group, gpus],
      );
    expect(await groups('node')).toEqual([
      ['n0', 9],
      ['n1', 10],
      ['n2', 8],
    ]);
    expect(await groups('model')).toEqual([
      ['A100', 12],
      ['H100', 15],
    ]);
    // Only GPU-00 is in the inventory.
    for (const [by, value] of [
      ['cluster', 'c1'],
      ['rack', 'r1'],
      ['owner', 'ml'],
    ] as const) {
      expect(await groups(by), by).toEqual([
        ['', 26],
        [value, 1],
      ]);
    }
    expect(await groups('tenant')).toEqual([['', 27]]);
    expect(await groups('job')).toEqual([['', 27]]);
    const { body } = await world.json('/api/v1/fleet/summary?group_by=owner');
    expect(body).toMatchObject({
      group_by: 'owner',
      expected_failures_7d: 0.5,
      expected_value_usd: 0.5,
      groups: [
        {
          grades: { unknown: 26 },
          worst: null,
          open_critical: 1,
          worst_severity: 'critical',
          expected_failures_7d: null,
        },
        { group: 'ml', worst: { gpu_uuid: 'GPU-00', overall_score: 0.5 }, expected_failures_7d: 0.5, power_watts: 100 },
      ],
    });
    expect((await world.get('/api/v1/fleet/summary?group_by=colour')).status).toBe(400);
    const { body: plain } = await world.json('/api/v1/fleet/summary');
    expect([plain.groups, plain.group_by]).toEqual([undefined, undefined]);
  });

  it('group the fleet without a database, by what the samples tell', async () => {
    const world = populated();
    world.setAway(true);
    const { status, body } = await world.json('/api/v1/fleet/summary?group_by=rack');
    expect(status).toBe(200);
    expect(body).toMatchObject({ expected_failures_7d: 0.5, groups: [{ group: '', gpus: 27, mean_score: 0.5 }] });
  });

  it('choose raw or rollup by range', async () => {
    const world = populated();
    const cases: [query: string, resolution: string, table: string][] = [
      ['', 'raw', 'FROM gpu_metrics WHERE'],
      [`from=${NOW - 6 * 3_600_000}`, '1m', 'FROM "gpu_metrics_1m" WHERE'],
      [`from=${NOW - 2 * 86_400_000}`, '5m', 'FROM "gpu_metrics_5m" WHERE'],
      [`from=${NOW - 30 * 86_400_000}`, '1h', 'FROM "gpu_metrics_1h" WHERE'],
      [`from=${NOW - 30 * 86_400_000}&metrics=xid_last`, 'raw', 'FROM gpu_metrics WHERE'],
      ['max_points=10', '1h', 'FROM "gpu_metrics_1h" WHERE'],
      ['resolution=5m', '5m', 'FROM "gpu_metrics_5m" WHERE'],
      [`from=${NOW - 200 * 86_400_000}&to=${NOW - 200 * 86_400_000 + 60_000}`, '1m', 'FROM "gpu_metrics_1m" WHERE'],
    ];
    for (const [query, resolution, table] of cases) {
      world.asked.length = 0;
      const { body } = await world.json(`/api/v1/gpus/GPU-00/metrics?${query}`);
      expect(body.resolution, query).toBe(resolution);
      expect(
        world.asked.some(({ sql }) => sql.includes(table)),
        query,
      ).toBe(true);
    }
  });

  it('tell the topology as the engine last told it', async () => {
    const world = populated();
    expect((await world.json('/api/v1/topology')).body).toMatchObject({
      worker: 'w1',
      received_at: '2026-01-01T00:00:00.000Z',
      workers: ['w1'],
      steps: [{ id: 'decode', rows_in: 5 }],
      edges: [['decode', 'validate']],
      mermaid: 'flowchart',
    });
    world.bus.publish({ subject: 'vitals.topology.w2', data: jsonBytes({ nonsense: 1 }) });
    expect((await world.json('/api/v1/topology')).body.workers).toEqual(['w1']);
    expect((await apiWorld().json('/api/v1/topology')).body).toEqual({
      worker: null,
      received_at: null,
      workers: [],
      lag_messages_max: null,
      steps: [],
      edges: [],
    });
  });

  it('tell the highest lag over all engines, whoever told last and whoever is asked for', async () => {
    const world = apiWorld();
    const tell = (worker: string, lag_messages: number): void =>
      world.bus.publish({
        subject: `vitals.topology.${worker}`,
        data: jsonBytes({ steps: [], edges: [], lag_messages }),
      });
    const told = async (query = '') => {
      const { lag_messages, lag_messages_max } = (await world.json(`/api/v1/topology${query}`)).body;
      return [lag_messages, lag_messages_max];
    };
    tell('behind', 40_000);
    tell('idle', 0);
    expect(await told()).toEqual([0, 40_000]);
    expect(await told('?worker=idle')).toEqual([0, 40_000]);
    world.clock.advance(10_000);
    tell('idle', 3);
    expect(await told()).toEqual([3, 40_000]);
    world.clock.advance(10_000);
    expect(await told('?worker=behind')).toEqual([40_000, 3]);
    world.clock.advance(10_000);
    expect(await told()).toEqual([3, null]);
  });

  it('tell readiness with reasons', async () => {
    const world = apiWorld();
    const checks = async () => {
      world.clock.advance(1_001);
      const { status, body } = await world.json('/readyz');
      const failed = (body.checks as { name: string; ok: boolean }[]).filter(({ ok }) => !ok).map(({ name }) => name);
      expect(status).toBe(failed.length === 0 ? 200 : 503);
      return failed;
    };
    expect(await checks()).toEqual(['engine']);
    world.feed.last_frame_at = world.clock.now();
    expect(await checks()).toEqual([]);
    world.setAway(true);
    world.bus.online = false;
    world.feed.seeded = false;
    expect(await checks()).toEqual(['nats', 'questdb', 'fleet']);
    world.clock.advance(20_000);
    expect(await checks()).toContain('engine');
    expect((await world.get('/livez')).status).toBe(200);
  });

  it('tell our own metrics to Prometheus', async () => {
    const world = populated();
    await world.get('/api/v1/gpus');
    const text = await (await world.get('/metrics')).text();
    expect(text).toContain('gpu_vitals_rows_total{source="engine.w1"} 5\n');
    expect(text).not.toContain('bad name');
    expect(text).toContain('gpu_vitals_http_request_duration_seconds_count{route="/api/v1/gpus",status="200"} 1\n');
    const line = /^(# (HELP|TYPE) \S+ .+|[a-zA-Z_:][\w:]*(\{\w+="[^"]*"(,\w+="[^"]*")*\})? (NaN|[+-]Inf|-?[\d.e+-]+))$/;
    for (const one of text.trimEnd().split('\n')) expect(one).toMatch(line);
  });

  it('say where they were asked as a reference, whatever was asked for', async () => {
    const { body } = await populated().json('/api/v1/gpus/%00%C3%BC%20x');
    expect(body).toMatchObject({ status: 404, instance: '/api/v1/gpus/%00%C3%BC%20x' });
  });

  it('hide what went wrong inside, and tell it to the log', async () => {
    const world = populated();
    world.tables.assets = null as never;
    const { status, body } = await world.json('/api/v1/assets');
    expect([status, body.code]).toEqual([500, 'GV-API-004']);
    expect(JSON.stringify(body)).not.toContain('null');
    expect(world.failures.length).toBe(1);
  });
});
