import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelManifest, modelManifest } from '../../models/registry/manifest.ts';
import { systemClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import { type MlflowClient, mlflowClient, type TrainingRun } from './mlflow-client.ts';
import { findMlflow, type MlflowServer, startMlflow } from './mlflow-server.fixture.ts';

const found = await findMlflow();
const reason = 'reason' in found ? found.reason : null;

const model = (version: number, sha256 = 'ab'.repeat(32)): ModelManifest =>
  modelManifest.parse({
    version,
    created_at: systemClock.now(),
    sha256,
    size_bytes: 10,
    trained_on: 'simulated',
    lineage: { commit: 'abc123' },
    metrics: { auc: 0.9 },
    card: '# Card\n\ntrained on simulated fleets',
    parent_version: version > 1 ? version - 1 : null,
  });

const run = (rest: Partial<TrainingRun> = {}): TrainingRun => ({
  experiment: 'failure prediction',
  run_name: 'training 1',
  started_at: 1_767_225_600_000,
  params: { eta: 0.05, depth: 6, trees: { rounds: 500 }, note: 'ünï' },
  metrics: { auc: 0.9, 'recall@0.5': 0.8, 'valid/auc': [0.6, 0.7, 0.75].map((value, step) => ({ value, step })) },
  tags: { trained_on: 'simulated' },
  artifacts: [
    { path: 'model/bundle.json.gz', bytes: Buffer.from([31, 139, 0, 255, 10, 13]) },
    { path: 'card and notes/card 1.md', bytes: Buffer.from('# Card') },
  ],
  model: null,
  ...rest,
});

// Skipped with the reason in the name where there is no Python, or PyPI cannot be reached.
describe.skipIf(reason !== null)(`a real MLflow server${reason === null ? '' : ` (not here: ${reason})`}`, () => {
  let server: MlflowServer;
  let client: MlflowClient;
  const told: VitalsError[] = [];
  const get = async (path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(`${server.url}/api/2.0/${path}`)).json()) as Record<string, unknown>;
  const connect = (url: string): MlflowClient =>
    mlflowClient({
      env: { MLFLOW_TRACKING_URI: url },
      clock: systemClock,
      tell: (error) => told.push(error),
    }) as MlflowClient;

  beforeAll(async () => {
    server = await startMlflow('python' in found ? found.python : '');
    client = connect(`${server.url}/`);
  });
  afterAll(async () => {
    await client?.close();
    await server?.stop();
  });

  it('records a whole run: parameters, courses of metrics, tags, files, end', async () => {
    const recorded = await client.recordTraining(run());
    expect(told).toEqual([]);
    expect(recorded).toMatchObject({ model_version: null });
    const { run: seen } = await get(`mlflow/runs/get?run_id=${recorded?.run_id}`);
    expect(seen).toMatchObject({
      info: { run_name: 'training 1', status: 'FINISHED', start_time: 1_767_225_600_000 },
      data: {
        params: expect.arrayContaining([
          { key: 'depth', value: '6' },
          { key: 'trees', value: '{"rounds":500}' },
          { key: 'note', value: 'ünï' },
        ]),
        metrics: expect.arrayContaining([
          expect.objectContaining({ key: 'auc', value: 0.9 }),
          expect.objectContaining({ key: 'recall_0.5', value: 0.8 }),
          expect.objectContaining({ key: 'valid/auc', value: 0.75, step: 2 }),
        ]),
        tags: expect.arrayContaining([{ key: 'trained_on', value: 'simulated' }]),
      },
    });
    const { metrics } = await get(`mlflow/metrics/get-history?run_id=${recorded?.run_id}&metric_key=valid%2Fauc`);
    expect((metrics as { step: number; value: number }[]).map(({ step, value }) => [step, value])).toEqual([
      [0, 0.6],
      [1, 0.7],
      [2, 0.75],
    ]);
    for (const { path, bytes } of run().artifacts) {
      const file = await fetch(
        `${server.url}/get-artifact?run_id=${recorded?.run_id}&path=${encodeURIComponent(path)}`,
      );
      expect([file.status, Buffer.from(await file.arrayBuffer())]).toEqual([200, bytes]);
    }
    expect((await fetch(recorded?.url ?? '')).status).toBe(200);
  });

  it('adds to the experiment that is there, also when two make it at once', async () => {
    const both = await Promise.all(
      [1, 2].map(() => client.recordTraining(run({ experiment: 'twice', artifacts: [] }))),
    );
    expect(both.every((one) => one !== null)).toBe(true);
    const { experiment } = await get('mlflow/experiments/get-by-name?experiment_name=twice');
    const found = await fetch(`${server.url}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ experiment_ids: [(experiment as { experiment_id: string }).experiment_id] }),
    });
    expect(((await found.json()) as { runs: unknown[] }).runs).toHaveLength(2);
    expect(told).toEqual([]);
  });

  it('registers models and mirrors aliases, each to the version that is the same model', async () => {
    const first = await client.recordTraining(run({ model: model(7) }));
    const second = await client.recordTraining(run({ model: model(8), run_name: 'training 2' }));
    // The same number of another registry.
    const foreign = await client.recordTraining(run({ model: model(8, 'cd'.repeat(32)) }));
    expect([first, second, foreign].map((recorded) => recorded?.model_version)).toEqual(['1', '2', '3']);
    const name = 'failure-prediction';
    const champion = async (): Promise<unknown> =>
      (await get(`mlflow/registered-models/alias?name=${name}&alias=champion`)).model_version;
    expect(await client.mirrorAlias({ name, alias: 'champion', model: model(7) })).toBe(true);
    expect(await champion()).toMatchObject({
      version: '1',
      run_id: first?.run_id,
      status: 'READY',
      description: '# Card\n\ntrained on simulated fleets',
      tags: expect.arrayContaining([
        { key: 'gpu_vitals.version', value: '7' },
        { key: 'gpu_vitals.trained_on', value: 'simulated' },
      ]),
    });
    expect(await client.mirrorAlias({ name, alias: 'champion', model: model(8) })).toBe(true);
    expect(await champion()).toMatchObject({ version: '2' });
    expect(await client.mirrorAlias({ name, alias: 'champion', model: null })).toBe(true);
    expect(await champion()).toBeUndefined();
    expect(await client.mirrorAlias({ name: 'never-seen', alias: 'champion', model: null })).toBe(true);
    expect(told).toEqual([]);
  });

  it('goes within MLflow’s limits, however much there is', async () => {
    const many = (count: number): [string, number][] => Array.from({ length: count }, (_, i) => [`m ${i}`, i]);
    const recorded = await client.recordTraining(
      run({
        params: Object.fromEntries([
          ...many(250),
          ['long', 'x'.repeat(50_000)],
          ['../up//x', 1],
          ['a:b', 1],
          ['a;b', 2],
        ]),
        metrics: {
          ...Object.fromEntries(many(1_200)),
          course: Array.from({ length: 2_500 }, (_, step) => ({ step, value: 1 / (step + 1) })),
          'not a number': Number.NaN,
        },
        tags: Object.fromEntries(many(150).map(([key, value]) => [key, `${value}${'ü'.repeat(9_000)}`])),
        artifacts: [{ path: '../../out#side?.txt', bytes: Buffer.from('x') }],
      }),
    );
    expect(recorded).not.toBeNull();
    expect(told.splice(0)).toMatchObject([{ code: 'GV-MDL-106', message: expect.stringMatching(/^1 metric value/) }]);
    const { run: seen } = await get(`mlflow/runs/get?run_id=${recorded?.run_id}`);
    const { data } = seen as { data: { params: { key: string; value: string }[]; metrics: unknown[] } };
    expect(data.params).toHaveLength(254);
    expect(data.params.map(({ key }) => key)).toEqual(expect.arrayContaining(['__/up/x', 'a_b', 'a_b_2']));
    expect(data.metrics).toHaveLength(1_201);
    expect(await get(`mlflow/artifacts/list?run_id=${recorded?.run_id}&path=__/__`)).toMatchObject({
      files: [{ path: '__/__/out_side_.txt' }],
    });
  });

  it.each([
    ['an alias of a model that MLflow has never seen', 'champion', 99, /does not have version 99/],
    ['an alias that MLflow keeps for itself', 'latest', 7, /reserved/],
  ])('tells %s', async (_, alias, version, what) => {
    const change = { name: 'failure-prediction', alias, model: model(version) };
    expect(await client.mirrorAlias(change)).toBe(false);
    expect(told.splice(0)).toMatchObject([{ code: 'GV-MDL-106', message: expect.stringMatching(what) }]);
  });

  it('ends a run that it cannot complete, and tells why', async () => {
    const broken = run({ run_name: 'broken', model: { ...model(9), name: 'a/b' } });
    expect(await client.recordTraining(broken)).toBeNull();
    expect(told.splice(0)).toMatchObject([
      { code: 'GV-MDL-106', where: expect.stringContaining('registered-models/create') },
    ]);
    const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ experiment_ids: ['1', '2', '3'], filter: "attributes.run_name = 'broken'" }),
    });
    expect(await answer.json()).toMatchObject({ runs: [{ info: { status: 'FAILED' } }] });
  });
});
