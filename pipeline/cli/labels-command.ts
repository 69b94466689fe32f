import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { allAssets } from '../../sinks/questdb/read-assets.ts';
import { readLabels } from '../../sinks/questdb/read-labels.ts';
import { writeLabels } from '../../sinks/questdb/write-labels.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import { seconds } from '../contract/time.ts';
import { formatLabelsCsv, labelsOf, parseLabelsCsv, problemText } from '../labels/label-csv.ts';
import { readSuggestions } from '../labels/read-suggestions.ts';
import { questdbAddress } from '../roles/addresses.ts';
import { auditOf } from './audited.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { openBus } from './open-bus.ts';

const KEYS: readonly ConfigKey[] = ['questdb', 'questdb-pg'];
/** What is changed is written down in NATS. */
const IMPORT_KEYS: readonly ConfigKey[] = ['nats', ...KEYS];
const DATABASE = { pool_size: 2, statement_timeout: seconds(60), connect_timeout: seconds(3) };

/** `labels import|export|suggest`: failures that happened, from and to CSV, and those that seem to have. */
export function addLabelsCommand(program: Command): void {
  const group = program
    .command('labels')
    .description('failures that happened, for training and for judging predictions');

  const bring = configured(group.command('import'), IMPORT_KEYS)
    .description('brings failures from a CSV; one of the same GPU and instant is changed')
    .argument(
      '<file>',
      'CSV with gpu_uuid, failed_at (ISO), type and perhaps source, note, status; - for standard input',
    )
    .option('--partial', 'import the good rows when others are bad')
    .action(async (file: string) => {
      const context = contextOf(bring, IMPORT_KEYS);
      const partial = bring.opts<{ partial?: true }>().partial === true;
      const table = parseLabelsCsv(readText(file));
      const { stored, problems } = await withDatabaseAndBus(context, async (database, bus) => {
        await prepareDatabase(database);
        const nodes = new Map((await allAssets(database)).map(({ gpu_uuid, node }) => [gpu_uuid, node]));
        const { labels, problems } = labelsOf(table, nodes, await latestInstant(database));
        if (problems.length > 0 && (!partial || labels.length === 0)) {
          throw new VitalsError('GV-CLI-002', `nothing was imported: ${problems.map(problemText).join('; ')}`, file, {
            action: partial ? 'Mend the file.' : 'Mend the file, or import its good rows with --partial.',
          });
        }
        await audit(
          bus,
          () => ({ target: file, detail: JSON.stringify({ failures: labels.length, partial }) }),
          () => writeLabels(database, labels),
        );
        return { stored: labels.length, problems };
      });
      for (const problem of problems) context.say(`left out: ${problemText(problem)}`);
      context.answer({ stored, problems }, () => `${stored} failures stored`);
    });
  const audit = auditOf(bring);

  const take = configured(group.command('export'), KEYS)
    .description('writes all failures as CSV')
    .argument('<file>', '- for standard output')
    .action(async (file: string) => {
      const context = contextOf(take, KEYS);
      const labels = await withDatabase(context, readLabels);
      const text = formatLabelsCsv(labels.toReversed());
      if (file === '-') {
        process.stdout.write(text);
        return;
      }
      try {
        writeFileSync(file, text);
      } catch (cause) {
        throw new VitalsError('GV-CLI-002', 'the failures cannot be written', file, { cause });
      }
      context.answer({ labels: labels.length, file }, () => `${labels.length} failures in ${file}`);
    });

  const suggest = configured(group.command('suggest'), KEYS)
    .description('prints what seem to have been failures as CSV with status suggested: set it, then import')
    .action(async () => {
      const context = contextOf(suggest, KEYS);
      const found = await withDatabase(context, readSuggestions);
      const items = found.map((one) => ({ ...one, status: 'suggested' as const }));
      context.answer(
        { items: items.map((one) => ({ ...one, failed_at: new Date(one.failed_at).toISOString() })) },
        () => formatLabelsCsv(items),
      );
    });
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the failures cannot be read', path, { cause });
  }
}

/** The later of wall and event time: a simulated fleet may be ahead. */
async function latestInstant(database: Database): Promise<number> {
  const [newest] = await database.query<{ ts: number | null }>('SELECT max(ts) AS ts FROM gpu_metrics');
  return Math.max(systemClock.now(), newest?.ts ?? 0);
}

/** The bus first: nothing is changed where it cannot be written down. */
async function withDatabaseAndBus<T>(
  context: CommandContext,
  run: (database: Database, bus: Bus) => Promise<T>,
): Promise<T> {
  const bus = await openBus(context.loaded.values, 'labels');
  try {
    return await withDatabase(context, (database) => run(database, bus));
  } finally {
    await bus.close();
  }
}

async function withDatabase<T>(context: CommandContext, run: (database: Database) => Promise<T>): Promise<T> {
  const { pg } = await questdbAddress(context.loaded.values);
  const database = connectDatabase({ url: pg, ...DATABASE });
  try {
    return await run(database);
  } finally {
    await database.close();
  }
}
