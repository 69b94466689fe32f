import { existsSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { acquireDataLock } from '../../deploy/services/data-lock.ts';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { auditLog } from '../audit/audit-log.ts';
import { until } from '../bus/bus.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { openKeyValue } from '../bus/key-value.ts';
import { doctorExitCode } from '../cli/doctor-command.ts';
import { systemClock } from '../clock.ts';
import { loadConfig } from '../config.ts';
import type { Config } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import { milliseconds, seconds } from '../contract/time.ts';
import { openKeyStore } from '../keys/key-store.ts';
import { startEngineRole } from '../roles/engine-role.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';
import { applyFixes, planFixes } from './fix.ts';
import { selfTest } from './self-test.ts';

let services: TestServices;
let bus: Bus;
let database: Database;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  services = await startTestServices({ env: { ...process.env, QDB_DEV_MODE_ENABLED: 'true' } });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 1,
    statement_timeout: seconds(20),
    connect_timeout: seconds(2),
  });
});
afterAll(async () => {
  await database?.close();
  await bus?.close();
  await services?.stop();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function listener(): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const configOf = (flags: Partial<Record<keyof Config, string>>): Config =>
  loadConfig({
    file: join(services.data, 'none.yaml'),
    file_required: false,
    environment: {},
    // Port 0 is never taken.
    flags: { data: services.data, api: '127.0.0.1:0', live: '127.0.0.1:0', ...flags },
  }).values;

const look = (flags: Partial<Record<keyof Config, string>> = {}): Promise<Finding[]> =>
  examine({ config: configOf(flags), clock: systemClock, env: process.env });

const state = (findings: readonly Finding[], part: string, check: string): string | undefined => {
  const found = findings.find((one) => one.part === part && one.check === check);
  return found && [found.state, found.code].filter((text) => text !== undefined).join(' ');
};

it('finds the services of the data folder, before any engine made anything in them', async () => {
  const findings = await look();
  expect(doctorExitCode(findings)).toBe(0);
  expect(state(findings, 'nats', 'server')).toBe('ok');
  expect(state(findings, 'nats', 'DCGM_RAW')).toBe('warn GV-BUS-002');
  expect(state(findings, 'questdb', 'gpu_metrics')).toBe('warn');
  expect(state(findings, 'data', 'owner')).toBe('warn');
  expect(state(findings, 'engine', 'alive')).toBe('warn');
  expect(state(findings, 'ports', 'nats')).toBe('ok');
  expect(state(findings, 'clocks', 'QuestDB')).toBe('ok');
});

it('tells a suspended table, a taken port, dead letters, and a collector without an engine', async () => {
  await ensureStreams(bus);
  await prepareDatabase(database);
  await database.query('ALTER TABLE gpu_metrics SUSPEND WAL');
  const publisher = bus.publisher();
  for (const reason of ['late', 'late', 'out_of_range']) {
    await publisher.publish({ subject: `dcgm.invalid.${reason}.n`, data: Buffer.from('x') });
  }
  await publisher.close();
  const told = { targets: 3, targets_failing: 1, spooled_messages: 5, spooled_bytes: 50 };
  const telling = setInterval(
    () => bus.publish({ subject: 'vitals.metrics.collector', data: Buffer.from(JSON.stringify(told)) }),
    200,
  );
  ends.push(() => clearInterval(telling));
  const { address } = await listener();

  const findings = await look({ api: address });
  await database.query('ALTER TABLE gpu_metrics RESUME WAL');
  expect(doctorExitCode(findings)).toBe(1);
  expect(state(findings, 'questdb', 'gpu_metrics')).toBe('fail GV-SNK-003');
  expect(state(findings, 'clocks', 'nats-server')).toBe('ok');
  expect(state(findings, 'questdb', 'gpu_assets')).toBe('ok');
  expect(state(findings, 'questdb', 'gpu_metrics_1h refresh')).toBe('ok');
  expect(state(findings, 'ports', 'api')).toBe('fail GV-SVC-006');
  expect(state(findings, 'engine', 'alive')).toBe('fail');
  expect(state(findings, 'collector', 'targets')).toBe('warn GV-COL-002');
  expect(state(findings, 'collector', 'spool')).toBe('warn');
  const letters = findings.filter(({ check }) => check === 'dead letters');
  expect(letters.map(({ figures }) => figures)).toEqual([
    { reason: 'late', refused: 2 },
    { reason: 'out_of_range', refused: 1 },
  ]);
  expect(findings.every(({ state: how, action }) => (how === 'ok') === (action === ''))).toBe(true);
});

it('tells a key that expired, a champion that is not there, and a channel that takes nothing; makes nothing', async () => {
  const before = await look();
  expect(state(before, 'keys', 'expiry')).toBe('ok');
  expect(state(before, 'models', 'champion')).toBe('ok');
  await expect(bus.streamState('KV_VITALS_KEYS')).rejects.toBeInstanceOf(VitalsError);

  const keys = await openKeyStore(bus, systemClock);
  await keys.create({ name: 'grafana', role: 'viewer', tenant: '', expires_after: milliseconds(1) });
  const pairs = await openKeyValue(bus, 'GPU_VITALS_MODELS', 'test');
  const book = { aliases: { champion: { version: 7, before: [] } }, history: [] };
  await pairs.replace('aliases', Buffer.from(JSON.stringify(book)), 0);
  const broken = { alerts_open: 0, alert_channel_broken: [{ labels: { channel: 'pager' }, value: 1 }] };
  const telling = setInterval(
    () => bus.publish({ subject: 'vitals.metrics.alerts', data: Buffer.from(JSON.stringify(broken)) }),
    200,
  );
  ends.push(() => clearInterval(telling));
  const findings = await look();
  await pairs.remove('aliases');
  expect(state(findings, 'keys', 'expiry')).toBe('warn GV-SEC-001');
  expect(state(findings, 'models', 'champion')).toBe('fail GV-MDL-102');
  expect(state(findings, 'alerts', 'channel pager')).toBe('fail GV-ALT-004');
});

it('mends a suspended table and a stale lock', async () => {
  await ensureStreams(bus);
  await prepareDatabase(database);
  await database.query('ALTER TABLE gpu_assets SUSPEND WAL');
  const lock = join(services.data, 'lock.json');
  writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, started: 'long ago' }));
  const before = await look();
  expect(state(before, 'questdb', 'gpu_assets')).toBe('fail GV-SNK-003');
  expect(state(before, 'data', 'lock')).toBe('warn');
  const fixes = await applyFixes(planFixes(before), { config: configOf({}), clock: systemClock });
  expect(fixes.map(({ state: how, fix }) => `${how} ${fix}`).sort()).toEqual([
    'done remove the stale lock of the data folder',
    'done resume the table gpu_assets',
  ]);
  expect(existsSync(lock)).toBe(false);
  const [entry] = (await auditLog(bus).page({ action: 'doctor --fix' }, { limit: 1 })).items;
  expect(entry).toMatchObject({ target: 'gpu_assets', status: 0, origin: 'command line' });
  const after = await look();
  expect(state(after, 'questdb', 'gpu_assets')).toBe('ok');
  expect(state(after, 'data', 'lock')).toBeUndefined();
});

it('times anomaly, health and alert of a self-test, and what does not come', async () => {
  const publish = (table: string, told: object, gpu = 'GPU-1'): void =>
    bus.publish({ subject: `vitals.${table}.n1.${gpu}`, data: Buffer.from(JSON.stringify(told)) });
  const stages: string[] = [];
  const run = (inject: () => Promise<void>, timeout_ms: number) =>
    selfTest({
      bus,
      clock: systemClock,
      gpu_uuid: 'GPU-1',
      inject,
      timeout_ms,
      onStage: ({ stage }) => stages.push(stage),
    });
  const telling = setInterval(() => {
    publish('anomalies', { state: 'open' }, 'GPU-2');
    publish('gpu_health_scores', {});
  }, 20);
  ends.push(() => clearInterval(telling));
  const silent = await run(async () => publish('anomalies', { state: 'closed' }), 200);
  expect(silent.map(({ latency_ms }) => latency_ms)).toEqual([null, null, null]);
  const told = await run(async () => {
    setTimeout(() => publish('anomalies', { state: 'open' }), 50);
    setTimeout(() => publish('alerts', { state: 'open' }), 150);
  }, 5_000);
  expect(stages).toEqual(['anomaly', 'health', 'alert']);
  expect(told.every(({ latency_ms }) => latency_ms !== null && latency_ms >= 40)).toBe(true);
});

it('hears an engine in a folder that is in use, which follows the inventory', async () => {
  const config = configOf({ 'snapshot-interval': '500ms', nats: services.nats_url });
  const lock = await acquireDataLock(services.data);
  ends.push(() => lock.release());
  const engine = await startEngineRole({
    config,
    bus,
    nats_url: services.nats_url,
    questdb_http: services.questdb_http_url,
    questdb_pg: services.questdb_pg_url,
    worker: 'w7',
    clock: systemClock,
    wall_time: true,
    assets: [{ gpu_uuid: 'GPU-spare', owner: 'ml' }],
    say: () => undefined,
    tell: (error) => expect(error).not.toBeInstanceOf(VitalsError),
  });
  ends.push(() => engine.stop());
  await until(() => engine.counters().snapshots > 0);
  const findings = await look();
  expect(state(findings, 'engine', 'alive')).toBe('ok');
  expect(state(findings, 'engine', 'lag')).toBe('ok');
  expect(state(findings, 'engine', 'snapshot')).toBe('ok');
  expect(state(findings, 'nats', 'ASSETS')).toBe('ok');
  expect(findings.find(({ part, check }) => part === 'engine' && check === 'alive')?.what).toContain('w7');
  expect(state(findings, 'data', 'owner')).toBe('warn');
  // A spare is in the table although no GPU reports.
  await until(async () => {
    const rows = await database.query<{ owner: string }>("SELECT owner FROM gpu_assets WHERE gpu_uuid = 'GPU-spare'");
    return rows[0]?.owner === 'ml';
  });
});

it('fails for addresses that were given and do not answer', async () => {
  const { server, address } = await listener();
  await new Promise((resolve) => server.close(resolve));
  ends.splice(0);
  const findings = await look({ nats: `nats://${address}`, questdb: `http://${address}` });
  expect(state(findings, 'nats', 'answer')).toBe('fail GV-BUS-001');
  expect(state(findings, 'questdb', 'answer')).toBe('fail GV-SNK-001');
  expect(doctorExitCode(findings)).toBe(1);
});
