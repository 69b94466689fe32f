import { expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../operators/core/laws.fixture.ts';
import { runOperator } from '../operators/core/lift.ts';
import { enrich } from '../operators/enrich.ts';
import { Assets } from './asset-book.ts';
import { mergeAsset } from './asset-merge.ts';
import { knownAssets, settledAssets } from './write-inventory.ts';

const row = (uuid: string, node: string, i: number): SampleRow => ({
  ts: START_MS + i,
  node,
  uuid,
  values: { gpu_temp_celsius: 50 },
});

it('makes the rows of GPUs that report, reported, moved, and never did', async () => {
  const states = new GroupStates();
  const seen = (group: number, rows: SampleRow[]): void => {
    const none = { edition: () => 0, get: () => undefined };
    runOperator('enrich', enrich(none), states.get(group), batchOf(states.get(group), rows), () => undefined);
  };
  seen(0, [row('GPU-a', 'old', 1), row('GPU-b', 'n0', 2)]);
  seen(5, [row('GPU-a', 'new', 9)]);
  const book = new Assets();
  for (const gpu_uuid of ['GPU-a', 'GPU-b', 'GPU-spare']) {
    book.put(mergeAsset(undefined, { gpu_uuid, owner: 'ml', status: 'retired', registered_at: 7 }, 0), { from: 1e15 });
  }
  const wanted = ['GPU-a', 'GPU-b', 'GPU-spare', 'GPU-unknown'];
  const rows = await settledAssets(
    { follower: { book, takeSettled: () => [] }, known: (assets) => knownAssets(states, 'enrich', assets) },
    wanted,
  );
  expect(rows.map(({ ts, gpu_uuid, node, owner }) => [ts, gpu_uuid, node, owner])).toEqual([
    [START_MS + 9, 'GPU-a', 'new', 'ml'],
    [START_MS + 2, 'GPU-b', 'n0', 'ml'],
    [7, 'GPU-spare', '', 'ml'],
  ]);
  expect(rows[0]).toMatchObject({ status: 'retired', registered_at: 7, model: 'NVIDIA H100 80GB HBM3' });
});
