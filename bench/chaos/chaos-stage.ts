import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningServices, startServices } from '../../deploy/services/start-services.ts';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { type ChaosPlan, DISKS, type DiskOwner, LINKS, type Link, type Part } from './chaos-plan.ts';
import { type KeptProcess, keptProcess } from './kept-process.ts';
import { skewedClock } from './skewed-clock.ts';
import { type SmallDisk, smallDisk } from './small-disk.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

export interface ChaosStageOptions {
  /** Empty; everything lies in it. */
  readonly folder: string;
  readonly plan: ChaosPlan;
  /** Disks of their own for the parts, which can be filled. */
  readonly small_disks: boolean;
  readonly exporter_port: () => number;
  /**
   * The collector's clock is behind this, epoch ms. Of a scrape that fails it sends word with a time of its own, and how many do
   * follows from the machine: behind all that is told, no word of them counts.
   */
  readonly input_start_ms: number;
  readonly trace: (line: string) => void;
}

/** The whole system as processes of their own, with a hand on each of them and on what they say to each other. */
export interface ChaosStage {
  readonly services: RunningServices;
  /** A connection of our own, past all proxies. */
  readonly bus: Bus;
  readonly links: Readonly<Record<Link, TcpProxy>>;
  /** Null: this user may not mount. */
  readonly disks: Readonly<Record<DiskOwner, SmallDisk | null>>;
  readonly processes: Readonly<Record<Role, KeptProcess>>;
  /** How often a process was started. */
  readonly lives: (part: Part) => number;
  /** Ends of processes that nobody had ordered, and what they said of it. */
  readonly complaints: readonly string[];
  /** Address of the API, once it is up. */
  readonly api: () => { readonly api: string; readonly live: string } | null;
  /** Ends all roles as an operator does, in the order in which data flows; what did not end well. */
  endRoles(): Promise<string[]>;
  close(): Promise<void>;
}

export type Role = 'collector' | 'engine' | 'api';

const DISK_MIB: Readonly<Record<DiskOwner, number>> = { nats: 256, questdb: 4_096, collector: 64, engine: 128 };
const SCRAPE_EVERY = '500ms';
const END_LIMIT_MS = 12_000;
const BEHIND_MS = 86_400_000;

export async function startStage(options: ChaosStageOptions): Promise<ChaosStage> {
  const { folder, plan, trace } = options;
  const data = join(folder, 'services');
  const dirs: Readonly<Record<DiskOwner, string>> = {
    nats: join(data, 'nats'),
    questdb: join(data, 'questdb'),
    collector: join(folder, 'collector'),
    engine: join(folder, 'engine'),
  };
  const api_dir = join(folder, 'api');
  for (const dir of [...Object.values(dirs), api_dir]) await mkdir(dir, { recursive: true });
  const disks = {} as Record<DiskOwner, SmallDisk | null>;
  for (const owner of DISKS) disks[owner] = options.small_disks ? await smallDisk(dirs[owner], DISK_MIB[owner]) : null;
  const unmount = async (): Promise<void> => {
    for (const owner of DISKS) await disks[owner]?.unmount();
  };

  let services: RunningServices;
  try {
    services = await startServices({
      data,
      ports: { nats: 0, nats_monitor: 0, questdb_http: 0, questdb_pg: 0 },
      questdb_heap_max_mib: 192,
      questdb_quick_start: true,
      restart: false,
    });
  } catch (error) {
    await unmount();
    throw error;
  }
  const nats = new URL(services.nats?.url ?? '');
  const http = new URL(services.questdb?.http_url ?? '');
  const pg = new URL(services.questdb?.pg_url ?? '');
  const bus = await connectBus({ servers: nats.href, name: 'chaos', clock: systemClock });
  await ensureStreams(bus);

  const ports: Readonly<Record<Link, () => number>> = {
    'collector-targets': options.exporter_port,
    'collector-nats': () => Number(nats.port),
    'engine-nats': () => Number(nats.port),
    'engine-rows': () => Number(http.port),
    'engine-sql': () => Number(pg.port),
    'api-nats': () => Number(nats.port),
    'api-sql': () => Number(pg.port),
  };
  const links = {} as Record<Link, TcpProxy>;
  for (const link of LINKS) links[link] = await tcpProxy(ports[link]);
  const through = (url: URL, link: Link): string => {
    const proxied = new URL(url);
    proxied.port = String(links[link].port);
    return proxied.href.replace(/\/$/, '');
  };

  const args: Readonly<Record<Role, readonly string[]>> = {
    collector: [
      ...['collect', '--nats', through(nats, 'collector-nats'), '--data', dirs.collector],
      ...['--interval', SCRAPE_EVERY, '--targets', `127.0.0.1:${links['collector-targets'].port}`],
    ],
    engine: [
      ...['engine', '--nats', through(nats, 'engine-nats'), '--data', dirs.engine],
      ...['--questdb', through(http, 'engine-rows'), '--questdb-pg', through(pg, 'engine-sql')],
      ...['--snapshot-interval', '500ms', '--flush-interval', '50ms'],
      ...['--engine-threads', String(plan.engine_threads)],
    ],
    api: [
      ...['serve', '--nats', through(nats, 'api-nats'), '--data', api_dir],
      ...['--questdb', http.href, '--questdb-pg', through(pg, 'api-sql')],
      ...['--api', '127.0.0.1:0', '--live', '127.0.0.1:0'],
    ],
  };
  const behind_ms = options.input_start_ms - BEHIND_MS - systemClock.now();
  const lives: Record<string, number> = {};
  const complaints: string[] = [];
  const start = (role: Role): KeptProcess => {
    const said: string[] = [];
    return keptProcess({
      args: args[role],
      env() {
        const skew = plan.skewOf(role, lives[role] ?? 0);
        if (skew !== null)
          trace(`${role}: clock off by ${skew.off_ms} ms, after ${skew.jump_after_ms} ms by ${skew.then_off_ms}`);
        if (role !== 'collector') return skew === null ? {} : skewedClock(folder, skew);
        const { off_ms, jump_after_ms, then_off_ms } = skew ?? { off_ms: 0, jump_after_ms: 0, then_off_ms: 0 };
        return skewedClock(folder, { off_ms: behind_ms + off_ms, jump_after_ms, then_off_ms: behind_ms + then_off_ms });
      },
      onStart() {
        lives[role] = (lives[role] ?? 0) + 1;
        said.length = 0;
      },
      onLine(line) {
        said.push(line);
        trace(`${role}: ${line}`);
        if (/^\s+at .*\.js:\d+/.test(line) || /GV-CLI-004/.test(line))
          complaints.push(`${role}: ${said.slice(-6).join(' | ')}`);
      },
      onExit({ code, signal }) {
        trace(`${role} ended: ${signal ?? `code ${code}`}`);
      },
    });
  };
  const processes: Record<Role, KeptProcess> = {
    engine: start('engine'),
    collector: start('collector'),
    api: start('api'),
  };
  return {
    services,
    bus,
    links,
    disks,
    processes,
    lives: (part) => lives[part] ?? 0,
    complaints,
    api() {
      const line = processes.api.stdout().split('\n', 1)[0] ?? '';
      return line.startsWith('{') ? (JSON.parse(line) as { api: string; live: string }) : null;
    },
    async endRoles() {
      const wrong: string[] = [];
      for (const role of ['collector', 'engine', 'api'] as const) {
        const code = await processes[role].end(END_LIMIT_MS);
        if (code !== 0)
          wrong.push(`${role} ended with ${code === null ? 'a signal' : `code ${code}`} when asked to end`);
      }
      return wrong;
    },
    async close() {
      await Promise.all(Object.values(processes).map((process) => process.end(0)));
      await bus.close();
      for (const link of LINKS) await links[link].close();
      for (const service of ['nats', 'questdb'] as const) services.kill(service, 'SIGCONT');
      await services.stop();
      await unmount();
    },
  };
}
