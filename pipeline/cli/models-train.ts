import { constants, readFileSync } from 'node:fs';
import { access, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { type BoostingParams, boostingParams, xgboostParams } from '../../models/boosting/boosting-params.ts';
import { boostingText } from '../../models/boosting/boosting-text.ts';
import { trainBoosting } from '../../models/boosting/train.ts';
import { TRIGGERS, type Trigger, WHY_CHARS_MAX } from '../../models/registry/manifest.ts';
import { VitalsError } from '../contract/errors.ts';
import { trainingRows } from '../training-rows.ts';
import { auditOf } from './audited.ts';
import { configured, contextOf } from './context.ts';
import { TRAINING_KEYS, trainOnStored } from './models-history-commands.ts';

interface TrainFlags {
  readonly data?: string;
  readonly label?: string;
  readonly valid?: string;
  readonly params?: string;
  readonly out?: string;
  readonly seed: string;
  readonly margin: string;
  readonly failuresMin: string;
  readonly promote: boolean;
  readonly trigger: string;
  readonly why: string;
}

/** Options that mean nothing to a training on rows of a CSV. */
const OF_STORED = [
  ['--seed', 'seed'],
  ['--margin', 'margin'],
  ['--failures-min', 'failuresMin'],
  ['--no-promote', 'promote'],
  ['--trigger', 'trigger'],
  ['--why', 'why'],
  ['--retrain-network', 'retrainNetwork'],
  ['--retrain-network-minutes', 'retrainNetworkMinutes'],
] as const;

/** Lines of progress over a whole training. */
const LINES = 20;

/** `models train --data ROWS.csv --label COLUMN --out MODEL.json`: boosted trees from a CSV, saved as XGBoost saves them. */
export function addModelsTrain(group: Command): void {
  const command = configured(group.command('train'), TRAINING_KEYS)
    .description(
      'trains on what the running system has stored, and promotes what is better; or, with --data ROWS.csv, boosted trees on the rows of a CSV, saved as XGBoost saves them',
    )
    .option('--label <COLUMN>', 'column to learn; every other one is a feature')
    .option('--valid <ROWS.csv>', 'rows to stop by, with the same columns')
    .option(
      '--params <FILE.json>',
      "parameters by XGBoost's names; what it leaves out has XGBoost's default (base_score 0.5 for probabilities)",
    )
    .option('--out <MODEL.json>', 'where the model goes')
    .option('--seed <n>', 'of a training on what is stored', '1')
    .option('--margin <n>', 'average precision that it must gain to be promoted', '0')
    .option('--failures-min <n>', 'GPUs that must have failed, for each horizon', '20')
    .option('--no-promote', 'leaves it a challenger, however good it is')
    .option('--trigger <what>', `what made you train, for the lineage: ${TRIGGERS.join(', ')}`, 'asked')
    .option('--why <text>', 'the same in words', '')
    .action(async () => {
      const context = contextOf(command, TRAINING_KEYS);
      const { say, answer } = context;
      const flags = command.opts<TrainFlags>();
      const rows_given = command.getOptionValueSource('data') === 'cli' && flags.label !== undefined;
      if (!rows_given && flags.label === undefined && flags.out === undefined && flags.valid === undefined) {
        const training = {
          seed: numberOf('--seed', flags.seed),
          margin: numberOf('--margin', flags.margin),
          failures_min: Math.max(1, numberOf('--failures-min', flags.failuresMin)),
          promote: flags.promote,
          trigger: triggerOf(flags.trigger),
          why: flags.why.slice(0, WHY_CHARS_MAX),
          params: flags.params === undefined ? {} : givenParams(flags.params),
        };
        await trainOnStored(context, training, audit);
        return;
      }
      for (const [option, name] of OF_STORED) {
        if (command.getOptionValueSource(name) !== 'cli') continue;
        throw new VitalsError(
          'GV-CLI-001',
          `${option} is for a training on what is stored; with --data --params has it`,
          'models train',
        );
      }
      const path = needed('--data', command.getOptionValueSource('data') === 'cli' ? flags.data : undefined);
      const label = needed('--label', flags.label);
      const out = needed('--out', flags.out);
      await checkOut(out);
      const params = readParams(flags.params);
      const data = await trainingRows(path, label);
      say(`${data.rows} rows of ${data.features.length} features from ${path}`);
      const valid = flags.valid === undefined ? undefined : await trainingRows(flags.valid, label, data.features);
      if (valid !== undefined) say(`${valid.rows} valid rows from ${flags.valid}`);
      const trained = trainBoosting({
        data,
        ...(valid === undefined ? {} : { valid }),
        params,
        on_round({ round, rounds, figure }) {
          if ((round + 1) % Math.max(1, Math.ceil(rounds / LINES)) !== 0 && round + 1 !== rounds) return;
          const figure_text = figure === null ? '' : `, ${params.eval_metric} ${figure.toFixed(5)}`;
          say(`round ${round + 1} of ${rounds}${figure_text}`);
        },
      });
      try {
        await writeFile(out, boostingText(trained.document));
      } catch (cause) {
        throw new VitalsError('GV-CLI-002', 'the model cannot be written', out, { cause });
      }
      const { rounds, best_iteration, history } = trained;
      const figure = history[rounds - 1] ?? null;
      answer(
        { rounds, best_iteration, rounds_run: history.length || rounds, metric: params.eval_metric, figure, out },
        () =>
          figure === null
            ? `${rounds} rounds in ${out}`
            : `${rounds} rounds (best_iteration ${best_iteration}) with ${params.eval_metric} ${figure.toFixed(5)} in ${out}`,
      );
    });
  const audit = auditOf(command);
}

/** An hour of training must not end at a file that cannot be written. */
async function checkOut(out: string): Promise<void> {
  const there = await stat(out).catch(() => null);
  const problem = there?.isDirectory()
    ? new Error('it is a folder')
    : await access(there === null ? dirname(resolve(out)) : out, constants.W_OK).then(
        () => null,
        (error: Error) => error,
      );
  if (problem !== null) throw new VitalsError('GV-CLI-002', 'the model cannot be written', out, { cause: problem });
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0) return value;
  throw new VitalsError('GV-CLI-001', `${option} must be a number, 0 or more, not ${text}`, 'models train');
}

function triggerOf(text: string): Trigger {
  const trigger = TRIGGERS.find((one) => one === text);
  if (trigger !== undefined) return trigger;
  throw new VitalsError('GV-CLI-001', `--trigger must be one of ${TRIGGERS.join(', ')}, not ${text}`, 'models train');
}

function needed(option: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new VitalsError('GV-CLI-001', `${option} is missing`, 'models train');
}

function readParams(path: string | undefined): BoostingParams {
  if (path === undefined) return boostingParams.parse({});
  return checkedParams(xgboostParams, path);
}

/** What the file gives over the defaults of a training on what is stored, checked and otherwise as it is. */
function givenParams(path: string): Readonly<Record<string, unknown>> {
  checkedParams(boostingParams, path);
  return readJson(path) as Readonly<Record<string, unknown>>;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the parameters cannot be read as JSON', path, { cause });
  }
}

function checkedParams(schema: typeof boostingParams, path: string): BoostingParams {
  const parsed = schema.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path: at, message }) =>
    at.length === 0 ? message : `${at.join('.')}: ${message}`,
  );
  throw new VitalsError('GV-MDL-202', problems.join('; '), path);
}
