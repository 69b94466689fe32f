import type { Command } from 'commander';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { rowExport } from '../../sinks/questdb/export-rows.ts';
import { rowImport } from '../../sinks/questdb/import-rows.ts';
import { backUp } from '../backup/back-up.ts';
import { allFiles } from '../backup/manifest.ts';
import { restore } from '../backup/restore.ts';
import { AUDIT_STREAM } from '../bus/ensure-streams.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import { minutes, seconds } from '../contract/time.ts';
import { effectiveConfig } from '../effective-config.ts';
import { questdbAddress } from '../roles/addresses.ts';
import { snapshotFolder } from '../roles/engine-sinks.ts';
import { VERSION } from '../roles/version.ts';
import { auditOf } from './audited.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { openBus } from './open-bus.ts';

const KEYS: readonly ConfigKey[] = ['nats', 'questdb', 'questdb-pg'];

/** `backup DIR` and `restore DIR`: streams, buckets, tables, snapshots and configuration of an installation. */
export function addBackupCommands(program: Command): void {
  const save = configured(program.command('backup'), KEYS)
    .description('saves streams, models, keys, tables and snapshots, while everything runs')
    .argument('<dir>', 'an empty folder, or one that does not exist')
    .action(async (dir: string) => {
      const context = contextOf(save, KEYS);
      const manifest = await withParts(context, async ({ bus, database, http }) => {
        const rows = rowExport(http);
        try {
          return await backUp({
            ...{ dir, bus, database, rows, clock: systemClock, release: VERSION, say: context.say },
            snapshots: snapshotFolder(context.loaded.values),
            config: effectiveConfig(context.loaded).map(({ option, value, origin }) => ({ option, value, origin })),
          });
        } finally {
          await rows.close();
        }
      });
      const told = summary(manifest);
      context.answer({ dir, ...told }, () => `${dir}: ${inWords(told)}`);
    });

  const bring = configured(program.command('restore'), KEYS)
    .description('brings a backup back into an empty installation')
    .argument('<dir>', 'what `backup` has written')
    .option('--force', 'take away what is there')
    .option('--replicas <n>', 'copies of every stream, for a cluster of another size')
    .action(async (dir: string) => {
      const context = contextOf(bring, KEYS);
      const given = bring.opts<{ force?: true; replicas?: string }>();
      if (given.replicas !== undefined && !/^[135]$/.test(given.replicas)) {
        throw new VitalsError('GV-CLI-001', `--replicas must be 1, 3 or 5, not ${given.replicas}`, '');
      }
      const manifest = await withParts(context, async ({ bus, database, http }) => {
        const rows = rowImport(http);
        try {
          const force = given.force === true;
          const replicas = given.replicas === undefined ? null : Number(given.replicas);
          return await audit(
            bus,
            (done) => ({ target: dir, detail: JSON.stringify({ force, replicas, ...(done && summary(done)) }) }),
            () =>
              restore({
                ...{ dir, bus, database, rows, say: context.say, force, replicas },
                snapshots: snapshotFolder(context.loaded.values),
              }),
          );
        } finally {
          await rows.close();
        }
      });
      const told = summary(manifest);
      context.answer({ dir, ...told }, () => `restored: ${inWords(told)}`);
    });
  // A trail that is made for a failure would stay, and that of the backup would not be brought back.
  const audit = auditOf(bring, (bus) =>
    bus.streamState(AUDIT_STREAM).then(
      ({ messages }) => messages > 0,
      () => false,
    ),
  );
}

type Summary = ReturnType<typeof summary>;

const summary = (manifest: Awaited<ReturnType<typeof backUp>>) => ({
  made_by: manifest.made_by,
  made_at: new Date(manifest.started_at).toISOString(),
  streams: Object.fromEntries(manifest.streams.map(({ name, messages }) => [name, messages])),
  tables: Object.fromEntries(manifest.tables.map(({ name, rows }) => [name, rows])),
  snapshots: manifest.snapshots.length,
  bytes: allFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
});

function inWords({ streams, tables, snapshots, bytes }: Summary): string {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, one) => total + one, 0);
  return `${sum(streams)} messages, ${sum(tables)} rows, ${snapshots} snapshots, ${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

async function withParts<T>(
  context: CommandContext,
  run: (parts: { readonly bus: Bus; readonly database: Database; readonly http: string }) => Promise<T>,
): Promise<T> {
  const config = context.loaded.values;
  const { http, pg } = await questdbAddress(config);
  const bus = await openBus(config, 'backup');
  const database = connectDatabase({
    url: pg,
    pool_size: 1,
    statement_timeout: minutes(10),
    connect_timeout: seconds(5),
  });
  try {
    return await run({ bus, database, http });
  } finally {
    await database.close();
    await bus.close();
  }
}
