import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE_BYTES_MAX, type ModelManifestDraft } from '../../models/registry/manifest.ts';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { aliasLaws } from './alias-laws.fixture.ts';
import { BY, bundle, NOW, type RegistryUnderTest, registryBeforeEach } from './registry-under-test.fixture.ts';

const DRAFT: ModelManifestDraft = {
  trained_on: 'simulated',
  lineage: { data_from: 1, data_to: 2, rows: 3, gpus: 4, positives: 5, seed: 6, params: { eta: 0.05, a: [1, 'b'] } },
  metrics: { auc: 0.93 },
  card: '# Card\n\nünïcode',
  note: 'first',
};

/** What holds for every registry. `make` gives an empty one. */
export function registryLaws(make: () => Promise<RegistryUnderTest>): void {
  const at = registryBeforeEach(make);
  aliasLaws(at);

  describe('versions', () => {
    it('begins empty', async () => {
      expect(await at.registry.list()).toEqual([]);
      expect(await at.registry.aliases()).toEqual({});
      expect(await at.registry.history()).toEqual([]);
    });

    it('gives back what was put, by number and by alias, to other processes too', async () => {
      const bytes = bundle('the model');
      const manifest = await at.registry.put(bytes, DRAFT);
      expect(manifest).toMatchObject({
        ...DRAFT,
        name: 'failure-prediction',
        version: 1,
        created_at: NOW,
        size_bytes: 9,
        sha256: createHash('sha256').update('the model').digest('hex'),
        parent_version: null,
      });
      await at.registry.setAlias('champion', 1, BY);
      const elsewhere = await at.another();
      for (const selector of [1, '1', 'champion']) {
        const got = await elsewhere.get(selector);
        expect(got.manifest).toEqual(manifest);
        expect(Buffer.from(got.bytes)).toEqual(Buffer.from(bytes));
        expect(await elsewhere.manifest(selector)).toEqual(manifest);
      }
      expect(await elsewhere.list()).toEqual([manifest]);
    });

    it('numbers on, also for bytes that it has already, and lists in that order', async () => {
      for (const text of ['a', 'b', 'a', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'])
        await at.registry.put(bundle(text), {});
      const list = await at.registry.list();
      expect(list.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect(Buffer.from((await at.registry.get(3)).bytes).toString()).toBe('a');
    });

    it('takes the time of a model from whoever knows it', async () => {
      expect(await at.registry.put(bundle('a'), { created_at: 1_234 })).toMatchObject({ created_at: 1_234 });
    });

    it('carries many chunks', async () => {
      const bytes = randomBytes(3 * 1024 * 1024 + 17);
      const { version } = await at.registry.put(bytes, {});
      expect(Buffer.compare((await at.registry.get(version)).bytes, bytes)).toBe(0);
    });

    it('never gives a version twice, whoever is at it', async () => {
      const writers = await Promise.all([at.another(), at.another(), at.another()]);
      const put = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          (writers[i % 3] as ModelRegistry).put(bundle(`model ${i % 5}`), { note: `${i}` }),
        ),
      );
      expect(put.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 12 }, (_, i) => i + 1),
      );
      expect(new Set((await at.registry.list()).map(({ note }) => note)).size).toBe(12);
      for (const { version, note } of put) {
        const got = await at.registry.get(version);
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
      await expect(at.registry.put(bytes, draft)).rejects.toMatchObject({
        code: 'GV-MDL-103',
        message: expect.stringMatching(what),
      });
      expect(await at.registry.list()).toEqual([]);
    });

    it.each([7, '7', 0, 'champion', 'no such', ''])('has no model %j', async (selector) => {
      await at.registry.put(bundle('a'), {});
      await expect(at.registry.get(selector)).rejects.toMatchObject({ code: 'GV-MDL-101' });
      await expect(at.registry.manifest(selector)).rejects.toMatchObject({ code: 'GV-MDL-101' });
    });
  });

  describe('damage', () => {
    beforeEach(async () => {
      for (const text of ['one', 'two', 'three']) await at.registry.put(bundle(text), {});
    });

    it.each([
      ['other bytes of the same length', bundle('TWO'), /its SHA-256 is|not those that were stored/],
      ['fewer bytes', bundle('t'), /1 bytes instead of 3|not those that were stored/],
      ['no bytes', null, /its bytes are not there|0 of its 1 parts/],
    ])('tells %s, and reads the others', async (_, bytes, what) => {
      await at.under.spoilBytes(2, bytes);
      await expect(at.registry.get(2)).rejects.toMatchObject({
        code: 'GV-MDL-102',
        message: expect.stringMatching(what),
        where: at.registry.place,
      });
      expect((await at.registry.get(3)).manifest.version).toBe(3);
      expect(await at.registry.list()).toHaveLength(3);
    });

    it.each([
      ['cut', '{"version":2,', /version 2 is no JSON/],
      ['of another version', null, /says that it is version 3/],
      ['of nothing', '{}', /version 2 is not valid: .*sha256/],
    ])('tells a manifest that is %s, lists the others, and numbers on', async (_, text, what) => {
      await at.under.spoilManifest(2, text ?? JSON.stringify(await at.registry.manifest(3)));
      await expect(at.registry.get(2)).rejects.toMatchObject({
        code: 'GV-MDL-102',
        message: expect.stringMatching(what),
      });
      expect((await at.registry.list()).map(({ version }) => version)).toEqual([1, 3]);
      expect(at.told).toMatchObject([{ code: 'GV-MDL-102', message: expect.stringMatching(what) }]);
      expect(await at.registry.put(bundle('four'), {})).toMatchObject({ version: 4 });
    });

    it('tells damaged aliases and does not replace them', async () => {
      await at.registry.setAlias('champion', 1, BY);
      await at.under.spoilAliases('{"aliases":');
      const damaged = { code: 'GV-MDL-102', message: expect.stringContaining('aliases') };
      await expect(at.registry.get('champion')).rejects.toMatchObject(damaged);
      await expect(at.registry.setAlias('champion', 2, BY)).rejects.toMatchObject(damaged);
      await expect(at.registry.rollback('champion', BY)).rejects.toMatchObject(damaged);
      expect((await at.registry.get(1)).manifest.version).toBe(1);
    });
  });
}
