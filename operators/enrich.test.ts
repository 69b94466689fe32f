import { describe, expect, it } from 'vitest';
import type { Asset } from '../pipeline/contract/events.ts';
import { GroupState } from './core/group-state.ts';
import { batchOf, describeLaws, type SampleRow, START_MS } from './core/laws.fixture.ts';
import { runOperator } from './core/lift.ts';
import { type AssetBook, enrich } from './enrich.ts';

const EMPTY: AssetBook = { get: () => undefined, revision: () => 0, changes: 0 };

describeLaws('enrich', () => enrich(EMPTY), { bytes_per_gpu_max: 16 });

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

  it('takes the book before the labels where people keep the fact, and tells a change of the book', () => {
    const [asset] = assetsOf([{ rows: [row(0, 'a')], book: EMPTY }]);
    const known: Asset = { ...(asset as Asset), registered_at: 5, owner: 'ml', rack: 'r7', warranty_until: 99 };
    const book: AssetBook = { get: () => known, revision: () => 1, changes: 1 };
    const assets = assetsOf([
      { rows: [row(0, 'a')], book: EMPTY },
      { rows: [row(1, 'a'), row(2, 'a')], book },
    ]);
    expect(assets).toHaveLength(2);
    expect(assets[1]).toMatchObject({
      ts: 5,
      registered_at: 5,
      owner: 'ml',
      rack: 'r7',
      warranty_until: 99,
      node: 'a',
    });
  });
});
