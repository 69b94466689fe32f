import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelRegistry } from '../models/registry/model-registry.ts';
import { settableClock } from './clock.ts';
import type { FailureModel } from './contract/failure-model.ts';
import { type ModelDeskOptions, modelDesk } from './model-desk.ts';
import { ModelVersions } from './model-versions.ts';
import { openFolderRegistry } from './registry/folder-registry.ts';

const clock = settableClock(1_767_225_600_000);
const tell = (error: unknown): void => {
  throw error;
};
const model = (version: string): FailureModel => ({
  name: 'm',
  version,
  carried_width: 0,
  judge: () => {
    throw new Error('nobody asks');
  },
});
const REQUEST = { alias: 'champion', by: 'test', why: '' };

let folder: string;
let runs = 0;
let registry: ModelRegistry;
let shipped: ModelRegistry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-desk-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  runs++;
  registry = openFolderRegistry({ folder: join(folder, `${runs}`), clock, tell });
  shipped = openFolderRegistry({ folder: join(folder, `${runs}-shipped`), clock, tell });
  for (const note of ['one', 'two']) await registry.put(Buffer.from(note), { name: 'm', note, trained_on: 'real' });
});

function deskOf(changes: Partial<ModelDeskOptions> = {}) {
  const moves: unknown[] = [];
  const desk = modelDesk({
    registry,
    shipped,
    base: 'heuristic',
    judging: () => ({ champion: null, challenger: null, challenger_share: 0 }),
    onMove: (alias, name, to) => moves.push([alias, name, to?.version ?? null]),
    ...changes,
  });
  const ratios = async () => (await desk.list()).map(({ version, judges_ratio }) => [version, judges_ratio]);
  return { desk, moves, ratios };
}

describe('model desk', () => {
  it('says who judges: the heuristic, a champion, a challenger its share', async () => {
    const versions = new ModelVersions({ base: null, share: 0.2 });
    const { ratios } = deskOf({ judging: () => versions.judging(clock.now()) });
    expect(await ratios()).toEqual([
      ['1', 0],
      ['2', 0],
      ['heuristic', 1],
    ]);
    versions.put('champion', model('1'), clock.now());
    expect(await ratios()).toEqual([
      ['1', 1],
      ['2', 0],
      ['heuristic', 0],
    ]);
    versions.put('challenger', model('2'), clock.now());
    expect(await ratios()).toEqual([
      ['1', 0.8],
      ['2', 0.2],
      ['heuristic', 0],
    ]);
    versions.put('champion', model('2'), clock.now() + 10_000);
    expect((await ratios())[0]).toEqual(['1', 0.8]);
  });

  it('lists what is shipped, which judges where it is configured and nobody is promoted', async () => {
    await shipped.put(Buffer.from('shipped'), { name: 'm', trained_on: 'simulated' });
    expect(await deskOf().ratios()).toHaveLength(3);
    await shipped.setAlias('champion', 1, { by: 'test', why: '' });
    const { desk, ratios, moves } = deskOf({
      base: 'shipped',
      judging: () => ({ champion: model('shipped-1'), challenger: null, challenger_share: 0 }),
    });
    expect(await ratios()).toEqual([
      ['1', 0],
      ['2', 0],
      ['shipped-1', 1],
      ['heuristic', 0],
    ]);
    await desk.promote('2', REQUEST);
    expect(await desk.promote('shipped-1', REQUEST)).toEqual({ alias: 'champion', version: null, before: '2' });
    expect(await registry.aliases()).toEqual({});
    expect(await desk.rollback(REQUEST)).toEqual({ alias: 'champion', version: '2', before: null });
    expect(moves).toEqual([
      ['champion', 'm', 2],
      ['champion', 'm', null],
      ['champion', 'm', 2],
    ]);
    await expect(desk.promote('heuristic', REQUEST)).rejects.toMatchObject({ code: 'GV-MDL-103' });
    await expect(desk.promote('shipped-1', { ...REQUEST, alias: 'challenger' })).rejects.toMatchObject({
      code: 'GV-MDL-103',
    });
  });

  it('promotes by version and by alias, and tells what was there before', async () => {
    const { desk } = deskOf();
    expect(await desk.promote('1', REQUEST)).toEqual({ alias: 'champion', version: '1', before: null });
    await desk.promote('2', { ...REQUEST, alias: 'challenger' });
    expect(await desk.promote('challenger', REQUEST)).toEqual({ alias: 'champion', version: '2', before: '1' });
    expect((await desk.list())[1]?.aliases.toSorted()).toEqual(['challenger', 'champion']);
    expect((await desk.history()).map(({ alias, to }) => [alias, to])).toEqual([
      ['champion', 1],
      ['challenger', 2],
      ['champion', 2],
    ]);
    await expect(desk.promote('7', REQUEST)).rejects.toMatchObject({ code: 'GV-MDL-101' });
  });

  it('knows the heuristic alone under the reference profile', async () => {
    const { desk, ratios } = deskOf({ registry: null });
    expect(await ratios()).toEqual([['heuristic', 1]]);
    expect(await desk.history()).toEqual([]);
    expect(await desk.reference()).toBeNull();
    await expect(desk.promote('1', REQUEST)).rejects.toMatchObject({ code: 'GV-MDL-103' });
    await expect(desk.rollback(REQUEST)).rejects.toMatchObject({ code: 'GV-MDL-103' });
  });

  it('says that a bundle cannot be read rather than what it holds', async () => {
    const { desk } = deskOf({ judging: () => ({ champion: model('1'), challenger: null, challenger_share: 0 }) });
    await expect(desk.reference()).rejects.toMatchObject({ code: 'GV-MDL-304' });
  });
});
