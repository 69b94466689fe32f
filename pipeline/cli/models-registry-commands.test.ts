import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { settableClock } from '../clock.ts';
import { openFolderRegistry } from '../registry/folder-registry.ts';
import { smallBundle } from './bundle.fixture.ts';
import { runModels } from './models-commands.fixture.ts';

let parent: string;
let folder: string;
let file: string;
let registry: ModelRegistry;

const run = (...args: string[]) => runModels(...args, '--registry', folder);
const json = async (...args: string[]): Promise<unknown> => JSON.parse((await run(...args, '--json')).out);

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'gpu-vitals-models-'));
  folder = join(parent, 'models');
  file = join(parent, 'bundle');
  await writeFile(file, smallBundle(0));
  const clock = settableClock(Date.UTC(2026, 0, 2));
  registry = openFolderRegistry({
    folder,
    clock,
    tell: (error) => {
      throw error;
    },
  });
});
afterEach(() => rm(parent, { recursive: true }));

/** Three versions, told about as a training would. */
async function three(): Promise<void> {
  for (const version of [1, 2, 3]) {
    await registry.put(smallBundle(version), {
      trained_on: version === 3 ? 'simulated' : 'real',
      metrics: { auc: 0.9 + version / 100, recall: 0.512345 },
      lineage: { data_from: 0, data_to: 86_400_000, rows: 1_000, commit: 'abc', params: { eta: 0.05 } },
      card: version === 3 ? '# Card\n\nOf the third.' : '',
      parent_version: version === 1 ? null : version - 1,
      note: `number ${version}`,
    });
  }
}

describe('models list', () => {
  it('is a table for people', async () => {
    await three();
    await run('promote', '2');
    await run('promote', '3', '--alias', 'challenger');
    expect((await run('list')).out.split('\n')).toEqual([
      'version  aliases     name                created                   trained on  rows  metrics                  note',
      '1                    failure-prediction  2026-01-02T00:00:00.000Z  real        1000  auc 0.91, recall 0.5123  number 1',
      '2        champion    failure-prediction  2026-01-02T00:00:00.000Z  real        1000  auc 0.92, recall 0.5123  number 2',
      '3        challenger  failure-prediction  2026-01-02T00:00:00.000Z  simulated   1000  auc 0.93, recall 0.5123  number 3',
      '',
    ]);
    expect(await json('list')).toMatchObject([
      { version: 1, aliases: [] },
      { version: 2, aliases: ['champion'] },
      { version: 3, aliases: ['challenger'] },
    ]);
  });

  it('lists what can be read, and tells the rest', async () => {
    await three();
    await writeFile(join(folder, '2', 'manifest.json'), '{');
    const { out, err } = await run('list', '--json');
    expect((JSON.parse(out) as { version: number }[]).map(({ version }) => version)).toEqual([1, 3]);
    expect(JSON.parse(err)).toMatchObject({ code: 'GV-MDL-102' });
  });
});

describe('models show', () => {
  it('says where a version comes from, and what became of it', async () => {
    await three();
    await run('promote', '3', '--why', 'better recall');
    await run('promote', '2');
    const { out } = await run('show', '3');
    for (const line of [
      /^version {3,}3$/m,
      /^trained on +simulated fleets only$/m,
      /^follows +version 2$/m,
      /^data +1970-01-01T00:00:00.000Z to 1970-01-02T00:00:00.000Z$/m,
      /^rows +1000$/m,
      /^commit +abc$/m,
      /^parameters +\{"eta":0.05\}$/m,
      /^metric auc +0.93$/m,
      /^history +\S+ champion none -> 3 by .+: better recall$/m,
      /^history +\S+ champion 3 -> 2 by /m,
      /\n\n# Card\n\nOf the third.\n$/,
    ]) {
      expect(out).toMatch(line);
    }
    expect(out).not.toMatch(/^(gpus|seed)/m);
    expect(await json('show', 'champion')).toMatchObject({ version: 2, aliases: ['champion'], history: [{ from: 3 }] });
  });
});

describe('models promote and rollback', () => {
  it('move the champion forth and back', async () => {
    await three();
    expect((await run('promote', '1')).out).toBe('champion is version 1\n');
    expect((await run('promote', '2')).out).toBe('champion is version 2, before it was version 1\n');
    expect((await run('promote', '2')).out).toBe('champion is version 2, as before\n');
    await run('promote', '3', '--alias', 'challenger');
    expect(await json('promote', 'challenger', '--why', 'it won')).toEqual({
      alias: 'champion',
      version: 3,
      before: 2,
    });
    expect(await json('rollback', '--why', 'false alarms')).toEqual({ alias: 'champion', version: 2, before: 3 });
    expect((await run('rollback')).out).toBe('champion is version 1, before it was version 2\n');
    await expect(run('rollback')).rejects.toMatchObject({ code: 'GV-MDL-104' });
    await expect(run('rollback', '--alias', 'shadow')).rejects.toMatchObject({ code: 'GV-MDL-104' });
    const history = await registry.history();
    expect(history.map(({ why }) => why)).toEqual(['', '', '', 'it won', 'false alarms', '']);
    expect(history[0]?.by).toMatch(/command line$/);
  });

  it.each([
    ['a version that is not there', ['promote', '9'], 'GV-MDL-101'],
    ['an alias that is none', ['promote', '1', '--alias', 'The Best'], 'GV-MDL-103'],
    ['an alias that is not there', ['show', 'champion'], 'GV-MDL-101'],
  ])('refuse %s', async (_, args, code) => {
    await three();
    await expect(run(...args)).rejects.toMatchObject({ code });
    expect(await registry.aliases()).toEqual({});
  });

  it('do not make a registry where there is none', async () => {
    await expect(run('promote', '1')).rejects.toMatchObject({ code: 'GV-MDL-105', where: folder });
  });
});

describe('models register and export', () => {
  it('store a file as it is, with a note', async () => {
    const bytes = smallBundle(0);
    const size_bytes = bytes.length;
    expect((await run('register', file, '--note', 'by hand')).out).toBe(`version 1, ${size_bytes} bytes\n`);
    expect(await registry.get(1)).toMatchObject({
      manifest: { note: 'by hand', trained_on: 'unknown', size_bytes },
      bytes,
    });
  });

  it('bring a model with all that is known of it to another registry', async () => {
    await three();
    await run('promote', '3');
    const out = join(parent, 'exported');
    expect(await json('export', 'champion', out)).toMatchObject({ version: 3, file: out });
    expect(await readFile(out)).toEqual(smallBundle(3));
    const elsewhere = join(parent, 'elsewhere');
    await runModels('register', out, '--registry', elsewhere);
    const other = openFolderRegistry({ folder: elsewhere, clock: settableClock(0), tell: () => undefined });
    expect(await other.manifest(1)).toEqual({ ...(await registry.manifest(3)), version: 1, parent_version: null });
  });

  it.each([
    ['a file that is not there', 'GV-CLI-002', () => rm(file)],
    ['an empty file', 'GV-MDL-304', () => writeFile(file, '')],
    ['a bundle cut short', 'GV-MDL-304', () => writeFile(file, smallBundle(0).subarray(0, 200))],
    ['an XGBoost model', 'GV-MDL-304', () => writeFile(file, '{"learner":{},"version":[2,1,4]}')],
    ['a manifest that is none', 'GV-MDL-103', () => writeFile(`${file}.manifest.json`, '{"metrics":7}')],
  ])('refuse %s', async (_, code, spoil) => {
    await spoil();
    await expect(run('register', file)).rejects.toMatchObject({ code });
    await expect(registry.list()).rejects.toMatchObject({ code: 'GV-MDL-105' });
  });

  it('tell a file that cannot be written', async () => {
    await three();
    await expect(run('export', '1', join(parent, 'no', 'such', 'file'))).rejects.toMatchObject({ code: 'GV-CLI-002' });
  });
});
