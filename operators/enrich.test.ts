import { describe, expect, it } from 'vitest';
import { mergeAsset } from '../pipeline/asset-merge.ts';
import type { Asset } from '../pipeline/contract/events.ts';
import { GroupState } from './core/group-state.ts';
import { batchOf, describeLaws, type SampleRow, START_MS } from './core/laws.fixture.ts';
import { runOperator } from './core/lift.ts';
import { type AssetBook, enrich, silentAsset } from './enrich.ts';

const EMPTY: AssetBook = { get: () => undefined, edition: () => 0 };

describeLaws('enrich', () => enrich(EMPTY), { bytes_per_gpu_max: 28 });

const row = (i: number, node: string): SampleRow => ({
  ts: START_MS + i * 10_000,
  node,
  uuid: 'GPU-a',
  values: { gpu_temp_celsius: 50 },
});

function assetsOf(rounds: { rows: SampleRow[]; book: AssetBook }[]): Asset[] {
  const out: Asset[] = [];
  const state = new GroupState(0);
  for (const { rows, book } of rounds) {
    runOperator('enrich', enrich(book), state, batchOf(state, rows), (port, item) => {
      if (port === 'assets') out.push(item as Asset);
    });
  }
  return out;
}

describe('enrich', () => {
  it('registers a GPU once, at its first row, with what the labels tell', () => {
    const assets = assetsOf([
      { rows: [row(3, 'a'), row(4, 'a')], book: EMPTY },
      { rows: [row(5, 'a')], book: EMPTY },
    ]);
    expect(assets).toHaveLength(1);
    expect(assets[0]).toMatchObject({
      ts: START_MS + 30_000,
      registered_at: START_MS + 30_000,
      node: 'a',
      model: 'NVIDIA H100 80GB HBM3',
      status: 'active',
      owner: '',
    });
  });

  it('tells a move to another node under the same registration', () => {
    const assets = assetsOf([
      { rows: [row(0, 'a')], book: EMPTY },
      { rows: [row(1, 'b')], book: EMPTY },
    ]);
    expect(assets.map(({ ts, node }) => [ts, node])).toEqual([
      [START_MS, 'a'],
      [START_MS, 'b'],
    ]);
  });

  it('tells a board again that was away for more than ten minutes: it may have been elsewhere', () => {
    const told = assetsOf([{ rows: [row(0, 'a'), row(60, 'a'), row(121, 'a'), row(100, 'a')], book: EMPTY }]);
    expect(told.map(({ ts }) => ts)).toEqual([START_MS, START_MS]);
  });

  it('is one asset for a board and its instances, told by the board once it was seen, however rows are cut', () => {
    const slice = (i: number, instance: string): SampleRow => ({ ...row(i, 'a'), instance });
    const rows = [slice(0, '1'), slice(1, '2'), slice(2, ''), slice(3, '1'), slice(4, '3')];
    for (let cut = 0; cut <= rows.length; cut++) {
      const assets = assetsOf([
        { rows: rows.slice(0, cut), book: EMPTY },
        { rows: rows.slice(cut), book: EMPTY },
      ]);
      expect(assets.map(({ ts, registered_at }) => [ts, registered_at])).toEqual([
        [START_MS, START_MS],
        [START_MS, START_MS],
        [START_MS, START_MS],
      ]);
    }
  });

  it('takes the book before the labels where people keep the fact, and tells a change of the book', () => {
    const [asset] = assetsOf([{ rows: [row(0, 'a')], book: EMPTY }]);
    const known: Asset = { ...(asset as Asset), registered_at: 5, owner: 'ml', rack: 'r7', warranty_until: 99 };
    const book: AssetBook = { get: () => ({ asset: known, edition: 3 }), edition: () => 3 };
    const assets = assetsOf([
      { rows: [row(0, 'a')], book: EMPTY },
      { rows: [row(1, 'a'), row(2, 'a')], book },
    ]);
    expect(assets).toHaveLength(2);
    expect(assets[1]).toMatchObject({
      ts: START_MS,
      registered_at: 5,
      owner: 'ml',
      rack: 'r7',
      warranty_until: 99,
      node: 'a',
    });
  });

  it('takes the key of a row from the book where the book was first', () => {
    const [asset] = assetsOf([{ rows: [row(0, 'a')], book: EMPTY }]);
    const known: Asset = { ...(asset as Asset), ts: 7, registered_at: 5 };
    const book: AssetBook = { get: () => ({ asset: known, edition: 1 }), edition: () => 1 };
    expect(assetsOf([{ rows: [row(0, 'a')], book }])).toMatchObject([{ ts: 7, registered_at: 5, node: 'a' }]);
  });

  it('registers at its first row what the book has no time of, the instances of a board with it', () => {
    const known = mergeAsset(undefined, { gpu_uuid: 'GPU-a', owner: 'ml' }, 0);
    const book: AssetBook = { get: () => ({ asset: known, edition: 1 }), edition: () => 1 };
    const rows = [{ ...row(3, 'a'), instance: '1' }, row(4, 'a'), row(5, 'a')];
    for (let cut = 0; cut <= rows.length; cut++) {
      const assets = assetsOf([
        { rows: rows.slice(0, cut), book },
        { rows: rows.slice(cut), book },
      ]);
      const at = START_MS + 30_000;
      expect(assets.map(({ ts, registered_at, owner }) => [ts, registered_at, owner])).toEqual([
        [at, at, 'ml'],
        [at, at, 'ml'],
      ]);
    }
  });

  it('applies a change of the book at the first row that the server stored after it', () => {
    const [asset] = assetsOf([{ rows: [row(0, 'a')], book: EMPTY }]);
    const edition = (at: number): number => (at >= START_MS + 35_000 ? 2 : at >= START_MS + 15_000 ? 1 : 0);
    const owners = ['', 'first', 'second'];
    const book: AssetBook = {
      edition,
      get: (_, known) => ({ asset: { ...(asset as Asset), owner: owners[known] ?? '' }, edition: known }),
    };
    const rows = [0, 1, 2, 3, 4, 5].map((i) => row(i, 'a'));
    for (const cut of [1, 2, 4, 6]) {
      const assets = assetsOf([
        { rows: rows.slice(0, cut), book },
        { rows: rows.slice(cut), book },
      ]);
      expect(assets.map(({ owner }) => owner)).toEqual(['', 'first', 'second']);
    }
  });

  it('does not tell an asset again when another one changed', () => {
    const [asset] = assetsOf([{ rows: [row(0, 'a')], book: EMPTY }]);
    const book: AssetBook = {
      edition: (at) => Math.floor((at - START_MS) / 10_000) + 1,
      get: () => ({ asset: asset as Asset, edition: 1 }),
    };
    expect(assetsOf([{ rows: [row(0, 'a'), row(1, 'a'), row(2, 'a')], book }])).toHaveLength(1);
  });

  it('tells of a GPU that is silent what it would tell at its next row', () => {
    const state = new GroupState(0);
    const told: Asset[] = [];
    runOperator('enrich', enrich(EMPTY), state, batchOf(state, [row(2, 'a')]), (port, item) => {
      if (port === 'assets') told.push(item as Asset);
    });
    const [seen] = told as [Asset];
    const known: Asset = { ...seen, ts: 1, node: 'elsewhere', registered_at: 1, status: 'retired' };
    expect(silentAsset(state, 'enrich', 0, known)?.asset).toEqual({ ...seen, registered_at: 1, status: 'retired' });
    expect(silentAsset(state, 'enrich', 1, known)).toBeNull();
  });
});
