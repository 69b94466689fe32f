import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModelRegistry } from '../models/registry/model-registry.ts';
import { settableClock } from './clock.ts';
import { VitalsError } from './contract/errors.ts';
import type { FailureModel } from './contract/failure-model.ts';
import { followModels, type ModelFollower } from './model-follower.ts';
import { openFolderRegistry } from './registry/folder-registry.ts';

const NOW = Date.UTC(2026, 0, 1);
const SETTLED = 10_000;
const BY = { by: 'test', why: 'because' };

const model = (version: string): FailureModel => ({
  name: 'm',
  version,
  carried_width: 0,
  judge: () => {
    throw new Error('nobody asks');
  },
});

let folder: string;
let registry: ModelRegistry;
let follower: ModelFollower | null;
const clock = settableClock(NOW);
const told: VitalsError[] = [];
const read = (bytes: Uint8Array, version: string): FailureModel => {
  if (Buffer.from(bytes).toString() === 'damaged') throw new VitalsError('GV-MDL-304', 'damaged', version);
  return model(version);
};
const follow = async (from: ModelRegistry = registry): Promise<ModelFollower> => {
  follower = await followModels({
    registry: from,
    base: model('base'),
    share: 0.5,
    say: () => undefined,
    tell: (error) => told.push(error),
    read,
  });
  return follower;
};
const put = async (text: string): Promise<number> => (await registry.put(Buffer.from(text), {})).version;
const promote = async (version: number, at: number, alias = 'champion'): Promise<void> => {
  clock.set(NOW + at);
  await registry.setAlias(alias, version, BY);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
  registry = openFolderRegistry({ folder, clock, tell: (error) => told.push(error) });
  follower = null;
  told.length = 0;
});
afterEach(async () => {
  await follower?.stop();
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('followModels', () => {
  it('knows the terms of the past, so that a replay sees what the first run saw', async () => {
    await promote(await put('one'), 0);
    await promote(await put('two'), 60_000);
    const { versions } = await follow();
    const at = (ms: number): string | undefined => versions.at(NOW + ms, 'GPU-a')?.version;
    expect([SETTLED - 1, SETTLED, 60_000 + SETTLED - 1, 60_000 + SETTLED].map(at)).toEqual(['base', '1', '1', '2']);
  });

  it('follows promotions and rollbacks', async () => {
    const [one, two] = [await put('one'), await put('two')];
    await promote(one, 0);
    const { versions } = await follow();
    await promote(two, 60_000);
    await vi.waitFor(() => expect(versions.latest('champion')?.version).toBe('2'), 5_000);
    clock.set(NOW + 120_000);
    expect(await registry.rollback('champion', BY)).toBe(one);
    await vi.waitFor(() => expect(versions.latest('champion')?.version).toBe('1'), 5_000);
    expect(versions.at(NOW + 120_000, 'GPU-a')?.version).toBe('2');
    expect(versions.at(NOW + 120_000 + SETTLED, 'GPU-a')?.version).toBe('1');
  });

  it('goes on with the one before when a model is damaged, and tells', async () => {
    await promote(await put('one'), 0);
    const { versions } = await follow();
    await promote(await put('damaged'), 60_000);
    await vi.waitFor(() => expect(told.map(({ code }) => code)).toEqual(['GV-MDL-304']), 5_000);
    expect(versions.at(NOW + 1e9, 'GPU-a')?.version).toBe('1');
    await promote(await put('three'), 120_000);
    await vi.waitFor(() => expect(versions.latest('champion')?.version).toBe('3'), 5_000);
  });

  it('asks again for a model that could not be fetched', async () => {
    await promote(await put('one'), 0);
    let away = true;
    const shaky: ModelRegistry = {
      ...registry,
      get: (selector) =>
        away ? Promise.reject(new VitalsError('GV-BUS-001', 'away', 'NATS')) : registry.get(selector),
    };
    const { versions } = await follow(shaky);
    expect(versions.at(NOW + 1e9, 'GPU-a')?.version).toBe('base');
    away = false;
    await vi.waitFor(() => expect(versions.latest('champion')?.version).toBe('1'), 10_000);
  });

  it('gives GPUs to a challenger while there is one', async () => {
    await promote(await put('one'), 0);
    await promote(await put('two'), 0, 'challenger');
    const { versions } = await follow();
    const gpus = Array.from({ length: 200 }, (_, i) => `GPU-${i}`);
    const judged = (): Set<string | undefined> => new Set(gpus.map((gpu) => versions.at(NOW + 1e9, gpu)?.version));
    expect([...judged()].sort()).toEqual(['1', '2']);
    clock.set(NOW + 60_000);
    await registry.removeAlias('challenger', BY);
    await vi.waitFor(() => expect([...judged()]).toEqual(['1']), 5_000);
  });
});
