import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { boostingText } from '../../models/boosting/boosting-text.ts';
import { fixtureBytes } from '../../models/xgboost/published.fixture.ts';
import { smallTrees } from './bundle.fixture.ts';
import { runModels } from './models-commands.fixture.ts';

let folder: string;
let file: string;
let registry: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-import-'));
  file = join(folder, 'model.json');
  registry = join(folder, 'models');
  await writeFile(file, boostingText(smallTrees(0)));
});
afterAll(() => rm(folder, { recursive: true }));

const json = async (...args: string[]) => JSON.parse((await runModels(...args, '--registry', registry, '--json')).out);

it('makes a version that is listed and can be promoted', async () => {
  expect(await json('import', file)).toMatchObject({ version: 1, trees: 1, features: 1 });
  expect((await runModels('import', file, '--registry', registry)).out).toMatch(/^version 2: 1 trees.*promote 2/);
  expect(await json('list')).toMatchObject([
    { version: 1, note: 'imported from model.json', trained_on: 'real', aliases: [] },
    { version: 2, aliases: [] },
  ]);
  expect(await json('promote', '2')).toEqual({ alias: 'champion', version: 2, before: null });
});

it('still takes the word that asked for it', async () => {
  const before = (await json('list')) as unknown[];
  expect(await json('import', file, '--register')).toMatchObject({ version: before.length + 1 });
});

it('stores nothing with --check, and looks at what foresees no failure too', async () => {
  const before = await json('list');
  expect(await json('import', file, '--check')).toMatchObject({ objective: 'binary:logistic', trees: 1 });
  const other = join(folder, 'softprob.json');
  await writeFile(other, fixtureBytes('softprob.generated.json'));
  expect(await json('import', other, '--check')).toMatchObject({ objective: 'multi:softprob' });
  await expect(json('import', other)).rejects.toMatchObject({ code: 'GV-MDL-304' });
  expect(await json('list')).toEqual(before);
});
