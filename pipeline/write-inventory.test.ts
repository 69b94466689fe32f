import { expect, it, vi } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../operators/core/laws.fixture.ts';
import { runOperator } from '../operators/core/lift.ts';
import { enrich } from '../operators/enrich.ts';
import { Assets } from './asset-book.ts';
import { mergeAsset } from './asset-merge.ts';
import { knownAssets, settledAssets, writeInventory } from './write-inventory.ts';

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
    { follower: { book }, known: (assets) => knownAssets(states, 'enrich', assets) },
    wanted,
  );
  expect(rows.map(({ ts, gpu_uuid, node, owner }) => [ts, gpu_uuid, node, owner])).toEqual([
    [START_MS + 9, 'GPU-a', 'new', 'ml'],
    [START_MS + 2, 'GPU-b', 'n0', 'ml'],
    [7, 'GPU-spare', '', 'ml'],
  ]);
  expect(rows[0]).toMatchObject({ status: 'retired', registered_at: 7, model: 'NVIDIA H100 80GB HBM3' });
});

it('tells a board where it was seen last, also when it went and came back, and when people gave it its key', async () => {
  for (const told_first of [false, true]) {
    const states = new GroupStates();
    const book = new Assets();
    const put = () =>
      book.put(mergeAsset(undefined, { gpu_uuid: 'GPU-a', owner: 'ml', registered_at: 7 }, 0), { from: 0 });
    const seen = (group: number, rows: SampleRow[]): void =>
      runOperator('enrich', enrich(book), states.get(group), batchOf(states.get(group), rows), () => undefined);
    const nodes = async (): Promise<string[]> => {
      const known = (assets: Parameters<typeof knownAssets>[2]) => knownAssets(states, 'enrich', assets);
      return (await settledAssets({ follower: { book }, known }, ['GPU-a'])).map(({ node }) => node);
    };
    if (told_first) put();
    seen(5, [row('GPU-a', 'first', 1)]);
    seen(0, [row('GPU-a', 'second', 2)]);
    if (!told_first) put();
    expect(await nodes()).toEqual(['second']);
    seen(5, [row('GPU-a', 'first', 3)]);
    expect(await nodes()).toEqual(['first']);
  }
});

it('writes the inventory when it is settled, and all of it again when groups have new owners', async () => {
  const book = new Assets();
  book.put(mergeAsset(undefined, { gpu_uuid: 'GPU-a', registered_at: 7 }, 0), { from: 0 });
  const heard = ['GPU-a'];
  let owners = 'a b';
  let caught_up = false;
  let tick = (): void => undefined;
  const written: string[] = [];
  const writer = writeInventory({
    follower: {
      book,
      settles: () => heard.length > 0,
      takeSettled: () => heard.splice(0),
      hearAgain: () => void heard.push('GPU-a'),
    },
    known: () => [],
    sink: { write: ({ gpu_uuid }) => void written.push(gpu_uuid), pressure: async () => undefined },
    caughtUp: () => caught_up,
    owners: () => owners,
    timers: {
      after: () => () => undefined,
      every(_, run) {
        tick = run;
        return () => undefined;
      },
    },
  });
  const pass = async (): Promise<void> => {
    tick();
    await vi.waitFor(() => expect(heard.length === 0 || !caught_up).toBe(true));
    await new Promise((resolve) => setImmediate(resolve));
  };
  await pass();
  expect(written).toEqual([]);
  caught_up = true;
  await pass();
  await pass();
  expect(written).toEqual(['GPU-a']);
  owners = 'b';
  await pass();
  expect(written).toEqual(['GPU-a', 'GPU-a']);
  await writer.stop();
});
