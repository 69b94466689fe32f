import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import { apiWorld, assetOf, NOW, populated } from './api.fixture.ts';
import { type ReadSample, readOpenMetrics } from './openmetrics.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

const PATH = '/metrics/fleet';
const read = async (world: Pick<ReturnType<typeof apiWorld>, 'get'>): Promise<ReadSample[]> => {
  const response = await world.get(PATH);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  return readOpenMetrics(await response.text());
};
const of = (samples: readonly ReadSample[], gpu_uuid: string, name: string, labels = {}): (number | string)[] =>
  samples
    .filter(
      (one) =>
        one.name === name && Object.entries({ gpu_uuid, ...labels }).every(([key, text]) => one.labels[key] === text),
    )
    .map(({ value }) => value);

it('tells of every GPU what is known of it', async () => {
  const world = populated();
  const scores = { overall_score: 87.5, memory_health: 90, thermal_health: 60.25, power_health: null };
  world.verdict('health', rowOf(GPU_HEALTH_SCORES, { profile: 'default', action: 'none', ...scores }));
  world.verdict('prediction', rowOf(GPU_FAILURE_PREDICTIONS, { failure_prob_7d: 1e-9, failure_prob_30d: 0.25 }));
  for (const [gpu_uuid, decision, advice] of [
    ['GPU-00', 'sell', 'drain'],
    ['GPU-mig', 'keep', 'watch'],
  ]) {
    world.verdict('decision', rowOf(GPU_ECONOMIC_DECISIONS, { gpu_uuid, decision, advice }));
  }
  const samples = await read(world);
  expect(of(samples, 'GPU-00', 'gpu_vitals_health_score')).toEqual([87.5]);
  expect(of(samples, 'GPU-00', 'gpu_vitals_health_dimension', { dimension: 'thermal' })).toEqual([60.25]);
  expect(of(samples, 'GPU-00', 'gpu_vitals_health_dimension', { dimension: 'power' })).toEqual([]);
  expect(of(samples, 'GPU-00', 'gpu_vitals_failure_probability', { horizon: '7d' })).toEqual([1e-9]);
  expect(of(samples, 'GPU-00', 'gpu_vitals_failure_probability', { horizon: '30d' })).toEqual([0.25]);
  expect(of(samples, 'GPU-00', 'gpu_vitals_decision_info', { decision: 'sell', advice: 'drain' })).toEqual([1]);
  expect(of(samples, 'GPU-00', 'gpu_vitals_last_sample_timestamp_seconds')).toEqual([(NOW - 5_000) / 1_000]);
  const info = samples.find(({ name, labels }) => name === 'gpu_vitals_gpu_info' && labels.gpu_uuid === 'GPU-00');
  expect(info?.labels).toEqual({
    gpu_uuid: 'GPU-00',
    node: 'n0',
    model: 'H100',
    cluster: 'c1',
    rack: 'r1',
    slot: '0',
    owner: 'ml',
    serial: '165',
  });
  expect(of(samples, 'GPU-03', 'gpu_vitals_open_anomalies', { severity: 'critical' })).toEqual([1]);
  expect(of(samples, 'GPU-03', 'gpu_vitals_open_anomalies', { severity: 'info' })).toEqual([0]);
  // Of a board that is cut, the instances are told, and the decision once.
  expect(of(samples, 'GPU-mig', 'gpu_vitals_last_sample_timestamp_seconds').length).toBe(2);
  expect(samples.filter(({ name, labels }) => name.includes('decision') && labels.gpu_uuid === 'GPU-mig')).toEqual([
    {
      name: 'gpu_vitals_decision_info',
      labels: { gpu_uuid: 'GPU-mig', node: 'n1', decision: 'keep', advice: 'watch' },
      value: 1,
    },
  ]);
  expect(samples.find(({ name }) => name === 'gpu_vitals_gpus')?.value).toBe(27);
});

it('tells anomalies of whole nodes', async () => {
  const world = populated();
  world.view.applyAnomaly(anomalyOf({ gpu_uuid: '', id: 'N1', severity: 'critical', node: 'n2' }));
  const counts = (await read(world)).filter(({ name }) => name === 'gpu_vitals_node_open_anomalies');
  expect(counts.filter(({ value }) => value > 0)).toEqual([
    { name: 'gpu_vitals_node_open_anomalies', labels: { node: 'n2', severity: 'critical' }, value: 1 },
  ]);
  expect(counts.length).toBe(9);
});

it('spells hostile names so that they come back as they were', async () => {
  const world = apiWorld();
  const name = 'a "quoted"\\ \n{name="x"} # EOF ü';
  world.sample(name, { power_watts: 1 }, { node: name, model: name });
  world.tables.assets = [assetOf(name, { rack: name, owner: name })];
  const info = (await read(world)).find((one) => one.name === 'gpu_vitals_gpu_info');
  expect(info?.labels).toMatchObject({ gpu_uuid: name, node: name, model: name, rack: name, owner: name });
});

it('answers while the database is away, and of an empty fleet', async () => {
  const world = populated();
  world.setAway(true);
  const samples = await read(world);
  expect(of(samples, 'GPU-00', 'gpu_vitals_last_sample_timestamp_seconds').length).toBe(1);
  expect(of(samples, 'GPU-00', 'gpu_vitals_health_score')).toEqual([0.5]);
  expect(of(samples, 'GPU-01', 'gpu_vitals_health_score')).toEqual([]);
  expect(await read(apiWorld())).toEqual([{ name: 'gpu_vitals_gpus', labels: {}, value: 0 }]);
});

it('leaves out what is retired and what was silent for a week', async () => {
  const world = apiWorld();
  world.sample('GPU-new', { power_watts: 1 });
  world.sample('GPU-old', { power_watts: 1 }, { ts: NOW - 8 * 86_400_000 });
  world.sample('GPU-shelf', { power_watts: 1 });
  world.tables.assets = [assetOf('GPU-shelf', { status: 'retired', retired_at: NOW })];
  const uuids = (await read(world)).map(({ labels }) => labels.gpu_uuid).filter((uuid) => uuid !== undefined);
  expect([...new Set(uuids)]).toEqual(['GPU-new']);
});

it.each([
  ['gzip, deflate', true],
  ['gzip;q=0', false],
  ['identity', false],
])('packs for %s: %s', async (accepted, packed) => {
  const response = await populated().get(PATH, { 'Accept-Encoding': accepted });
  expect(response.headers.get('content-encoding')).toBe(packed ? 'gzip' : null);
  const body = Buffer.from(await response.arrayBuffer());
  expect(readOpenMetrics((packed ? gunzipSync(body) : body).toString('utf8')).length).toBeGreaterThan(100);
});

it('serves 10,000 GPUs in less than 50 ms to whoever asks again', async () => {
  const world = apiWorld();
  for (let i = 0; i < 10_000; i++) {
    const id = `GPU-${String(i).padStart(8, '0')}-5f3c-4e1b-9b7a-0c1d2e3f4a5b`;
    world.sample(id, { power_watts: 1 }, { node: `gpu-node-${i >> 3}` });
  }
  const first = await world.get(PATH, { 'Accept-Encoding': 'gzip' });
  expect(readOpenMetrics(gunzipSync(Buffer.from(await first.arrayBuffer())).toString()).length).toBeGreaterThan(50_000);
  const started = performance.now();
  const again = await world.get(PATH, { 'Accept-Encoding': 'gzip' });
  expect((await again.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
  expect(performance.now() - started).toBeLessThan(50);
});

it('has every metric that the ready-made alerts ask for', async () => {
  const rules = readFileSync(new URL('../deploy/prometheus/alerts.yaml', import.meta.url), 'utf8');
  const asked = new Set(rules.match(/(?<![\w:])gpu_vitals_\w+(?!:)/g));
  const told = new Set((await read(populated())).map(({ name }) => name));
  expect([...asked].filter((name) => !told.has(name))).toEqual([]);
  expect(asked.size).toBeGreaterThan(5);
});

it('refuses parameters', async () => {
  expect((await populated().get(`${PATH}?node=n1`)).status).toBe(400);
});
