import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readBundle } from '../../models/prediction/bundle.ts';
import {
  BUNDLE_BYTES_MAX,
  type ModelManifest,
  type ModelManifestDraft,
  modelManifestDraft,
} from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { mlflowClient } from '../mlflow/mlflow-client.ts';
import { openFolderRegistry } from '../registry/folder-registry.ts';
import { openNatsRegistry } from '../registry/nats-registry.ts';
import { auditOf } from './audited.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { modelCard, modelTable } from './models-in-words.ts';
import { openBus } from './open-bus.ts';

export const REGISTRY_KEYS: readonly ConfigKey[] = ['nats'];
const KEYS = REGISTRY_KEYS;
const CHAMPION = 'champion';
/** What `export` writes beside the bundle, and `register` reads from there. */
const MANIFEST_SUFFIX = '.manifest.json';

/** `models list|show|promote|rollback|register|export`: the registry of a running system, or of a folder. */
export function addModelsRegistry(group: Command): void {
  const add = (name: string, description: string): Command =>
    configured(group.command(name), KEYS)
      .description(description)
      .option('--registry <dir>', 'a registry in this folder instead of that of the running system');

  const list = add('list', 'every version, with the aliases that point to it').action(async () => {
    const context = contextOf(list, KEYS);
    await withRegistry(list, context, async (registry) => {
      const [manifests, aliases] = [await registry.list(), await registry.aliases()];
      const items = manifests.map((manifest) => ({ ...manifest, aliases: aliasesOf(aliases, manifest.version) }));
      context.answer(items, () => modelTable(items));
    });
  });

  const show = add('show', 'one version: where it comes from, how good it is, its card')
    .argument('<model>', 'version or alias')
    .action(async (model: string) => {
      const context = contextOf(show, KEYS);
      await withRegistry(show, context, async (registry) => {
        const manifest = await registry.manifest(model);
        const aliases = aliasesOf(await registry.aliases(), manifest.version);
        const history = (await registry.history()).filter(
          ({ from, to }) => from === manifest.version || to === manifest.version,
        );
        context.answer({ ...manifest, aliases, history }, () => modelCard({ ...manifest, aliases }, history));
      });
    });

  const promote = add(
    'promote',
    'points an alias to a version; all workers change over 10 seconds later, at the same row',
  )
    .argument('<model>', 'version, or another alias')
    .option('--alias <alias>', 'which alias', CHAMPION)
    .option('--why <text>', 'for the history', '')
    .action(async (model: string) => {
      const context = contextOf(promote, KEYS);
      const { alias, why } = promote.opts<{ alias: string; why: string }>();
      await withRegistry(promote, context, async (registry, bus) => {
        const manifest = await registry.manifest(model);
        const before = (await registry.aliases())[alias] ?? null;
        await auditPromote(
          bus,
          () => ({ target: alias, detail: JSON.stringify({ version: manifest.version, before, why }) }),
          () => registry.setAlias(alias, manifest.version, { by: whoAmI(), why }),
        );
        await mirror(context, alias, manifest);
        const { version } = manifest;
        context.answer({ alias, version, before }, () => `${alias} is version ${version}${was(before, version)}`);
      });
    });
  const auditPromote = auditOf(promote);

  const rollback = add('rollback', 'points an alias to the version that it had before; again: one further back')
    .option('--alias <alias>', 'which alias', CHAMPION)
    .option('--why <text>', 'for the history', '')
    .action(async () => {
      const context = contextOf(rollback, KEYS);
      const { alias, why } = rollback.opts<{ alias: string; why: string }>();
      await withRegistry(rollback, context, async (registry, bus) => {
        const before = (await registry.aliases())[alias] ?? null;
        const version = await auditRollback(
          bus,
          (done) => ({ target: alias, detail: JSON.stringify({ version: done, before, why }) }),
          () => registry.rollback(alias, { by: whoAmI(), why }),
        );
        await mirror(context, alias, await registry.manifest(version));
        context.answer({ alias, version, before }, () => `${alias} is version ${version}${was(before, version)}`);
      });
    });
  const auditRollback = auditOf(rollback);

  const register = add('register', 'stores a bundle as the next version; no alias points to it yet')
    .argument('<file>', `bundle; what ${MANIFEST_SUFFIX} beside it says comes with it`)
    .option('--note <text>', 'for the manifest')
    .action(async (file: string) => {
      const context = contextOf(register, KEYS);
      const { note } = register.opts<{ note?: string }>();
      const bytes = await readInput(file);
      // What no worker could read must not become a version that can be promoted.
      readBundle(bytes, resolve(file));
      const said = await readManifest(file + MANIFEST_SUFFIX);
      await withRegistry(register, context, async (registry, bus) => {
        const manifest = await auditRegister(
          bus,
          (done) => ({ target: file, detail: JSON.stringify({ version: done?.version, sha256: done?.sha256, note }) }),
          () => registry.put(bytes, { ...said, ...(note !== undefined && { note }) }),
        );
        context.answer(manifest, () => `version ${manifest.version}, ${manifest.size_bytes} bytes`);
      });
    });
  const auditRegister = auditOf(register);

  const take = add('export', 'writes the bundle of a version to a file, and its manifest beside it')
    .argument('<model>', 'version or alias')
    .argument('<file>', 'the bundle; the manifest goes to the same name with .manifest.json')
    .action(async (model: string, file: string) => {
      const context = contextOf(take, KEYS);
      await withRegistry(take, context, async (registry) => {
        const { manifest, bytes } = await registry.get(model);
        await writeOutput(file, bytes);
        await writeOutput(file + MANIFEST_SUFFIX, `${JSON.stringify(manifest, null, 2)}\n`);
        const { version, size_bytes, sha256 } = manifest;
        context.answer(
          { version, file, size_bytes, sha256 },
          () => `version ${version} in ${file}, ${size_bytes} bytes`,
        );
      });
    });
}

/** With the registry that a command is about: of a folder, which has no bus, or of the running system. */
export async function withRegistry(
  command: Command,
  context: CommandContext,
  run: (registry: ModelRegistry, bus: Bus | null) => Promise<void>,
): Promise<void> {
  const { registry: folder } = command.opts<{ registry?: string }>();
  const parts = { clock: systemClock, tell: context.tell };
  if (folder !== undefined) {
    await run(openFolderRegistry({ folder, ...parts }), null);
    return;
  }
  const bus = await openBus(context.loaded.values, 'models');
  try {
    await run(await openNatsRegistry({ bus, ...parts }), bus);
  } finally {
    await bus.close();
  }
}

/** MLflow's alias too, where there is an MLflow; that it cannot follow is only told. */
async function mirror(context: CommandContext, alias: string, model: ModelManifest): Promise<void> {
  const client = mlflowClient({ env: process.env, clock: systemClock, tell: context.tell });
  if (client === null) return;
  await client.mirrorAlias({ name: model.name, alias, model });
  await client.close();
}

const aliasesOf = (aliases: Readonly<Record<string, number>>, version: number): string[] =>
  Object.keys(aliases).filter((alias) => aliases[alias] === version);

function was(before: number | null, now: number): string {
  if (before === null) return '';
  return before === now ? ', as before' : `, before it was version ${before}`;
}

function whoAmI(): string {
  try {
    return `${userInfo().username} on the command line`;
  } catch {
    return 'the command line';
  }
}

async function readInput(file: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= BUNDLE_BYTES_MAX) return bytes;
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the bundle cannot be read', resolve(file), { cause });
  }
  throw new VitalsError('GV-MDL-103', `a bundle has at most ${BUNDLE_BYTES_MAX} bytes`, resolve(file));
}

/** What an exported manifest says of the model itself; nothing when there is none. The versions of another registry mean nothing here. */
async function readManifest(file: string): Promise<ModelManifestDraft> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new VitalsError('GV-CLI-002', 'the manifest beside the bundle cannot be read', file, { cause });
  }
  try {
    return { ...modelManifestDraft.parse(JSON.parse(text)), parent_version: null };
  } catch (cause) {
    throw new VitalsError('GV-MDL-103', 'the manifest beside the bundle is not valid', file, { cause });
  }
}

async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the model cannot be written', resolve(file), { cause });
  }
}
