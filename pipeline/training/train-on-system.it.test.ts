import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plantedHistory } from '../../models/prediction/planted.fixture.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from '../../sinks/questdb/questdb.fixture.ts';
import { readVectors, vectorRange } from '../../sinks/questdb/read-vectors.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { vectorRowSpeller } from '../../sinks/questdb/vector-row.ts';
import { writeLabels } from '../../sinks/questdb/write-labels.ts';
import { settableClock } from '../clock.ts';
import type { FeatureVector } from '../contract/events.ts';
import { days, hours } from '../contract/time.ts';
import { GPU_FEATURES } from '../contract/verdict-tables.ts';
import { openFolderRegistry } from '../registry/folder-registry.ts';
import { judgeOnHistory } from './judge-on-history.ts';
import { trainOnSystem } from './train-on-system.ts';

const HISTORY = plantedHistory({ gpus: 400, days: 170, seed: 26 });
let questdb: TestQuestdb;
let registry: ModelRegistry;
const clock = settableClock(HISTORY.until);
const said: string[] = [];

const train = () =>
  trainOnSystem({
    database: questdb.database,
    registry,
    mlflow: null,
    clock,
    seed: 3,
    params: { num_boost_round: 60, eta: 0.2, early_stopping_rounds: 15 },
    costs: { false_alarm_usd: 250, missed_failure_usd: 2_500 },
    failures_min: 5,
    margin: 0,
    base: { model: heuristic, lstm: null },
    network: { when: 'auto', minutes_max: 1, monotonic: () => 0 },
    promote: true,
    simulated: true,
    commit: 'test',
    command: 'test',
    trigger: 'features',
    why: '40 % has moved',
    say: (line) => said.push(line),
  });

beforeAll(async () => {
  // A history of half a year, of which every day is a partition of 250 columns.
  questdb = await startTestQuestdb({ heap_max_mib: 384 });
  await prepareDatabase(questdb.database);
  const folder = join(questdb.services.data, 'models');
  mkdirSync(folder);
  registry = openFolderRegistry({ folder, clock, tell: () => undefined });
}, 120_000);
afterAll(async () => {
  await registry?.close();
  await questdb?.stop();
});

it('says what is missing before there is anything', async () => {
  await expect(train()).rejects.toMatchObject({ code: 'GV-MDL-303' });
});

it('learns from what is stored, beats the rule of thumb, and is promoted', { timeout: 300_000 }, async () => {
  const sink = tableSink<FeatureVector>(GPU_FEATURES, {
    ...questdb.delivery(),
    rows_max: 5_000,
    waiting_max: 20_000,
    spell: vectorRowSpeller(GPU_FEATURES.name),
  });
  for await (const vectors of HISTORY.vectors()) {
    for (const vector of vectors) sink.write(vector);
    await sink.pressure();
  }
  await sink.close();
  await questdb.visible(GPU_FEATURES.name);
  await writeLabels(questdb.database, HISTORY.failures);

  const { manifest, promoted, trained } = await train();
  expect([promoted, trained.comparison.promote], said.join('\n')).toEqual([true, true]);
  expect(manifest).toMatchObject({ version: 1, trained_on: 'simulated', parent_version: null });
  expect(manifest.metrics.auc_30d).toBeGreaterThan((manifest.metrics.champion_auc_30d ?? 0) + 0.1);
  expect(manifest.card).toContain('Trained on simulated fleets');
  expect(manifest.lineage.positives).toBeGreaterThan(20);
  expect(manifest.lineage.params).toMatchObject({ network: 'none' });
  expect(said.join('\n')).toMatch(/network: there is still none, /);
  expect(manifest.lineage.trigger).toEqual({ what: 'features', model: 'heuristic 1', why: '40 % has moved' });
  expect(await registry.aliases()).toEqual({ champion: 1 });

  // Again: as good as itself is not better.
  const again = await train();
  expect(again.promoted).toBe(false);
  expect(again.manifest).toMatchObject({ version: 2, parent_version: 1, sha256: manifest.sha256 });
  expect(await registry.aliases()).toEqual({ champion: 1, challenger: 2 });

  const range = await vectorRange(questdb.database);
  const few = new Set(HISTORY.failures.slice(0, 3).map(({ gpu_uuid }) => gpu_uuid));
  const many = new Set([...few, ...Array.from({ length: 600 }, (_, i) => `GPU-none-${i}`)]);
  for (const only of [few, many]) {
    const found = new Set<string>();
    const to = (range?.from ?? 0) + days(1);
    const span = { from: range?.from ?? 0, to, every: hours(12), features: ['gpu_temp_max'], only };
    for await (const vectors of readVectors(questdb.database, span)) {
      for (const { gpu_uuid } of vectors) found.add(gpu_uuid);
    }
    expect(found).toEqual(few);
  }
  const figures = await judgeOnHistory(heuristic, {
    vectors: () =>
      readVectors(questdb.database, {
        from: range?.from ?? 0,
        to: (range?.to ?? 0) + 1,
        every: days(1),
        features: ['gpu_temp_max', 'ecc_dbe_event_count', 'thermal_throttle_count', 'gpu_age_days'],
      }),
    failures: HISTORY.failures,
    until: range?.to ?? 0,
  });
  expect(figures.map(({ horizon_days }) => horizon_days)).toEqual([7, 30, 90]);
  for (const one of figures) {
    expect(one.followed_by_failure).toBeGreaterThan(20);
    expect(one.mean_probability).toBeGreaterThan(0);
  }
});
