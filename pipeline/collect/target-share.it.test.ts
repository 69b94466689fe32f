import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { type CliRun, endCliRuns, startCli, until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { decodeScrape } from '../contract/wire.ts';
import { exporter } from './collector.fixture.ts';
import { listen } from './scraper.fixture.ts';
import { targetOwner } from './target-owner.ts';

/** Collectors as processes that share the targets, on a real nats-server. */

const INTERVAL_MS = 200;
const LEASE_MS = 2_000;
/** What a busy machine adds to everything. */
const SLACK_MS = 2_000;
const NODES = Array.from({ length: 12 }, (_, n) => `node-${n}`);

interface Seen {
  readonly node: string;
  readonly ts: number;
  readonly epoch: number;
}
interface Running {
  readonly name: string;
  readonly run: CliRun;
  readonly epoch: number;
}

let services: TestServices;
let bus: Bus;
const folders: string[] = [];
const reading = new AbortController();
const seen: Seen[] = [];

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  await ensureStreams(bus);
  void (async () => {
    for await (const batch of bus.read({ stream: 'DCGM_RAW', from: 1 }, reading.signal)) {
      for (const { data } of batch) {
        const { node, ts, boot_epoch } = decodeScrape(data);
        seen.push({ node, ts, epoch: boot_epoch });
      }
    }
  })().catch(() => undefined);
});
afterEach(endCliRuns);
afterAll(async () => {
  reading.abort();
  await bus?.close();
  await services?.stop();
  await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true, maxRetries: 5 })));
});

async function fleet(): Promise<Map<string, string>> {
  const servers = await Promise.all(NODES.map((node) => listen(exporter(node).listener)));
  return new Map(NODES.map((node, n) => [node, servers[n]?.address ?? '']));
}

async function start(name: string, targets: ReadonlyMap<string, string>): Promise<Running> {
  const data = await mkdtemp(join(tmpdir(), 'gpu-vitals-share-'));
  folders.push(data);
  const known = new Set(seen.map(({ epoch }) => epoch));
  const run = startCli([
    ...['collect', '--nats', services.nats_url, '--data', data, '--targets', [...targets.values()].join(',')],
    ...['--interval', `${INTERVAL_MS}ms`, '--collector-cluster', 'true', '--collector-name', name],
    ...['--cluster-lease', `${LEASE_MS}ms`],
  ]);
  await run.until(`${name} scrapes`, () => seen.some(({ epoch }) => !known.has(epoch)));
  return { name, run, epoch: seen.find(({ epoch }) => !known.has(epoch))?.epoch ?? 0 };
}

/** Each node's collector when these share. */
const plan = (targets: ReadonlyMap<string, string>, collectors: readonly Running[]): Map<string, number> =>
  new Map(
    [...targets].map(([node, address]) => {
      const names = collectors.map(({ name }) => name);
      const owner = targetOwner(`http://${address}/metrics`, names);
      return [node, collectors.find(({ name }) => name === owner)?.epoch ?? 0];
    }),
  );

/**
 * Waits until each node is scraped by its owner, which took so many ms since an instant; then looks whether for some intervals
 * nobody else does, and whether two did for one interval at most.
 */
async function shared(
  targets: ReadonlyMap<string, string>,
  began: number,
  ...collectors: readonly Running[]
): Promise<number> {
  const owners = plan(targets, collectors);
  const settled = (from: number, times: number): boolean =>
    NODES.every((node) => {
      const epochs = seen.filter((one) => one.node === node && one.ts >= from).map(({ epoch }) => epoch);
      return epochs.length >= times && epochs.slice(-times).every((epoch) => epoch === owners.get(node));
    });
  await until(`${collectors.map(({ name }) => name)} share the targets`, () => settled(began, 1)).catch(
    (error: Error) => {
      throw new Error(`${error.message}\n${collectors.map(({ name, run }) => `${name}\n${run.stderr()}`).join('\n')}`);
    },
  );
  const took = systemClock.now() - began;
  const from = systemClock.now() + INTERVAL_MS;
  await until('some more scrapes', () => settled(from, 3));
  for (const { node, epoch, ts } of seen) if (ts >= from) expect(epoch, node).toBe(owners.get(node));
  for (const node of NODES) {
    const scrapes = seen.filter((one) => one.node === node && one.ts >= began);
    const first = scrapes.filter(({ epoch }) => epoch === owners.get(node)).map(({ ts }) => ts);
    const doubled = scrapes.filter(({ epoch, ts }) => epoch !== owners.get(node) && ts > Math.min(...first));
    expect(doubled.length, `${node} scraped by two`).toBeLessThanOrEqual(1);
  }
  return took;
}

/** The longest time between two scrapes of a node since an instant, ms. */
function longestGap(from: number): number {
  const gaps = NODES.flatMap((node) => {
    const times = seen.filter((one) => one.node === node && one.ts >= from).map(({ ts }) => ts);
    times.sort((a, b) => a - b);
    return times.slice(1).map((ts, n) => ts - (times[n] ?? ts));
  });
  return Math.max(...gaps);
}

it('each target is scraped by one of those that are there: one comes, is killed, paused, wakes, ends', async () => {
  const targets = await fleet();
  const starts_from = systemClock.now();
  const a = await start('a', targets);
  await shared(targets, starts_from, a);
  const joins_from = systemClock.now();
  const b = await start('b', targets);
  const c = await start('c', targets);
  await shared(targets, joins_from, a, b, c);
  expect(new Set(plan(targets, [a, b, c]).values()).size).toBe(3);
  expect(longestGap(joins_from)).toBeLessThan(2 * INTERVAL_MS + SLACK_MS / 2);

  const before = plan(targets, [a, b, c]);
  const killed_at = systemClock.now();
  b.run.kill('SIGKILL');
  const after_kill_ms = await shared(targets, killed_at, a, c);
  expect(after_kill_ms).toBeLessThan(LEASE_MS + INTERVAL_MS + SLACK_MS);
  for (const { node, ts, epoch } of seen) {
    // Targets of the others stay where they are.
    if (ts >= killed_at && before.get(node) !== b.epoch) expect(epoch, node).toBe(before.get(node));
  }

  const stopped_at = systemClock.now();
  c.run.kill('SIGSTOP');
  await shared(targets, stopped_at, a);
  const woken_at = systemClock.now();
  c.run.kill('SIGCONT');
  await shared(targets, woken_at, a, c);
  expect(c.run.stderr()).toMatch(/GV-CLU-001/);

  const ends_from = systemClock.now();
  a.run.kill('SIGTERM');
  const after_end_ms = await shared(targets, ends_from, c);
  expect(await a.run.exited).toMatchObject({ code: 0 });
  expect(after_end_ms).toBeLessThan(2 * INTERVAL_MS + SLACK_MS / 2);
  expect(longestGap(ends_from)).toBeLessThan(2 * INTERVAL_MS + SLACK_MS / 2);
  if (process.env.CLUSTER_TIMES !== undefined) console.info({ after_kill_ms, after_end_ms });
  c.run.kill('SIGTERM');
  expect(await c.run.exited).toMatchObject({ code: 0 });
}, 120_000);

it.each(['is away', 'hangs'] as const)(
  'while NATS %s each goes on with what it had, into its spool',
  async (how) => {
    const targets = await fleet();
    const starts_from = systemClock.now();
    const a = await start('a', targets);
    const b = await start('b', targets);
    await shared(targets, starts_from, a, b);
    const from = systemClock.now();
    services.kill('nats', how === 'hangs' ? 'SIGSTOP' : 'SIGKILL');
    await until('an outage of two leases', () => systemClock.now() - from > 2 * LEASE_MS);
    if (how === 'hangs') services.kill('nats', 'SIGCONT');
    else await services.restart('nats');
    const up_at = systemClock.now();
    await shared(targets, from, a, b);
    await until('the spools are empty', () =>
      NODES.every((node) => seen.filter((one) => one.node === node && one.ts > from && one.ts < up_at).length > 10),
    );
    const owners = plan(targets, [a, b]);
    for (const { node, ts, epoch } of seen) if (ts > from && ts < up_at) expect(epoch, node).toBe(owners.get(node));
    expect(longestGap(from)).toBeLessThan(2 * INTERVAL_MS + SLACK_MS / 2);
    for (const { run } of [a, b]) run.kill('SIGTERM');
    for (const { run } of [a, b]) expect(await run.exited).toMatchObject({ code: 0 });
  },
  120_000,
);
