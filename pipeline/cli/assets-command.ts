import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { formatAssetsCsv } from '../asset-csv.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { seconds } from '../contract/time.ts';
import { type InventoryParts, importAssets, readAssets } from '../inventory.ts';
import { questdbAddress } from '../roles/addresses.ts';
import { readInventoryFile } from '../roles/inventory.ts';
import { auditOf } from './audited.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { openBus } from './open-bus.ts';

const KEYS: readonly ConfigKey[] = ['nats', 'questdb', 'questdb-pg'];
const DATABASE = { pool_size: 1, statement_timeout: seconds(60), connect_timeout: seconds(3) };

/** `assets import|export`: the inventory from and to CSV, of a running system or of the services given. */
export function addAssetsCommand(program: Command): void {
  const group = program.command('assets').description('inventory');

  const bring = configured(group.command('import'), KEYS)
    .description('brings a CSV into the inventory; columns that it does not have stay as they are')
    .argument('<file>', 'CSV with the columns of gpu_assets as header, times ISO; - for standard input')
    .option('--partial', 'import the good rows when others are bad')
    .action(async (file: string) => {
      const context = contextOf(bring, KEYS);
      const partial = bring.opts<{ partial?: true }>().partial === true;
      const { rows, problems } = readInventoryFile(file);
      if (problems.length > 0 && (!partial || rows.length === 0)) {
        throw new VitalsError('GV-CLI-002', `nothing was imported: ${problems.join('; ')}`, file, {
          action: partial ? 'Mend the file.' : 'Mend the file, or import its good rows with --partial.',
        });
      }
      for (const problem of problems) context.say(`left out: ${problem}`);
      const result = await withParts(context, (parts) =>
        audit(
          parts.bus,
          (done) => ({ target: file, detail: JSON.stringify({ rows: rows.length, partial, ...done }) }),
          () => importAssets(parts, rows, systemClock.now()),
        ),
      );
      context.answer(
        { ...result, problems },
        () => `${result.added} assets new, ${result.changed} changed, ${result.unchanged} as before`,
      );
    });
  const audit = auditOf(bring);

  const take = configured(group.command('export'), KEYS)
    .description('writes the whole inventory as CSV')
    .argument('<file>', '- for standard output')
    .action(async (file: string) => {
      const context = contextOf(take, KEYS);
      const assets = await withParts(context, readAssets);
      const text = formatAssetsCsv(assets);
      if (file === '-') {
        process.stdout.write(text);
        return;
      }
      try {
        writeFileSync(file, text);
      } catch (cause) {
        throw new VitalsError('GV-CLI-002', 'the inventory cannot be written', file, { cause });
      }
      context.answer({ assets: assets.length, file }, () => `${assets.length} assets in ${file}`);
    });
}

async function withParts<T>(context: CommandContext, run: (parts: InventoryParts) => Promise<T>): Promise<T> {
  const config = context.loaded.values;
  const { pg } = await questdbAddress(config);
  const bus = await openBus(config, 'assets');
  const database = connectDatabase({ url: pg, ...DATABASE });
  try {
    return await run({ bus, database });
  } finally {
    await database.close();
    await bus.close();
  }
}
