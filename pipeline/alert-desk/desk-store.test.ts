import { describe, expect, it } from 'vitest';
import type { KeyValue } from '../bus/key-value.ts';
import type { VitalsError } from '../contract/errors.ts';
import { type DeskState, emptyDesk } from './desk-state.ts';
import { deskStore } from './desk-store.ts';
import { remembered } from './remembered.ts';

/** A bucket of which writes fail from the one that `failing` names on, once each time that it is set. */
function bucket() {
  const values = new Map<string, { key: string; value: Uint8Array; revision: number }>();
  let revision = 0;
  const world = { failing: (_key: string): boolean => false, written: [] as string[] };
  const exchange = async (key: string, value: Uint8Array, after: number): Promise<number | null> => {
    if (world.failing(key)) throw new Error(`${key} cannot be written`);
    if ((values.get(key)?.revision ?? 0) !== after) return null;
    world.written.push(key);
    values.set(key, { key, value, revision: ++revision });
    return revision;
  };
  const kv: KeyValue = {
    get: async (key) => values.get(key) ?? null,
    matching: async (pattern) => [...values.values()].filter(({ key }) => key.startsWith(pattern.slice(0, -1))),
    exchange,
    replace: async (key, value, after) => (await exchange(key, value, after)) !== null,
    remove: async (key) => void values.delete(key),
    async *follow() {},
  };
  return { kv, world };
}

const at = (position: number): DeskState => ({ ...emptyDesk(), position });
const positionIn = async (kv: KeyValue): Promise<number | undefined> =>
  (await deskStore(kv, 'next').load()).state?.position;

describe('the memory, whatever fails while it is written', () => {
  it('is what was stored last: no number of failed writes touches what the head names', async () => {
    const { kv, world } = bucket();
    const store = deskStore(kv, 'w');
    let revision = (await store.save(at(1), 0)) ?? 0;
    for (let round = 0; round < 3; round++) {
      world.failing = (key) => key === 'state';
      for (let n = 0; n < 3; n++) {
        await expect(store.save(at(100 + n), revision)).rejects.toThrow('state');
        expect(await positionIn(kv)).toBe(round + 1);
      }
      world.failing = (key) => key.startsWith('part.');
      await expect(store.save(at(200), revision)).rejects.toThrow('part');
      expect(await positionIn(kv)).toBe(round + 1);
      world.failing = () => false;
      revision = (await store.save(at(round + 2), revision)) ?? 0;
      expect(await positionIn(kv)).toBe(round + 2);
    }
  });

  it('is left alone by one that was overtaken while it could not write', async () => {
    const { kv, world } = bucket();
    const [one, two] = [deskStore(kv, 'one'), deskStore(kv, 'two')];
    const revision = (await one.save(at(1), 0)) ?? 0;
    world.failing = (key) => key === 'state';
    await expect(one.save(at(2), revision)).rejects.toThrow('state');
    world.failing = () => false;
    await two.save(at(3), (await two.load()).revision);
    world.written = [];
    expect(await one.save(at(4), revision)).toBe(null);
    expect([world.written, await positionIn(kv)]).toEqual([[], 3]);
  });
});

describe('parts that nothing names', () => {
  const parts = async (kv: KeyValue): Promise<string[]> =>
    (await kv.matching('part.>')).flatMap(({ key, value }) => (value.length > 0 ? [key] : [])).sort();

  it('are those of the writers before, and go', async () => {
    const { kv } = bucket();
    let revision = 0;
    for (const writer of ['one', 'two', 'three']) revision = (await deskStore(kv, writer).save(at(1), revision)) ?? 0;
    expect(await parts(kv)).toEqual(['part.one.0.0', 'part.three.0.0', 'part.two.0.0']);
    await deskStore(kv, 'three').clear(revision);
    expect(await parts(kv)).toEqual(['part.three.0.0']);
    expect(await positionIn(kv)).toBe(1);
  });

  it('are not the successor of one that clears too late', async () => {
    const { kv } = bucket();
    const [one, two] = [deskStore(kv, 'one'), deskStore(kv, 'two')];
    const revision = (await one.save(at(1), 0)) ?? 0;
    await two.save(at(2), (await two.load()).revision);
    await one.clear(revision);
    expect([await parts(kv), await positionIn(kv)]).toEqual([['part.one.0.0', 'part.two.0.0'], 2]);
  });

  it.each(['before the list', 'before a part goes'])(
    'are not those that the next head is to name: %s',
    async (when) => {
      const { kv } = bucket();
      const late = deskStore(
        {
          ...kv,
          async matching(pattern) {
            if (when === 'before the list') await back();
            return kv.matching(pattern);
          },
          async replace(key, value, after) {
            if (when === 'before a part goes' && value.length === 0) await back();
            return kv.replace(key, value, after);
          },
        },
        'late',
      );
      // The one before us comes back: the names of its parts are those that we forget.
      const one = deskStore(kv, 'one');
      const first = (await one.save(at(1), 0)) ?? 0;
      const revision = (await late.save(at(2), first)) ?? 0;
      const back = async (): Promise<void> => void (await one.save(at(3), (await one.load()).revision));
      await late.clear(revision);
      expect([await parts(kv), await positionIn(kv)]).toEqual([['part.late.0.0', 'part.one.0.0'], 3]);
    },
  );
});

describe('a desk that begins', () => {
  const streams = { streamState: async () => ({ created: 'then', last_position: 9, messages: 9 }) as never };
  const begin = async (kv: KeyValue) => {
    const told: VitalsError[] = [];
    const { state, revision } = await remembered(deskStore(kv, 'w'), streams, (error) => told.push(error));
    return { position: state.position, revision, told: told.map(({ code }) => code) };
  };

  it('says nothing where there is no memory yet, and when there is one', async () => {
    const { kv } = bucket();
    expect(await begin(kv)).toEqual({ position: 0, revision: 0, told: [] });
    const revision = await deskStore(kv, 'one').save({ ...at(5), stream: 'then' }, 0);
    expect(await begin(kv)).toEqual({ position: 5, revision, told: [] });
  });

  it.each(['state', 'part.one.0.0'])('tells when it cannot read its memory: %s is damaged', async (key) => {
    const { kv } = bucket();
    await deskStore(kv, 'one').save({ ...at(5), stream: 'then' }, 0);
    await kv.replace(key, Buffer.from('{'), (await kv.get(key))?.revision ?? 0);
    expect(await begin(kv)).toMatchObject({ position: 0, told: ['GV-ALT-006'] });
  });
});
