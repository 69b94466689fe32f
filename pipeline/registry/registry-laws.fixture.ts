import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE_BYTES_MAX, type ModelManifestDraft } from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { type SettableClock, settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';

export interface RegistryUnderTest {
  /** Opens what lies there once more, as another process would. */
  open(clock: SettableClock, tell: (error: VitalsError) => void): Promise<ModelRegistry>;
  /** Replaces the manifest of a version by a text. */
  spoilManifest(version: number, text: string): Promise<void>;
  /** Replaces the bytes of a version: others, or none. */
  spoilBytes(version: number, bytes: Uint8Array | null): Promise<void>;
  spoilAliases(text: string): Promise<void>;
  remove(): Promise<void>;
}

export const NOW = 1_767_225_600_000;
export const BY = { by: 'test', why: 'because' };
export const bundle = (text: string): Uint8Array => Buffer.from(text, 'utf8');

const DRAFT: ModelManifestDraft = {
  trained_on: 'simulated',
  lineage: { data_from: 1, data_to: 2, rows: 3, gpus: 4, positives: 5, seed: 6, params: { eta: 0.05, a: [1, 'b'] } },
  metrics: { auc: 0.93 },
  card: '# Card\n\nünïcode',
  note: 'first',
};

/** What holds for every registry. `make` gives an empty one. */
export function registryLaws(make: () => Promise<RegistryUnderTest>): void {
  let under: RegistryUnderTest;
  let clock: SettableClock;
  let told: VitalsError[];
  let registry: ModelRegistry;
  const another = (): Promise<ModelRegistry> => under.open(clock, (error) => told.push(error));

  beforeEach(async () => {
    under = await make();
    clock = settableClock(NOW);
    told = [];
    registry = await another();
  });
  afterEach(async () => {
    await registry.close();
    await under.remove();
  });

  describe('versions', () => {
    it('begins empty', async () => {
      expect(await registry.list()).toEqual([]);
      expect(await registry.aliases()).toEqual({});
      expect(await registry.history()).toEqual([]);
    });

    it('gives back what was put, by number and by alias, to other processes too', async () => {
      const bytes = bundle('the model');
      const manifest = await registry.put(bytes, DRAFT);
      expect(manifest).toMatchObject({
        ...DRAFT,
        name: 'failure-prediction',
        version: 1,
        created_at: NOW,
        size_bytes: 9,
        sha256: createHash('sha256').update('the model').digest('hex'),
        parent_version: null,
      });
      await registry.setAlias('champion', 1, BY);
      const elsewhere = await another();
      for (const selector of [1, '1', 'champion']) {
        const got = await elsewhere.get(selector);
        expect(got.manifest).toEqual(manifest);
        expect(Buffer.from(got.bytes)).toEqual(Buffer.from(bytes));
        expect(await elsewhere.manifest(selector)).toEqual(manifest);
      }
      expect(await elsewhere.list()).toEqual([manifest]);
    });

    it('numbers on, also for bytes that it has already, and lists in that order', async () => {
      for (const text of ['a', 'b', 'a', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']) await registry.put(bundle(text), {});
      const list = await registry.list();
      expect(list.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect(Buffer.from((await registry.get(3)).bytes).toString()).toBe('a');
    });

    it('takes the time of a model from whoever knows it', async () => {
      expect(await registry.put(bundle('a'), { created_at: 1_234 })).toMatchObject({ created_at: 1_234 });
    });

    it('carries many chunks', async () => {
      const bytes = randomBytes(3 * 1024 * 1024 + 17);
      await registry.put(bytes, {});
      expect(Buffer.compare((await registry.get(1)).bytes, bytes)).toBe(0);
    });

    it('never gives a version twice, whoever is at it', async () => {
      const writers = await Promise.all([another(), another(), another()]);
      const put = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          (writers[i % 3] as ModelRegistry).put(bundle(`model ${i % 5}`), { note: `${i}` }),
        ),
      );
      expect(put.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 12 }, (_, i) => i + 1),
      );
      expect(new Set((await registry.list()).map(({ note }) => note)).size).toBe(12);
      for (const { version, note } of put) {
        const got = await registry.get(version);
        expect(Buffer.from(got.bytes).toString()).toBe(`model ${Number(note) % 5}`);
        expect(got.manifest.note).toBe(note);
      }
    });

    it.each([
      ['nothing', new Uint8Array(0), {}, /1 to 67108864 bytes, not 0/],
      ['too much', new Uint8Array(BUNDLE_BYTES_MAX + 1), {}, /not 67108865/],
      ['a metric that is no number', bundle('a'), { metrics: { auc: Number.NaN } }, /metrics.auc/],
      [
        'an endless description',
        bundle('a'),
        { metrics: Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`metric ${i}`, i])) },
        /400000 characters/,
      ],
    ])('refuses %s and stores nothing', async (_, bytes, draft, what) => {
      await expect(registry.put(bytes, draft)).rejects.toMatchObject({
        code: 'GV-MDL-103',
        message: expect.stringMatching(what),
      });
      expect(await registry.list()).toEqual([]);
    });

    it.each([7, '7', 0, 'champion', 'no such', ''])('has no model %j', async (selector) => {
      await registry.put(bundle('a'), {});
      await expect(registry.get(selector)).rejects.toMatchObject({ code: 'GV-MDL-101' });
      await expect(registry.manifest(selector)).rejects.toMatchObject({ code: 'GV-MDL-101' });
    });
  });

  describe('damage', () => {
    beforeEach(async () => {
      for (const text of ['one', 'two', 'three']) await registry.put(bundle(text), {});
    });

    it.each([
      ['other bytes of the same length', bundle('TWO'), /its SHA-256 is|not those that were stored/],
      ['fewer bytes', bundle('t'), /1 bytes instead of 3|not those that were stored/],
      ['no bytes', null, /its bytes are not there|0 of its 1 parts/],
    ])('tells %s, and reads the others', async (_, bytes, what) => {
      await under.spoilBytes(2, bytes);
      await expect(registry.get(2)).rejects.toMatchObject({
        code: 'GV-MDL-102',
        message: expect.stringMatching(what),
        where: registry.place,
      });
      expect((await registry.get(3)).manifest.version).toBe(3);
      expect(await registry.list()).toHaveLength(3);
    });

    it.each([
      ['cut', '{"version":2,', /version 2 is no JSON/],
      ['of another version', null, /says that it is version 3/],
      ['of nothing', '{}', /version 2 is not valid: .*sha256/],
    ])('tells a manifest that is %s, lists the others, and numbers on', async (_, text, what) => {
      await under.spoilManifest(2, text ?? JSON.stringify(await registry.manifest(3)));
      await expect(registry.get(2)).rejects.toMatchObject({ code: 'GV-MDL-102', message: expect.stringMatching(what) });
      expect((await registry.list()).map(({ version }) => version)).toEqual([1, 3]);
      expect(told).toMatchObject([{ code: 'GV-MDL-102', message: expect.stringMatching(what) }]);
      expect(await registry.put(bundle('four'), {})).toMatchObject({ version: 4 });
    });

    it('tells damaged aliases and does not replace them', async () => {
      await registry.setAlias('champion', 1, BY);
      await under.spoilAliases('{"aliases":');
      const damaged = { code: 'GV-MDL-102', message: expect.stringContaining('aliases') };
      await expect(registry.get('champion')).rejects.toMatchObject(damaged);
      await expect(registry.setAlias('champion', 2, BY)).rejects.toMatchObject(damaged);
      await expect(registry.rollback('champion', BY)).rejects.toMatchObject(damaged);
      expect((await registry.get(1)).manifest.version).toBe(1);
    });
  });

  describe('aliases', () => {
    beforeEach(async () => {
      for (const text of ['one', 'two', 'three']) await registry.put(bundle(text), {});
    });

    it('moves, rolls back step by step, and writes it all down', async () => {
      for (const version of [1, 2, 3]) {
        clock.advance(1_000);
        await registry.setAlias('champion', version, BY);
      }
      await registry.setAlias('champion', 3, BY);
      clock.advance(1_000);
      expect(await registry.rollback('champion', { by: 'ops', why: 'too many alarms' })).toBe(2);
      expect(await registry.rollback('champion', BY)).toBe(1);
      await expect(registry.rollback('champion', BY)).rejects.toMatchObject({ code: 'GV-MDL-104' });
      await registry.removeAlias('champion', BY);
      await registry.removeAlias('champion', BY);
      expect(await registry.aliases()).toEqual({});
      expect(await registry.rollback('champion', BY)).toBe(1);
      await registry.setAlias('challenger', 3, BY);
      expect(await (await another()).aliases()).toEqual({ champion: 1, challenger: 3 });
      const history = await (await another()).history();
      expect(history.map(({ alias, from, to }) => [alias, from, to])).toEqual([
        ['champion', null, 1],
        ['champion', 1, 2],
        ['champion', 2, 3],
        ['champion', 3, 2],
        ['champion', 2, 1],
        ['champion', 1, null],
        ['champion', null, 1],
        ['challenger', null, 3],
      ]);
      expect(history[3]).toEqual({
        at: NOW + 4_000,
        alias: 'champion',
        from: 3,
        to: 2,
        by: 'ops',
        why: 'too many alarms',
      });
    });

    it('refuses versions that are not there and names that are none', async () => {
      await expect(registry.setAlias('champion', 4, BY)).rejects.toMatchObject({ code: 'GV-MDL-101' });
      await expect(registry.setAlias('../x', 1, BY)).rejects.toMatchObject({ code: 'GV-MDL-103' });
      await expect(registry.setAlias('3', 1, BY)).rejects.toMatchObject({ code: 'GV-MDL-103' });
      expect(await registry.aliases()).toEqual({});
    });

    it('loses no change of many writers at once', async () => {
      const writers = await Promise.all([another(), another(), another()]);
      await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          (writers[i % 3] as ModelRegistry).setAlias(`a-${i % 10}`, 1 + (i % 3), { by: `${i}`, why: '' }),
        ),
      );
      const history = await registry.history();
      const aliases = await registry.aliases();
      expect(Object.keys(aliases)).toHaveLength(10);
      // Each entry goes on from the one before of its alias: nothing was written over.
      const at = new Map<string, number | null>();
      for (const { alias, from, to } of history) {
        expect(from).toBe(at.get(alias) ?? null);
        at.set(alias, to);
      }
      expect(Object.fromEntries(at)).toEqual(aliases);
      // Three different versions an alias: none of the thirty changes could be idle.
      expect(new Set(history.map(({ by }) => by)).size).toBe(30);
    });
  });

  describe('watching', () => {
    beforeEach(async () => {
      for (const text of ['one', 'two', 'three']) await registry.put(bundle(text), {});
    });

    it('tells the version now, and changes made elsewhere within a second', async () => {
      const elsewhere = await another();
      const heard: (number | null)[] = [];
      const waits: (() => void)[] = [];
      const next = (): Promise<void> => new Promise((resolve) => waits.push(resolve));
      const first = next();
      const watch = registry.watch('champion', (version) => {
        heard.push(version);
        waits.shift()?.();
      });
      await first;
      expect(heard).toEqual([null]);
      for (const [change, expected] of [
        [() => elsewhere.setAlias('champion', 2, BY), 2],
        [() => elsewhere.setAlias('champion', 3, BY), 3],
        [() => elsewhere.rollback('champion', BY), 2],
        [() => elsewhere.removeAlias('champion', BY), null],
      ] as const) {
        await elsewhere.setAlias('challenger', 1 + (heard.length % 3), BY);
        const told = next();
        await change();
        const started = performance.now();
        await told;
        expect(performance.now() - started).toBeLessThan(1_000);
        expect(heard.at(-1)).toBe(expected);
      }
      await watch.stop();
      await elsewhere.setAlias('champion', 1, BY);
      const seen: (number | null)[] = [];
      const late = registry.watch('champion', (version) => seen.push(version));
      await expect.poll(() => seen).toEqual([1]);
      await late.stop();
      expect(heard).toEqual([null, 2, 3, 2, null]);
      expect(told).toEqual([]);
    });

    it('goes on after a listener that throws, and tells it', async () => {
      const heard: (number | null)[] = [];
      registry.watch('champion', (version) => {
        heard.push(version);
        throw new Error('cannot load');
      });
      await expect.poll(() => heard).toEqual([null]);
      await registry.setAlias('champion', 2, BY);
      await expect.poll(() => heard, { timeout: 5_000 }).toEqual([null, 2]);
      expect(told).toMatchObject([{ message: expect.stringContaining('cannot load') }, {}]);
    });
  });
}
