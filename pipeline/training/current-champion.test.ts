import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import { smallBundle } from '../cli/bundle.fixture.ts';
import { settableClock } from '../clock.ts';
import { openFolderRegistry } from '../registry/folder-registry.ts';
import { currentChampion } from './current-champion.ts';

let folder: string;
let registry: ModelRegistry;
const base = { model: heuristic, lstm: null };
const CHANGE = { by: 'test', why: '' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-champion-'));
  registry = openFolderRegistry({ folder, clock: settableClock(0), tell: () => undefined });
});
afterEach(() => rm(folder, { recursive: true }));

it('is what judges where nobody was promoted, and the champion where one was', async () => {
  await registry.put(smallBundle(1), {});
  expect(await currentChampion({ registry, base, say: () => undefined })).toEqual({ ...base, version: null });
  await registry.setAlias('champion', 1, CHANGE);
  const champion = await currentChampion({ registry, base, say: () => undefined });
  expect([champion.version, champion.model.name, champion.model.version]).toEqual([1, 'failure-prediction', '1']);
});

it('is what judges where the champion is one that nobody can read, and says so', async () => {
  await registry.put(Buffer.from('{"format":"of another release"}'), {});
  await registry.setAlias('champion', 1, CHANGE);
  const said: string[] = [];
  expect(await currentChampion({ registry, base, say: (line) => said.push(line) })).toEqual({ ...base, version: null });
  expect(said).toEqual([expect.stringMatching(/^the champion, version 1, cannot be used .*: heuristic 1 is compared/)]);
});

it('is not guessed while the registry is away', async () => {
  const away = openFolderRegistry({ folder: join(folder, 'none'), clock: settableClock(0), tell: () => undefined });
  await expect(currentChampion({ registry: away, base, say: () => undefined })).rejects.toMatchObject({
    code: 'GV-MDL-105',
  });
});
