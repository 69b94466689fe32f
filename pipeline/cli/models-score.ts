import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { packBundle } from '../../models/prediction/bundle.ts';
import { importTrees } from '../../models/prediction/import-trees.ts';
import { csvRows } from '../csv-rows.ts';
import { describeModel, plainDocument, readModelFile } from '../model-file.ts';
import { scoreRows } from '../score-rows.ts';
import { configured, contextOf } from './context.ts';
import { REGISTRY_KEYS, withRegistry } from './models-registry-commands.ts';

/** `models score MODEL ROWS.csv`: any XGBoost model against a CSV, no services, JSON lines out. */
export function addModelsScore(group: Command): void {
  const command = configured(group.command('score'), [])
    .description('scores the rows of a CSV with an XGBoost model, one JSON line a row')
    .argument('<model>', 'XGBoost model, .json or .ubj')
    .argument('<rows>', 'CSV with a header that names the features; empty cells are missing; - for standard input')
    .option('--margin', 'also the margin, before the transform of the objective')
    .option('--contributions', 'also the contribution of each feature to the margin (exact TreeSHAP)')
    .action(async (file: string, rows: string) => {
      const { say } = contextOf(command, []);
      const { margin = false, contributions = false } = command.opts<{ margin?: true; contributions?: true }>();
      const { model } = await readModelFile(file);
      await writeOut(scoreRows({ model, rows: csvRows(rows), where: rows, margin, contributions, note: say }));
    });
}

/** `models import FILE`: checks a model file and says what it is; with --register it becomes a version of the registry. */
export function addModelsImport(group: Command): void {
  const command = configured(group.command('import'), REGISTRY_KEYS)
    .description('checks an XGBoost model file and says what it is; with --register it can be promoted')
    .argument('<file>', 'XGBoost model, .json or .ubj')
    .option(
      '--register',
      'stores it as the next version: binary:logistic, a failure within 30 days from features of ours',
    )
    .option('--registry <dir>', 'a registry in this folder instead of that of the running system')
    .addOption(
      new Option('--trained-on <what>', 'what it learned from').choices(['real', 'simulated', 'mixed']).default('real'),
    )
    .action(async (file: string) => {
      const context = contextOf(command, REGISTRY_KEYS);
      const { answer } = context;
      const { model, bytes } = await readModelFile(file);
      const told = describeModel(model);
      const { register = false, trainedOn } = command.opts<{
        register?: true;
        trainedOn: 'real' | 'simulated' | 'mixed';
      }>();
      if (register) {
        const bundle = importTrees(plainDocument(bytes, file), { trained_on: trainedOn, where: file });
        await withRegistry(command, context, async (registry) => {
          const manifest = await registry.put(packBundle(bundle), {
            name: bundle.name,
            trained_on: trainedOn,
            note: `imported from ${basename(file)}`,
          });
          answer(
            { ...told, version: manifest.version },
            () => `version ${manifest.version}: ${told.trees} trees over ${told.features} features`,
          );
        });
        return;
      }
      const { objective, trees, deepest, nodes, features, outputs } = told;
      answer(
        told,
        () =>
          `${objective}: ${trees} trees up to ${deepest} deep, ${nodes} nodes, ${features} features, outputs: ${outputs}`,
      );
    });
}

/** Text to stdout no faster than it is taken; a reader that has enough, such as head, ends it quietly. */
async function writeOut(texts: AsyncIterable<string>): Promise<void> {
  const { stdout } = process;
  let failure: NodeJS.ErrnoException | null = null;
  let goOn = (): void => {};
  stdout.on('error', (error) => {
    failure = error;
    goOn();
  });
  stdout.on('drain', () => goOn());
  const failed = (): NodeJS.ErrnoException | null => failure;
  for await (const text of texts) {
    const taken = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    if (!stdout.write(text) && failed() === null) await taken;
    if (failed() !== null) break;
  }
  const error = failed();
  if (error !== null && error.code !== 'EPIPE') throw error;
}
