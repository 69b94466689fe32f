import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixtureBytes } from '../models/xgboost/published.fixture.ts';
import { readXgboostModel } from '../models/xgboost/read-model.ts';
import { plainDocument, readModelFile } from './model-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-model-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each(['binary.generated.json', 'binary.generated.ubj', 'categorical.generated.ubj'])(
  'the plain document of %s survives JSON as the same model',
  async (name) => {
    const path = join(folder, name);
    await writeFile(path, fixtureBytes(name));
    const { model, bytes } = await readModelFile(path);
    const plain: unknown = JSON.parse(JSON.stringify(plainDocument(bytes, name)));
    expect(JSON.stringify(readXgboostModel(plain, name))).toBe(JSON.stringify(model));
  },
);
