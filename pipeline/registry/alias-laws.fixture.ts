import { beforeEach, describe, expect, it } from 'vitest';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { BY, bundle, NOW, type RegistryAtHand } from './registry-under-test.fixture.ts';

/** What holds for the aliases of every registry. */
export function aliasLaws(at: RegistryAtHand): void {
  describe('aliases', () => {
    beforeEach(async () => {
      for (const text of ['one', 'two', 'three']) await at.registry.put(bundle(text), {});
    });

    it('moves, rolls back step by step, and writes it all down', async () => {
      for (const version of [1, 2, 3]) {
        at.clock.advance(1_000);
        await at.registry.setAlias('champion', version, BY);
      }
      await at.registry.setAlias('champion', 3, BY);
      at.clock.advance(1_000);
      expect(await at.registry.rollback('champion', { by: 'ops', why: 'too many alarms' })).toBe(2);
      expect(await at.registry.rollback('champion', BY)).toBe(1);
      await expect(at.registry.rollback('champion', BY)).rejects.toMatchObject({ code: 'GV-MDL-104' });
      await at.registry.removeAlias('champion', BY);
      await at.registry.removeAlias('champion', BY);
      expect(await at.registry.aliases()).toEqual({});
      expect(await at.registry.rollback('champion', BY)).toBe(1);
      await at.registry.setAlias('challenger', 3, BY);
      expect(await (await at.another()).aliases()).toEqual({ champion: 1, challenger: 3 });
      const history = await (await at.another()).history();
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
      await expect(at.registry.setAlias('champion', 4, BY)).rejects.toMatchObject({ code: 'GV-MDL-101' });
      await expect(at.registry.setAlias('../x', 1, BY)).rejects.toMatchObject({ code: 'GV-MDL-103' });
      await expect(at.registry.setAlias('3', 1, BY)).rejects.toMatchObject({ code: 'GV-MDL-103' });
      expect(await at.registry.aliases()).toEqual({});
    });

    it('loses no change of many writers at once', async () => {
      const writers = await Promise.all([at.another(), at.another(), at.another()]);
      await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          (writers[i % 3] as ModelRegistry).setAlias(`a-${i % 10}`, 1 + (i % 3), { by: `${i}`, why: '' }),
        ),
      );
      const history = await at.registry.history();
      const aliases = await at.registry.aliases();
      expect(Object.keys(aliases)).toHaveLength(10);
      // Each entry goes on from the one before of its alias: nothing was written over.
      const last = new Map<string, number | null>();
      for (const { alias, from, to } of history) {
        expect(from).toBe(last.get(alias) ?? null);
        last.set(alias, to);
      }
      expect(Object.fromEntries(last)).toEqual(aliases);
      // Three different versions an alias: none of the thirty changes could be idle.
      expect(new Set(history.map(({ by }) => by)).size).toBe(30);
    });
  });

  describe('watching', () => {
    beforeEach(async () => {
      for (const text of ['one', 'two', 'three']) await at.registry.put(bundle(text), {});
    });

    it('tells the version now, and changes made elsewhere within a second', async () => {
      const elsewhere = await at.another();
      const heard: (number | null)[] = [];
      const waits: (() => void)[] = [];
      const next = (): Promise<void> => new Promise((resolve) => waits.push(resolve));
      const took_ms: number[] = [];
      const first = next();
      const watch = at.registry.watch('champion', (version) => {
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
        took_ms.push(performance.now() - started);
        expect(heard.at(-1)).toBe(expected);
      }
      // Of four changes, so that one moment of a busy machine does not count.
      expect(took_ms.sort((a, b) => a - b)[1]).toBeLessThan(1_000);
      await watch.stop();
      await elsewhere.setAlias('champion', 1, BY);
      const seen: (number | null)[] = [];
      const late = at.registry.watch('champion', (version) => seen.push(version));
      await expect.poll(() => seen).toEqual([1]);
      await late.stop();
      expect(heard).toEqual([null, 2, 3, 2, null]);
      expect(at.told).toEqual([]);
    });

    it('goes on after a listener that throws, and tells it', async () => {
      const heard: (number | null)[] = [];
      at.registry.watch('champion', (version) => {
        heard.push(version);
        throw new Error('cannot load');
      });
      await expect.poll(() => heard).toEqual([null]);
      await at.registry.setAlias('champion', 2, BY);
      await expect.poll(() => heard, { timeout: 5_000 }).toEqual([null, 2]);
      expect(at.told).toMatchObject([{ message: expect.stringContaining('cannot load') }, {}]);
    });
  });
}
