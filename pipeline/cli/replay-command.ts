import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { ANALYSIS_KEYS, analysisOf } from '../analysis.ts';
import { mergeAsset } from '../asset-merge.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { type ModelBook, NO_MODELS } from '../contract/failure-model.ts';
import { type DurationMs, parseDuration, parseInstant, seconds } from '../contract/time.ts';
import type { InputFormat } from '../replay/detect-format.ts';
import { runReplay } from '../replay/run-replay.ts';
import { readInventory } from '../roles/inventory.ts';
import { modelOf, openModelFolder, shippedModel } from '../shipped-model.ts';
import { type CommandContext, configured, contextOf } from './context.ts';

const KEYS: readonly ConfigKey[] = [...ANALYSIS_KEYS, 'price-book'];

interface ReplayFlags {
  readonly out: string;
  readonly format: InputFormat;
  readonly interval: DurationMs;
  readonly start: number;
  readonly node?: string;
  readonly assets?: string;
  readonly models?: string;
  readonly strict?: true;
}

/** `replay`: saved telemetry through the same topology, no services, JSONL out. */
export function addReplayCommand(program: Command): void {
  const command = configured(program.command('replay'), KEYS)
    .description('saved telemetry through the same topology, no services, JSONL out')
    .argument('<input...>', 'files, folders, or - for standard input; several are one capture')
    .requiredOption('--out <DIR>', 'folder for <table>.jsonl, dead_letters.jsonl and summary.json')
    .addOption(
      new Option('--format <format>', 'what the input is')
        .choices(['auto', 'prom', 'jsonl', 'csv', 'nvidia-smi'])
        .default('auto'),
    )
    .option(
      '--interval <duration>',
      'time between two .prom files of a node whose samples have no times; for the reference profile between two samples',
      durationArgument,
      seconds(10),
    )
    .option(
      '--start <instant>',
      "time of a node's first .prom file whose samples have no times",
      instantArgument,
      Date.UTC(2026, 0, 1),
    )
    .option('--node <NAME>', 'node of input that names none')
    .option('--assets <FILE.csv>', 'inventory')
    .option(
      '--models <DIR>',
      'model registry in a folder, whose champion foresees failures; shipped: the one that comes with this release; the heuristic without',
    )
    .option('--strict', 'exit 1 when anything was refused')
    .action(async (inputs: string[]) => {
      const context = contextOf(command, KEYS);
      const { loaded, say, answer } = context;
      const flags = command.opts<ReplayFlags>();
      if (inputs.filter((input) => input === '-').length > 1)
        throw new VitalsError('GV-CLI-001', 'standard input can be read once', '');
      const started = systemClock.monotonic();
      const summary = await runReplay({
        path: inputs,
        out: flags.out,
        format: flags.format,
        interval_ms: flags.interval,
        start_ms: flags.start,
        ...(flags.node === undefined ? {} : { node: flags.node }),
        // What the file does not date is registered when its GPU is first heard of.
        assets: readInventory(flags.assets ?? '').map((facts) => mergeAsset(undefined, facts, 0)),
        analysis: {
          ...analysisOf(loaded.values),
          reference_interval: command.getOptionValueSource('interval') === 'cli' ? flags.interval : null,
        },
        models: await replayModels(flags.models, context),
        prices: loadPriceBook(loaded.values['price-book'] || null),
        clock: systemClock,
        onProgress: (rows) => say(`${rows} rows`),
      });
      const took_s = (systemClock.monotonic() - started) / 1_000;
      say(
        `${summary.rows_accepted} rows in ${took_s.toFixed(1)} s, ${Math.round(summary.rows_accepted / took_s)} rows/s, into ${flags.out}`,
      );
      answer(summary, () => JSON.stringify(summary, null, 2));
      const refused = Object.values(summary.dead_letters).reduce((sum, n) => sum + n, 0);
      if (flags.strict && refused > 0)
        throw new VitalsError('GV-CLI-003', `${refused} records were refused`, flags.out);
    });
}

/** One model for the whole input: the champion of the folder given, or the one that is shipped; the heuristic without. */
async function replayModels(folder: string | undefined, { say, tell }: CommandContext): Promise<ModelBook> {
  if (folder === undefined) return NO_MODELS;
  if (folder === 'shipped') {
    const { model } = await shippedModel(systemClock, tell);
    return { at: () => model };
  }
  const registry = openModelFolder(folder, systemClock, tell);
  try {
    if ((await registry.aliases()).champion === undefined) {
      say(`${folder} has no champion: the heuristic foresees failures`);
      return NO_MODELS;
    }
    const { model } = await modelOf(registry, 'champion', '');
    return { at: () => model };
  } finally {
    await registry.close();
  }
}

function durationArgument(text: string): DurationMs {
  const value = parseDuration(text);
  if (value === null || value <= 0) throw new InvalidArgumentError('must be a duration such as 500ms 10s 5m 2h 7d');
  return value;
}

function instantArgument(text: string): number {
  const value = parseInstant(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('must be epoch ms or ISO 8601 such as 2026-01-01T00:00:00Z');
  return value;
}
