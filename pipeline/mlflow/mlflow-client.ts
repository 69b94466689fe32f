import type { ModelManifest } from '../../models/registry/manifest.ts';
import type { Clock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import { mlflowAddress } from './mlflow-address.ts';
import { logBatches, type MetricPoint } from './mlflow-batches.ts';
import { type MlflowHttp, MlflowRefusal, mlflowHttp } from './mlflow-http.ts';
import { plainName } from './plain-name.ts';

/** A training run as MLflow is to know it. */
export interface TrainingRun {
  readonly experiment: string;
  readonly run_name: string;
  /** Epoch ms; the clock's now when left out. */
  readonly started_at?: number;
  readonly params: Readonly<Record<string, unknown>>;
  /** A figure, or its course over steps (boosting rounds, epochs). */
  readonly metrics: Readonly<Record<string, number | readonly MetricPoint[]>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Files by their path inside the run; characters that MLflow does not take become `_`. */
  readonly artifacts: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** What came out, as registered here; null when nothing did. */
  readonly model: ModelManifest | null;
}

export interface RecordedRun {
  readonly run_id: string;
  readonly url: string;
  /** MLflow's own number of the model; null when nothing was registered. */
  readonly model_version: string | null;
}

export interface MlflowClient {
  /** Records a run with everything in it. Never throws: what goes wrong is told, and the answer is null. */
  recordTraining(run: TrainingRun): Promise<RecordedRun | null>;
  /** Points MLflow's alias to the version that is this model there, or (null) takes it away. False, and told, when it cannot. */
  mirrorAlias(change: {
    readonly name: string;
    readonly alias: string;
    readonly model: ModelManifest | null;
  }): Promise<boolean>;
  close(): Promise<void>;
}

interface MlflowOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly tell: (warning: VitalsError) => void;
}

const VERSION_TAG = 'gpu_vitals.version';
const SHA256_TAG = 'gpu_vitals.sha256';
/** A registered version's description is a column of this width in MLflow's database. */
const DESCRIPTION_CHARS_MAX = 5_000;

/**
 * Mirrors training runs, models and aliases to the MLflow server at MLFLOW_TRACKING_URI over its REST API (2.0, MLflow 2 and
 * 3); null when that is not set, or not usable, which is told. Our own registry is what counts: nothing here is ever read back.
 * Artifacts go through the server (`mlflow-artifacts:`); where it hands out other places they are left out, which is told.
 */
export function mlflowClient(options: MlflowOptions): MlflowClient | null {
  const { clock, tell } = options;
  let http: MlflowHttp;
  let base: string;
  try {
    const address = mlflowAddress(options.env);
    if (address === null) return null;
    base = address.url;
    http = mlflowHttp(address);
  } catch (cause) {
    tell(warning(cause));
    return null;
  }
  const post = (path: string, json: unknown): Promise<Readonly<Record<string, unknown>>> =>
    http.call({ method: 'POST', path: `mlflow/${path}`, json });

  async function experimentId(name: string): Promise<string> {
    const find = async (): Promise<string> => {
      const found = await http.call({
        method: 'GET',
        path: 'mlflow/experiments/get-by-name',
        query: { experiment_name: name },
      });
      return text(found, 'experiment', 'experiment_id');
    };
    try {
      return await find();
    } catch (cause) {
      if (!refusedWith(cause, 'RESOURCE_DOES_NOT_EXIST')) throw cause;
    }
    try {
      return text(await post('experiments/create', { name }), 'experiment_id');
    } catch (cause) {
      // Another process was faster.
      if (!refusedWith(cause, 'RESOURCE_ALREADY_EXISTS')) throw cause;
      return await find();
    }
  }

  async function upload(run: TrainingRun, artifactUri: string): Promise<void> {
    if (run.artifacts.length === 0) return;
    if (!artifactUri.startsWith('mlflow-artifacts:')) {
      const scheme = artifactUri.split(':')[0];
      const what = `MLflow wants its artifacts in ${scheme}: directly, so that ${run.artifacts.length} files were left out`;
      tell(new VitalsError('GV-MDL-106', what, base, { action: 'Start `mlflow server` with --serve-artifacts.' }));
      return;
    }
    const root = new URL(artifactUri).pathname.replace(/^\/+/, '');
    for (const { path, bytes } of run.artifacts) {
      const target = `${root}/${plainName(path)}`.split('/').map(encodeURIComponent).join('/');
      await http.call({ method: 'PUT', path: `mlflow-artifacts/artifacts/${target}`, bytes });
    }
  }

  async function register(model: ModelManifest, runId: string, source: string): Promise<string> {
    await post('registered-models/create', { name: model.name }).catch((cause: unknown) => {
      if (!refusedWith(cause, 'RESOURCE_ALREADY_EXISTS')) throw cause;
    });
    const tags = {
      [VERSION_TAG]: String(model.version),
      [SHA256_TAG]: model.sha256,
      'gpu_vitals.trained_on': model.trained_on,
      'gpu_vitals.parent_version': model.parent_version === null ? '' : String(model.parent_version),
    };
    const created = await http.call({
      method: 'POST',
      path: 'mlflow/model-versions/create',
      creates: true,
      json: {
        name: model.name,
        source,
        run_id: runId,
        description: (model.card || model.note).slice(0, DESCRIPTION_CHARS_MAX),
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      },
    });
    return text(created, 'model_version', 'version');
  }

  async function record(run: TrainingRun): Promise<RecordedRun> {
    const now = clock.now();
    const experiment = await experimentId(run.experiment);
    const created = await http.call({
      method: 'POST',
      path: 'mlflow/runs/create',
      creates: true,
      json: { experiment_id: experiment, run_name: run.run_name, start_time: run.started_at ?? now },
    });
    const id = text(created, 'run', 'info', 'run_id');
    const artifactUri = text(created, 'run', 'info', 'artifact_uri');
    const end = (status: string): Promise<unknown> =>
      post('runs/update', { run_id: id, status, end_time: clock.now() });
    try {
      const commit = run.model?.lineage.commit;
      const { batches, left_out } = logBatches({
        params: run.params,
        metrics: run.metrics,
        tags: {
          'mlflow.source.name': 'gpu-vitals',
          'mlflow.source.type': 'JOB',
          ...(commit && { 'mlflow.source.git.commit': commit }),
          ...(run.model !== null && { [VERSION_TAG]: String(run.model.version), [SHA256_TAG]: run.model.sha256 }),
          ...run.tags,
        },
        timestamp: now,
      });
      if (left_out > 0) {
        tell(new VitalsError('GV-MDL-106', `${left_out} metric values that are no finite numbers were left out`, base));
      }
      for (const batch of batches) await post('runs/log-batch', { run_id: id, ...batch });
      await upload(run, artifactUri);
      const version = run.model === null ? null : await register(run.model, id, artifactUri);
      await end('FINISHED');
      return { run_id: id, url: `${base}/#/experiments/${experiment}/runs/${id}`, model_version: version };
    } catch (cause) {
      // Else it would run for ever there.
      await end('FAILED').catch(() => {});
      throw cause;
    }
  }

  /** MLflow's newest version that is this model; the same number of another registry has other bytes. */
  async function versionThere(model: ModelManifest): Promise<string> {
    const filter = [
      `name = '${model.name}'`,
      `tags.\`${VERSION_TAG}\` = '${model.version}'`,
      `tags.\`${SHA256_TAG}\` = '${model.sha256}'`,
    ].join(' and ');
    const answer = await http.call({
      method: 'GET',
      path: 'mlflow/model-versions/search',
      query: { filter, max_results: '1000' },
    });
    const found = Array.isArray(answer.model_versions) ? answer.model_versions : [];
    const versions = found.map((entry: unknown) => Number(text(entry, 'version')));
    if (versions.length === 0) {
      throw new VitalsError('GV-MDL-106', `MLflow does not have version ${model.version} of ${model.name}`, base, {
        action: 'Nothing needs to be done: only runs that were recorded there can be pointed to.',
      });
    }
    return String(Math.max(...versions));
  }

  return {
    async recordTraining(run) {
      try {
        return await record(run);
      } catch (cause) {
        tell(warning(cause));
        return null;
      }
    },
    async mirrorAlias({ name, alias, model }) {
      try {
        const path = 'registered-models/alias';
        if (model !== null) await post(path, { name, alias, version: await versionThere(model) });
        else await http.call({ method: 'DELETE', path: `mlflow/${path}`, json: { name, alias } });
        return true;
      } catch (cause) {
        // No such model there: nor has it that alias.
        if (model === null && refusedWith(cause, 'RESOURCE_DOES_NOT_EXIST')) return true;
        tell(warning(cause));
        return false;
      }
    },
    close: () => http.close(),
  };
}

const refusedWith = (cause: unknown, reason: string): boolean =>
  cause instanceof MlflowRefusal && cause.reason === reason;

const warning = (cause: unknown): VitalsError =>
  cause instanceof VitalsError
    ? cause
    : new VitalsError('GV-MDL-106', cause instanceof Error ? cause.message : String(cause), '', { cause });

/** A text inside an answer. Throws VitalsError GV-MDL-106 when it is not there: whoever answers is no MLflow. */
function text(answer: unknown, ...path: string[]): string {
  let value = answer;
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (typeof value === 'string' && value !== '') return value;
  throw new VitalsError('GV-MDL-106', `the answer has no ${path.join('.')}: is this MLflow?`, 'MLFLOW_TRACKING_URI');
}
