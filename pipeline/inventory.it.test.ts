import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { formatAssetsCsv, parseAssetsCsv } from './asset-csv.ts';
import { mergeAsset } from './asset-merge.ts';
import { loggedAssets } from './bus/asset-log.ts';
import { until } from './bus/bus.fixture.ts';
import { connectBus } from './bus/connect-bus.ts';
import { ensureStreams } from './bus/ensure-streams.ts';
import { systemClock } from './clock.ts';
import type { Bus } from './contract/bus.ts';
import type { Database } from './contract/database.ts';
import type { VitalsError } from './contract/errors.ts';
import type { Asset } from './contract/events.ts';
import { GPU_ASSETS } from './contract/tables.ts';
import { milliseconds, seconds } from './contract/time.ts';
import { importAssets, readAssets } from './inventory.ts';
import { ASSET_SETTLE_MS, followInventory } from './inventory-follower.ts';

const SEEN_AT = Date.UTC(2026, 2, 1);
const NOW = Date.UTC(2026, 5, 1);

let services: TestServices;
let bus: Bus;
let database: Database;
beforeAll(async () => {
  services = await startTestServices({});
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 2,
    statement_timeout: seconds(20),
    connect_timeout: seconds(2),
  });
});
afterAll(async () => {
  await database?.close();
  await bus?.close();
  await services?.stop();
});

const bring = (csv: string) => importAssets({ bus, database }, parseAssetsCsv(csv).rows, NOW);

async function write(assets: readonly Asset[]): Promise<void> {
  const sink = tableSink<Asset>(GPU_ASSETS, {
    url: services.questdb_http_url,
    age_max: milliseconds(10),
    answer_timeout: seconds(30),
    backoff_min: milliseconds(20),
    backoff_max: milliseconds(200),
    close_timeout: seconds(20),
    rows_max: 100,
    waiting_max: 1_000,
    onRefused: () => undefined,
    onEvent: () => undefined,
  });
  for (const asset of assets) sink.write(asset);
  await sink.close();
  await database.query("SELECT wait_wal_table('gpu_assets')");
}

it('is what was imported over what was seen first, comes back whole, and is followed', async () => {
  expect(await readAssets({ bus, database })).toEqual([]);
  expect(await bring('gpu_uuid,owner\nGPU spare.1,ml\n')).toEqual({ added: 1, changed: 0, unchanged: 0 });
  await prepareDatabase(database);
  await ensureStreams(bus);
  const seen = mergeAsset(undefined, { gpu_uuid: 'GPU-1', node: 'n1', model: 'H100', slot: '3' }, SEEN_AT);
  await write([seen]);

  const told: VitalsError[] = [];
  const follower = await followInventory({ bus, clock: systemClock, tell: (error) => told.push(error) });
  expect(follower.book.latest('GPU spare.1')?.owner).toBe('ml');

  const csv =
    'gpu_uuid,owner,rack,registered_at,note\nGPU-1,core,r1,2025-01-01T00:00:00Z,"one, ""two"""\nGPU-2,,r2,,\n';
  expect(await bring(csv)).toEqual({ added: 1, changed: 1, unchanged: 0 });
  expect(await bring(csv)).toEqual({ added: 0, changed: 0, unchanged: 2 });
  const assets = await readAssets({ bus, database });
  expect(assets.map(({ gpu_uuid, ts, owner, node }) => [gpu_uuid, ts, owner, node])).toEqual([
    ['GPU spare.1', NOW, 'ml', ''],
    ['GPU-1', SEEN_AT, 'core', 'n1'],
    ['GPU-2', NOW, '', ''],
  ]);
  expect(assets[1]).toMatchObject({
    model: 'H100',
    slot: '3',
    registered_at: Date.UTC(2025, 0, 1),
    note: 'one, "two"',
  });
  expect(await bring(formatAssetsCsv(assets))).toEqual({ added: 0, changed: 0, unchanged: 3 });

  // A column that is not there keeps its values, an empty cell clears one.
  expect(await bring('gpu_uuid,rack,note\nGPU-1,r9,\n')).toEqual({ added: 0, changed: 1, unchanged: 0 });
  await until(() => follower.book.latest('GPU-1')?.rack === 'r9');
  const newest = follower.book.edition(systemClock.now() + 60_000);
  expect(follower.book.get('GPU-1', newest)?.asset).toMatchObject({ owner: 'core', rack: 'r9', note: '', ts: SEEN_AT });
  expect(follower.book.get('GPU-1', newest - 1)?.asset).toMatchObject({ owner: 'core', rack: 'r1' });
  expect(follower.book.edition(systemClock.now() - 60_000)).toBe(0);
  expect(follower.takeSettled(3_600_000)).toEqual([]);
  expect([...follower.takeSettled(0)].sort()).toEqual(['GPU spare.1', 'GPU-1', 'GPU-2']);
  expect(follower.takeSettled(0)).toEqual([]);

  // Whatever else lies there is told and passed over.
  const publisher = bus.publisher();
  await publisher.publish({ subject: 'vitals.gpu_assets.odd', data: Buffer.from('{"gpu_uuid":""}') });
  await publisher.close();
  await until(() => told.length > 0);
  expect(told[0]?.code).toBe('GV-PRS-003');
  expect(await readAssets({ bus, database })).toHaveLength(3);
  await follower.stop();

  // One that starts later knows the same, and from when on.
  const later = await followInventory({ bus, clock: systemClock, tell: (error) => told.push(error) });
  expect(later.book.edition(systemClock.now() + ASSET_SETTLE_MS)).toBe(newest);
  expect(later.book.get('GPU-1', newest - 1)?.asset.rack).toBe('r1');
  expect(later.book.latest('GPU-1')).toEqual(follower.book.latest('GPU-1'));
  await later.stop();
});

it('refuses to build on a version that is no longer the last', async () => {
  const facts = { gpu_uuid: 'GPU-race' };
  const results = await Promise.allSettled([
    importAssets({ bus, database }, [{ ...facts, owner: 'a' }], NOW),
    importAssets({ bus, database }, [{ ...facts, owner: 'b' }], NOW),
  ]);
  const refused = results.filter((result) => result.status === 'rejected');
  const stored = (await readAssets({ bus, database })).filter(({ gpu_uuid }) => gpu_uuid === 'GPU-race');
  expect(stored).toHaveLength(1);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'GV-BUS-002' });
});

it('keeps since when a tenant has an asset for longer than the log keeps who had it before', async () => {
  await prepareDatabase(database);
  await ensureStreams(bus);
  await bring('gpu_uuid,tenant\nGPU-t,red\n');
  await bring('gpu_uuid,tenant\nGPU-t,blue\n');
  for (let n = 0; n < 6; n++) await bring(`gpu_uuid,note\nGPU-t,note ${n}\n`);
  const left: (readonly [string | undefined, number | undefined])[] = [];
  for await (const { asset, tenant_since } of loggedAssets(bus)) {
    if (asset?.gpu_uuid === 'GPU-t') left.push([asset.tenant, tenant_since]);
  }
  expect(left).toEqual(Array.from({ length: 4 }, () => ['blue', NOW]));
});
