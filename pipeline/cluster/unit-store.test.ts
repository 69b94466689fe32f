import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GroupState } from '../../operators/core/group-state.ts';
import type { KeyValue } from '../bus/key-value.ts';
import type { ObjectStore } from '../bus/object-store.ts';
import { systemClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import { damagedAt, ofVersion9 } from '../snapshot.fixture.ts';
import { ClusterView } from './cluster-view.ts';
import { type OwnedUnit, UnitStore } from './unit-store.ts';

const UNIT = 3;
const STREAM = { created: 'a', last_position: 100 };

/** One bucket of keys, as long as nobody else writes to it. */
function keysInMemory(): Pick<KeyValue, 'exchange'> {
  let revision = 0;
  return {
    async exchange(_key, _value, after) {
      return after === revision ? ++revision : null;
    },
  };
}

/** Objects, where text is what a store says of one that it cannot give whole. */
class ObjectsInMemory implements ObjectStore {
  readonly stored = new Map<string, Uint8Array | string>();
  readonly asked: string[] = [];

  async size(name: string): Promise<number | null> {
    return this.stored.get(name)?.length ?? null;
  }
  async put(name: string, bytes: Uint8Array): Promise<void> {
    this.stored.set(name, bytes);
  }
  async get(name: string): Promise<Uint8Array | string | null> {
    this.asked.push(name);
    return this.stored.get(name) ?? null;
  }
  async remove(name: string): Promise<void> {
    this.stored.delete(name);
  }
  async names(): Promise<readonly string[]> {
    return [...this.stored.keys()];
  }
}

let objects: ObjectsInMemory;
let told: VitalsError[];
let view: ClusterView;
let store: UnitStore;
let owned: OwnedUnit;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  objects = new ObjectsInMemory();
  told = [];
  view = new ClusterView(systemClock);
  store = new UnitStore({
    keys: keysInMemory() as KeyValue,
    objects,
    view,
    worker: 'w',
    incarnation: 'i',
    clock: systemClock,
    tell: (error) => told.push(error),
  });
  owned = (await store.claim(UNIT, view.unit(UNIT))) as OwnedUnit;
});
afterEach(() => {
  vi.useRealTimers();
});

const NEWEST = 'group-03.1.2';
const BEFORE = 'group-03.1.1';

async function saveTwo(): Promise<void> {
  for (const position of [40, 60]) {
    const saved = { ...new GroupState(UNIT).save(), position };
    expect(await store.save(owned, saved, { stream: 'a', read_from: position / 10 })).toBe(true);
  }
}

/** Loads, without the pauses between two looks. */
async function load(stream = STREAM) {
  const loading = store.load(owned, stream, new Map());
  await vi.runAllTimersAsync();
  return loading;
}
const lines = (): string[] => told.map(({ code, message, where }) => `${code} ${message}, ${where}`);
const looks = (name: string): number => objects.asked.filter((one) => one === name).length;

type Change = (bytes: Uint8Array) => Uint8Array | string | null;
const damaged: Change = (bytes) => damagedAt(bytes);
const other: Change = ofVersion9;
const missing: Change = () => null;
const torn: Change = () => '3 of its 4 parts are there';

function change(name: string, by: Change): void {
  const changed = by(objects.stored.get(name) as Uint8Array);
  if (changed === null) objects.stored.delete(name);
  else objects.stored.set(name, changed);
}

const CHECKSUM = 'checksum does not match';
const VERSION = 'version 9, this release reads 3';

describe('the state that a unit goes on with', () => {
  it('is the newest, and nothing is told', async () => {
    await saveTwo();
    const loaded = await load();
    expect([loaded?.state.position, loaded?.snapshot.read_from, lines()]).toEqual([60, 6, []]);
    expect(objects.asked).toEqual([NEWEST]);
  });

  it('is none where none was stored', async () => {
    expect([await load(), lines()]).toEqual([null, []]);
  });

  it.each([
    ['damaged', damaged, 'GV-SNP-001', CHECKSUM],
    ['not there', missing, 'GV-SNP-001', 'it is not there'],
    ['there in part', torn, 'GV-SNP-001', '3 of its 4 parts are there'],
    ["another version's", other, 'GV-SNP-002', VERSION],
  ] as const)('is the one before where the newest is %s', async (_, by, code, why) => {
    await saveTwo();
    change(NEWEST, by);
    const loaded = await load();
    expect([loaded?.state.position, loaded?.snapshot]).toMatchObject([
      40,
      { name: BEFORE, position: 40, read_from: 4 },
    ]);
    expect(lines()).toEqual([`${code} snapshot ${NEWEST}: ${why}, cluster, group-03`]);
  });

  it.each([
    ['damaged, and not there', damaged, missing, `GV-SNP-001 ${CHECKSUM}`, 'GV-SNP-001 it is not there'],
    ["another version's both", other, other, `GV-SNP-002 ${VERSION}`, `GV-SNP-002 ${VERSION}`],
    ["another version's, and damaged", other, damaged, `GV-SNP-002 ${VERSION}`, `GV-SNP-001 ${CHECKSUM}`],
    ['not there both', missing, missing, 'GV-SNP-001 it is not there', 'GV-SNP-001 it is not there'],
  ] as const)('is none, so the stream is read from its start, where both are of no use: %s', async (...row) => {
    const [, newest, before, ...whys] = row;
    await saveTwo();
    change(NEWEST, newest);
    change(BEFORE, before);
    expect(await load()).toBeNull();
    expect(told.map(({ code, message }) => `${code} ${message.replace(/^.*?: /, '')}`)).toEqual(whys);
  });

  it('is none of another stream, which is told without a look at it', async () => {
    await saveTwo();
    expect(await load({ created: 'b', last_position: 100 })).toBeNull();
    expect(await load({ created: 'a', last_position: 59 })).toBeNull();
    expect([told.map(({ code }) => code), objects.asked]).toEqual([['GV-SNP-002', 'GV-SNP-002'], []]);
    for (const { message } of told)
      expect(message).toMatch(/knows position 60, the stream ends at \d+: it is another stream/);
  });

  it('is looked for again where it cannot be read yet, and not where another version wrote it', async () => {
    await saveTwo();
    change(NEWEST, other);
    const whole = objects.stored.get(BEFORE) as Uint8Array;
    change(BEFORE, missing);
    const loading = store.load(owned, STREAM, new Map());
    await vi.advanceTimersByTimeAsync(300);
    objects.stored.set(BEFORE, whole);
    await vi.runAllTimersAsync();
    expect((await loading)?.state.position).toBe(40);
    expect([looks(NEWEST), looks(BEFORE)]).toEqual([1, 3]);
    expect(told.map(({ code }) => code)).toEqual(['GV-SNP-002']);
  });

  it.each([
    ['whole', (bytes: Uint8Array) => bytes, 60, []],
    ['damaged', damaged, 40, ['GV-SNP-001']],
    ["another version's", other, 40, ['GV-SNP-002']],
  ] as const)('is read ahead, and told as ever: %s', async (_, by: Change, position, codes) => {
    await saveTwo();
    change(NEWEST, by);
    store.readAhead([UNIT]);
    const loaded = await load();
    expect([loaded?.state.position, told.map(({ code }) => code)]).toEqual([position, codes]);
    if (position === 60) expect(objects.asked).toEqual([NEWEST]);
  });
});
