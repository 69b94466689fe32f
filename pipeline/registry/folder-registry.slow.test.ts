import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { settableClock } from '../clock.ts';
import { openFolderRegistry } from './folder-registry.ts';
import { registryLaws } from './registry-laws.fixture.ts';
import { BY, bundle, NOW } from './registry-under-test.fixture.ts';

describe('the folder registry, like every registry', () => {
  registryLaws(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-models-'));
    return {
      open: async (clock, tell) => openFolderRegistry({ folder, clock, tell }),
      spoilManifest: (version, text) => writeFile(join(folder, String(version), 'manifest.json'), text),
      spoilBytes: (version, bytes) => {
        const path = join(folder, String(version), 'bundle.json.gz');
        return bytes === null ? rm(path) : writeFile(path, bytes);
      },
      spoilAliases: (text) => writeFile(join(folder, 'aliases.json'), text),
      remove: () => rm(folder, { recursive: true }),
    };
  });
});

describe('the folder', () => {
  let parent: string;
  let folder: string;
  let registry: ModelRegistry;
  const told: unknown[] = [];

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'gpu-vitals-models-'));
    folder = join(parent, 'models');
    registry = openFolderRegistry({ folder, clock: settableClock(NOW), tell: (error) => told.push(error) });
    told.length = 0;
  });
  afterEach(async () => {
    await registry.close();
    await rm(parent, { recursive: true });
  });

  it('is laid out for people, and holds nothing else', async () => {
    await registry.put(bundle('one'), {});
    await registry.put(bundle('two'), {});
    await registry.setAlias('champion', 2, BY);
    expect((await readdir(folder)).sort()).toEqual(['1', '2', 'aliases.json']);
    expect((await readdir(join(folder, '2'))).sort()).toEqual(['bundle.json.gz', 'manifest.json']);
    expect(await readFile(join(folder, '2', 'bundle.json.gz'), 'utf8')).toBe('two');
    expect(await readFile(join(folder, 'aliases.json'), 'utf8')).toMatch(/\n {4}"champion": \{\n {6}"version": 2,/);
  });

  it('is not made by looking', async () => {
    for (const look of [
      () => registry.list(),
      () => registry.get(1),
      () => registry.get('champion'),
      () => registry.aliases(),
      () => registry.history(),
    ]) {
      await expect(look()).rejects.toMatchObject({ code: 'GV-MDL-105', where: folder });
    }
    expect(await readdir(parent)).toEqual([]);
  });

  it.each(['manifest.json', 'aliases.json'])('tells an empty %s as damage', async (name) => {
    await registry.put(bundle('one'), {});
    await registry.setAlias('champion', 1, BY);
    await writeFile(join(folder, name === 'aliases.json' ? name : join('1', name)), '');
    await expect(registry.get('champion')).rejects.toMatchObject({ code: 'GV-MDL-102' });
  });

  it('tells a version without a manifest, and does not take its number', async () => {
    await mkdir(join(folder, '4'), { recursive: true });
    await writeFile(join(folder, '4', 'bundle.json.gz'), 'x');
    expect(await registry.list()).toEqual([]);
    expect(told).toMatchObject([{ code: 'GV-MDL-102', message: expect.stringContaining('version 4') }]);
    await expect(registry.get(4)).rejects.toMatchObject({ code: 'GV-MDL-102' });
    expect(await registry.put(bundle('one'), {})).toMatchObject({ version: 5 });
  });

  it('passes over what is none of its own', async () => {
    await mkdir(join(folder, '01'), { recursive: true });
    await mkdir(join(folder, '.unfinished-abc'));
    await writeFile(join(folder, 'README.md'), 'x');
    expect(await registry.list()).toEqual([]);
    expect(told).toEqual([]);
    expect(await registry.put(bundle('one'), {})).toMatchObject({ version: 1 });
    expect((await readdir(folder)).sort()).toEqual(['.unfinished-abc', '01', '1', 'README.md']);
  });

  it('sweeps what a killed process left an hour ago', async () => {
    await mkdir(join(folder, '.unfinished-abc'), { recursive: true });
    await utimes(join(folder, '.unfinished-abc'), NOW / 1000 - 3_700, NOW / 1000 - 3_700);
    await registry.put(bundle('one'), {});
    expect(await readdir(folder)).toEqual(['1']);
  });

  it('takes over a lock that a killed process left', async () => {
    await registry.put(bundle('one'), {});
    await writeFile(join(folder, 'lock.json'), '{"pid":4194000,"started":"long ago"}');
    await registry.setAlias('champion', 1, BY);
    expect((await readdir(folder)).sort()).toEqual(['1', 'aliases.json']);
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('tells a folder that cannot be written', async () => {
    await mkdir(folder);
    await chmod(folder, 0o500);
    await expect(registry.put(bundle('one'), {})).rejects.toMatchObject({ code: 'GV-MDL-105', where: folder });
  });

  it('tells a path that is no folder', async () => {
    await writeFile(folder, 'x');
    await expect(registry.list()).rejects.toMatchObject({ code: 'GV-MDL-105', where: folder });
    await expect(registry.put(bundle('one'), {})).rejects.toMatchObject({ code: 'GV-MDL-105', where: folder });
    await expect(registry.get('champion')).rejects.toMatchObject({ code: 'GV-MDL-105', where: folder });
  });
});
