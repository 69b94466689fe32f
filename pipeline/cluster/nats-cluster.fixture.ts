import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNats } from '../../deploy/services/find-nats.ts';
import { freePort } from '../../deploy/services/free-port.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { managerOf } from '../bus/stream-manager.ts';
import { until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { TestMachine } from './network.fixture.ts';

export interface NatsCluster {
  /** Of all servers, separated by commas. */
  readonly nats_url: string;
  /** Of all servers that run. */
  pids(): readonly number[];
  /** Signals a server, by number. */
  kill(server: number, signal: NodeJS.Signals): void;
  /** Starts a server again that was killed, with its data. */
  restart(server: number): void;
  stop(): Promise<void>;
}

const HERE = { address: '127.0.0.1', within: [] };

/**
 * Three nats-servers `n0` to `n2` of one JetStream cluster, on this machine or each on one of its own; null when there is no
 * program for them.
 */
export async function startNatsCluster(
  machines: readonly TestMachine[] = [HERE, HERE, HERE],
): Promise<NatsCluster | null> {
  const cache = process.env.GPU_VITALS_CACHE ?? join(homedir(), '.cache', 'gpu-vitals');
  const platform = `${process.platform}-${process.arch}`;
  const found = await findNats({ env: process.env, cache, platform, report: () => undefined, tried: [] });
  if (found === null) return null;
  const { program } = found;
  const data = await mkdtemp(join(tmpdir(), 'gpu-vitals-nats-'));
  const taken = new Set<number>();
  const ports: { readonly client: string; readonly route: string }[] = [];
  for (const { address } of machines) {
    ports.push({ client: `${address}:${await freePort(0, taken)}`, route: `${address}:${await freePort(0, taken)}` });
  }
  const routes = ports.map(({ route }) => `"nats://${route}"`).join(', ');
  const children: (ChildProcess | null)[] = [null, null, null];
  for (const [server, { client, route }] of ports.entries()) {
    await mkdir(join(data, `n${server}`), { recursive: true });
    const config = [
      `server_name: n${server}`,
      `listen: "${client}"`,
      'max_payload: 8MB',
      `jetstream { store_dir: "${join(data, `n${server}`)}", max_memory_store: 64MB, max_file_store: 16GB }`,
      `cluster { name: test, listen: "${route}", routes: [${routes}], no_advertise: true }`,
    ];
    await writeFile(join(data, `n${server}.conf`), config.join('\n'));
  }
  const start = (server: number): void => {
    const [first, ...rest] = [...(machines[server]?.within ?? []), program, '-c', join(data, `n${server}.conf`)];
    children[server] = spawn(first as string, rest, { stdio: 'ignore' });
  };
  for (const server of ports.keys()) start(server);
  return {
    nats_url: ports.map(({ client }) => `nats://${client}`).join(','),
    pids: () => children.flatMap((child) => child?.pid ?? []),
    kill: (server, signal) => {
      children[server]?.kill(signal);
    },
    restart: start,
    async stop() {
      const gone = children.flatMap((child) =>
        child === null || child.exitCode !== null || child.signalCode !== null
          ? []
          : [new Promise((resolve) => child.once('exit', resolve))],
      );
      for (const child of children) child?.kill('SIGKILL');
      await Promise.all(gone);
      await rm(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A connection with the streams made: until the servers have chosen who leads them, nothing can be. */
export async function connectToCluster(nats_url: string, copies: number): Promise<Bus> {
  const bus = await connectBus({ servers: nats_url, name: 'test', clock: systemClock, stream_replicas: copies });
  await until('the servers have a leader', () =>
    ensureStreams(bus).then(
      () => true,
      () => false,
    ),
  );
  return bus;
}

/** Waits until all copies of these streams are the same: what is read comes from any of them, also from one that was away. */
export async function copiesAgree(bus: Bus, streams: readonly string[]): Promise<void> {
  const jsm = await managerOf(bus);
  for (const stream of streams) {
    await until(`all copies of ${stream} are the same`, async () => {
      const found = await jsm.streams.info(stream).catch(() => null);
      const others = found?.cluster?.replicas ?? [];
      return others.length > 0 && others.every(({ current, offline, lag }) => current && !offline && !lag);
    });
  }
}
