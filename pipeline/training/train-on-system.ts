import type { AlarmCosts } from '../../models/prediction/calibrate.ts';
import { LSTM_INPUTS } from '../../models/prediction/lstm-inputs.ts';
import { modelCard } from '../../models/prediction/model-card.ts';
import type { ModelManifest, Trigger } from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { MODEL_FEATURES } from '../../models/training/model-features.ts';
import { readLabels } from '../../sinks/questdb/read-labels.ts';
import { readVectors, vectorRange } from '../../sinks/questdb/read-vectors.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import { milliseconds } from '../contract/time.ts';
import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import type { BaseModel } from '../shipped-model.ts';
import { currentChampion } from './current-champion.ts';
import type { NetworkRetraining } from './retrain-network.ts';
import { type TrainedModel, trainOnHistory } from './train-on-history.ts';

export interface TrainOnSystemOptions {
  readonly database: Database;
  readonly registry: ModelRegistry;
  readonly mlflow: MlflowClient | null;
  readonly clock: Clock;
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly costs: AlarmCosts;
  readonly failures_min: number;
  readonly margin: number;
  /** What judges where nobody was promoted, with its network. */
  readonly base: BaseModel;
  /** When its recurrent network learns from what is stored, and for how long. */
  readonly network: NetworkRetraining;
  /** False: even a better one stays a challenger. */
  readonly promote: boolean;
  /** The fleet is simulated: what is learned from it says so. */
  readonly simulated: boolean;
  /** Of the program that trains. */
  readonly commit: string | null;
  readonly command: string;
  /** Why it is trained, for the lineage. */
  readonly trigger: Trigger;
  readonly why: string;
  readonly say: (line: string) => void;
}

export interface SystemTraining {
  readonly manifest: ModelManifest;
  readonly trained: TrainedModel;
  readonly promoted: boolean;
}

/** What every input needs besides itself: counts of samples are told per sample. */
const READ_BY_NETWORK = [...new Set([...LSTM_INPUTS.map(({ name }) => name), 'samples_7d'])];
const READ = [...new Set([...MODEL_FEATURES, ...READ_BY_NETWORK])];

/**
 * Trains on what this system has stored, registers the result as the challenger, and promotes it when it is better than the
 * champion by more than the margin. Nothing waits for it. Errors: GV-MDL-301, GV-MDL-303, GV-API-003, GV-MDL-105.
 */
export async function trainOnSystem(options: TrainOnSystemOptions): Promise<SystemTraining> {
  const { database, registry, clock, say, seed } = options;
  const started_at = clock.now();
  const range = await vectorRange(database);
  if (range === null) throw new VitalsError('GV-MDL-303', 'no feature vectors are stored', 'gpu_features');
  const failures = (await readLabels(database)).filter(({ status }) => status === 'confirmed');
  say(`${failures.length} confirmed failures, vectors from ${iso(range.from)} to ${iso(range.to)}`);
  const champion = await currentChampion(options);
  const trained = await trainOnHistory(
    {
      vectors: (from, to, every_ms, only) =>
        readVectors(database, {
          from,
          to,
          every: milliseconds(every_ms),
          features: only === undefined ? READ : READ_BY_NETWORK,
          ...(only === undefined ? {} : { only }),
        }),
      failures,
      from: range.from,
      until: range.to,
    },
    {
      ...options,
      champion: champion.model,
      lstm: champion.lstm,
    },
  );
  const { data, metrics, comparison, bundle } = trained;
  const manifest = await registry.put(trained.bytes, {
    name: bundle.name,
    trained_on: bundle.trained_on,
    created_at: started_at,
    lineage: {
      data_from: data.from,
      data_to: data.to,
      rows: data.rows,
      gpus: data.gpus,
      positives: data.positives,
      feature_version: '1',
      seed,
      commit: options.commit,
      params: JSON.parse(JSON.stringify({ ...trained.params, network: trained.network })),
      trigger: {
        what: options.trigger,
        model: `${champion.model.name} ${champion.model.version}`,
        why: options.why,
      },
    },
    metrics,
    card: modelCard(bundle, {
      command: options.command,
      seed,
      data: [
        `${data.rows} days of ${data.gpus} GPUs from ${iso(data.from)} on, ${data.positives} GPUs failed within 30 days of one of them.`,
        'GPUs are dealt to learning, calibrating and judging by their UUID; each of the three knows nothing of later.',
      ],
      metrics,
      judged: [comparison.why],
    }),
    parent_version: champion.version,
    note: comparison.why,
  });
  const change = { by: 'models train', why: comparison.why };
  await registry.setAlias('challenger', manifest.version, change);
  const promoted = options.promote && comparison.promote;
  if (promoted) {
    await registry.setAlias('champion', manifest.version, change);
    await registry.removeAlias('challenger', change);
  }
  say(`version ${manifest.version} is ${promoted ? 'the champion now' : 'a challenger'}: ${comparison.why}`);
  await options.mlflow?.recordTraining({
    experiment: 'gpu-vitals failure prediction',
    run_name: `${bundle.name} ${manifest.version}`,
    started_at,
    params: { seed, ...trained.params },
    metrics,
    tags: {
      trained_on: bundle.trained_on,
      promoted: String(promoted),
      trigger: options.trigger,
      network: trained.network,
    },
    artifacts: [
      { path: 'bundle.json.gz', bytes: trained.bytes },
      { path: 'card.md', bytes: Buffer.from(manifest.card) },
    ],
    model: manifest,
  });
  if (promoted) await options.mlflow?.mirrorAlias({ name: manifest.name, alias: 'champion', model: manifest });
  return { manifest, trained, promoted };
}

const iso = (ts: number): string => new Date(ts).toISOString().slice(0, 10);
