import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { packBundle } from '../../models/prediction/bundle.ts';
import { importTrees } from '../../models/prediction/import-trees.ts';
import { VitalsError } from '../contract/errors.ts';
import { csvRows } from '../csv-rows.ts';
import { describeModel, plainDocument, readModelFile } from '../model-file.ts';
import { scoreRows } from '../score-rows.ts';
import { auditOf } from './audited.ts';
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

/** `models import FILE`: an XGBoost model becomes a version of the registry; with --check it is only looked at. */
export function addModelsImport(group: Command): void {
  const command = configured(group.command('import'), REGISTRY_KEYS)
    .description('stores an XGBoost model as the next version; no alias points to it yet')
    .argument('<file>', 'binary:logistic, a failure within 30 days from features of ours, .json or .ubj')
    .option('--check', 'only says what the file is, for any XGBoost model; needs no running system')
    // What it was before that became the rule.
    .addOption(new Option('--register').hideHelp().conflicts('check'))
    .option('--registry <dir>', 'a registry in this folder instead of that of the running system')
    .addOption(
      new Option('--trained-on <what>', 'what it learned from').choices(['real', 'simulated', 'mixed']).default('real'),
    )
    .action(async (file: string) => {
      const context = contextOf(command, REGISTRY_KEYS);
      const { answer } = context;
      const { model, bytes } = await readModelFile(file);
      const told = describeModel(model);
      const { check = false, trainedOn } = command.opts<{
        check?: true;
        trainedOn: 'real' | 'simulated' | 'mixed';
      }>();
      if (check) {
        const { objective, trees, deepest, nodes, features, outputs } = told;
        answer(
          told,
          () =>
            `${objective}: ${trees} trees up to ${deepest} deep, ${nodes} nodes, ${features} features, outputs: ${outputs}`,
        );
        return;
      }
      const bundle = importTrees(plainDocument(bytes, file), { trained_on: trainedOn, where: file });
      await withRegistry(command, context, async (registry, bus) => {
        const { version } = await audit(
          bus,
          (done) => ({ target: file, detail: JSON.stringify({ version: done?.version, trained_on: trainedOn }) }),
          () =>
            registry.put(packBundle(bundle), {
              name: bundle.name,
              trained_on: trainedOn,
              note: `imported from ${basename(file)}`,
            }),
        );
        answer(
          { ...told, version },
          () =>
            `version ${version}: ${told.trees} trees over ${told.features} features; \`models promote ${version}\` lets it judge`,
        );
      }).catch((error: unknown) => {
        throw error instanceof VitalsError && error.code === 'GV-BUS-001' ? nowhereToStore(error) : error;
      });
    });
  const audit = auditOf(command);
}

const nowhereToStore = (cause: VitalsError): VitalsError =>
  new VitalsError('GV-BUS-001', 'there is no running system to store the model in', cause.where, {
    action:
      'Start one with `gpu-vitals up`, name its folder with --data or its NATS with --nats, or give a folder with --registry; --check only looks at the file.',
    cause,
  });

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
