import type { Command } from 'commander';
import { LSTM_INPUTS } from '../../models/prediction/lstm-inputs.ts';
import type { Trigger } from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { MODEL_FEATURES } from '../../models/training/model-features.ts';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import { ALARM_COSTS_DEFAULT } from '../../server/model-performance.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { readLabels } from '../../sinks/questdb/read-labels.ts';
import { readVectors, vectorRange } from '../../sinks/questdb/read-vectors.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import { days, hours, seconds } from '../contract/time.ts';
import { mlflowClient } from '../mlflow/mlflow-client.ts';
import { openNatsRegistry } from '../registry/nats-registry.ts';
import { questdbAddress } from '../roles/addresses.ts';
import { hasTargets } from '../roles/has-targets.ts';
import { sourceCommit } from '../roles/source-commit.ts';
import { VERSION } from '../roles/version.ts';
import { type BaseModel, modelOf, shippedModel } from '../shipped-model.ts';
import { judgeOnHistory } from '../training/judge-on-history.ts';
import type { Audit } from './audited.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { giveWay } from './give-way.ts';
import { openBus } from './open-bus.ts';

/** What commands that look into a running system must know of it. */
const HISTORY_KEYS: readonly ConfigKey[] = [
  'nats',
  'questdb',
  'questdb-pg',
  'failure-model',
  'targets',
  'targets-file',
  'targets-url',
  'remote-write',
];
/** And what a training must know besides. */
export const TRAINING_KEYS: readonly ConfigKey[] = [...HISTORY_KEYS, 'retrain-network', 'retrain-network-minutes'];
const DATABASE = { pool_size: 2, statement_timeout: seconds(120), connect_timeout: seconds(3) };
const READ = [...new Set([...MODEL_FEATURES, ...LSTM_INPUTS.map(({ name }) => name), 'samples_7d', 'gpu_temp_max'])];

export interface HistoryTraining {
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly promote: boolean;
  readonly margin: number;
  readonly failures_min: number;
  readonly trigger: Trigger;
  readonly why: string;
}

/** `models train` without rows of one's own: on what the system has stored. It gives way to everybody else on the machine. */
export async function trainOnStored(context: CommandContext, training: HistoryTraining, audit: Audit): Promise<void> {
  giveWay();
  // With it comes a library for tensors that no other command needs.
  const { trainOnSystem } = await import('../training/train-on-system.ts');
  const { values } = context.loaded;
  await withSystem(context, async ({ database, registry, bus }) => {
    const mlflow = mlflowClient({ env: process.env, clock: systemClock, tell: context.tell });
    try {
      const whole = {
        ...training,
        database,
        registry,
        mlflow,
        clock: systemClock,
        costs: ALARM_COSTS_DEFAULT,
        base: await baseOf(context),
        simulated: !hasTargets(values),
        commit: sourceCommit() ?? VERSION,
        network: {
          when: values['retrain-network'],
          minutes_max: values['retrain-network-minutes'],
          monotonic: () => systemClock.monotonic(),
        },
        command: `gpu-vitals models train --seed ${training.seed} --retrain-network ${values['retrain-network']}`,
        say: context.say,
      };
      const { manifest, trained, promoted } = await audit(
        bus,
        (done) => ({
          target: done === null ? '' : String(done.manifest.version),
          detail: JSON.stringify({ trigger: training.trigger, why: training.why, promoted: done?.promoted }),
        }),
        () => trainOnSystem(whole),
      );
      const { version, metrics } = manifest;
      context.answer({ version, promoted, metrics, why: trained.comparison.why }, () => {
        const role = promoted ? 'the champion' : 'a challenger';
        return `version ${version} is ${role}: ${trained.comparison.why}`;
      });
    } finally {
      await mlflow?.close();
    }
  });
}

/** `models evaluate`: how well a model would have foreseen what is stored. */
export function addModelsEvaluate(group: Command): void {
  const command = configured(group.command('evaluate'), HISTORY_KEYS)
    .description('judges a model by what is stored: vectors as they were, failures as they came')
    .argument('[model]', 'version or alias; shipped and heuristic are models too', 'champion')
    .option('--days <n>', 'how far back', '180')
    .action(async (model: string) => {
      const context = contextOf(command, HISTORY_KEYS);
      const back = Number(command.opts<{ days: string }>().days);
      if (!(back >= 1 && back <= 3_650)) {
        throw new VitalsError('GV-CLI-001', '--days must be a number from 1 to 3650', 'models evaluate');
      }
      await withSystem(context, async ({ database, registry }) => {
        const judged = await chosen(model, registry, context);
        const range = await vectorRange(database);
        if (range === null) throw new VitalsError('GV-MDL-303', 'no feature vectors are stored', 'gpu_features');
        const from = Math.max(range.from, range.to - days(back));
        const every = judged.lstm === null ? days(1) : hours(1);
        const figures = await judgeOnHistory(judged.model, {
          vectors: () => readVectors(database, { from, to: range.to + 1, every, features: READ }),
          failures: await readLabels(database),
          until: range.to,
        });
        const { name, version } = judged.model;
        context.answer({ model_name: name, model_version: version, from: iso(from), to: iso(range.to), figures }, () =>
          [
            `${name} ${version}, ${iso(from)} to ${iso(range.to)}`,
            ...figures.map(
              (one) =>
                `${String(one.horizon_days).padStart(3)} days: ${one.days} days of GPUs, ${one.followed_by_failure} followed by a failure, foreseen ${shown(one.mean_probability)}, AUC ${shown(one.auc)}, average precision ${shown(one.average_precision)}, Brier ${shown(one.brier)}`,
            ),
          ].join('\n'),
        );
      });
    });
}

async function chosen(model: string, registry: ModelRegistry, context: CommandContext): Promise<BaseModel> {
  if (model === 'heuristic') return { model: heuristic, lstm: null };
  if (model === 'shipped') return shippedModel(systemClock, context.tell);
  const known = model !== 'champion' || (await registry.aliases()).champion !== undefined;
  return known ? modelOf(registry, model, '') : baseOf(context);
}

/** What judges where nobody was promoted. */
const baseOf = async (context: CommandContext): Promise<BaseModel> =>
  context.loaded.values['failure-model'] === 'shipped'
    ? shippedModel(systemClock, context.tell)
    : { model: heuristic, lstm: null };

async function withSystem(
  context: CommandContext,
  run: (parts: { readonly database: Database; readonly registry: ModelRegistry; readonly bus: Bus }) => Promise<void>,
): Promise<void> {
  const { values } = context.loaded;
  const { pg } = await questdbAddress(values);
  const bus = await openBus(values, 'models');
  const database = connectDatabase({ url: pg, ...DATABASE });
  try {
    await prepareDatabase(database);
    const registry = await openNatsRegistry({ bus, clock: systemClock, tell: context.tell });
    await run({ database, registry, bus });
    await registry.close();
  } finally {
    await database.close();
    await bus.close();
  }
}

const shown = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(4));
const iso = (ts: number): string => new Date(ts).toISOString();
