import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../deploy/services/free-port.ts';
import { startServices } from '../../deploy/services/start-services.ts';
import { type RoleProcess, roleProcess } from '../faults/role-process.ts';
import type { FaultTarget } from './fault-plan.ts';

export interface SoakSystemOptions {
  readonly data: string;
  /** Folder of the probes' reports. */
  readonly probes: string;
  /** Folder of the compiled project. */
  readonly dist: URL;
  readonly stream_max_mib: number;
  readonly questdb_heap_max_mib: number;
  readonly durability: 'fast' | 'safe';
  /** For tests: services that start sooner and run slower. */
  readonly quick: boolean;
  /** More options of the engine. */
  readonly engine_args?: readonly string[];
  readonly onEnd: (how: string) => void;
}

/** nats-server, QuestDB and the roles, each a process of its own, as on several machines. */
export interface SoakSystem {
  readonly nats_url: string;
  /** Its HTTP monitor. */
  readonly nats_monitor_url: string;
  readonly questdb_pg_url: string;
  readonly api_url: string;
  readonly live_url: string;
  readonly versions: string;
  pid(target: FaultTarget): number | null;
  /** How long it took to be ready, ms. */
  start(target: FaultTarget): Promise<number>;
  kill(target: FaultTarget): Promise<void>;
  signal(target: FaultTarget, signal: NodeJS.Signals): void;
  /** SIGTERM; the exit code of a role. */
  end(target: 'engine' | 'collector' | 'api'): Promise<number | null>;
  /** First position that the engine read after its last start, as it said. */
  read_from(): number;
  /** The collector scrapes these from its next start on. */
  scrape(options: { readonly sd_url: string; readonly interval_ms: number }): void;
  stop(): Promise<void>;
}

const DEAD_LETTERS_MIB = 2_048;
const SPOOL_MIB = 512;

/** The roles are not started yet; the services are. */
export async function startSoakSystem(options: SoakSystemOptions): Promise<SoakSystem> {
  const { data, dist } = options;
  const taken = new Set<number>();
  const nats_monitor = await freePort(0, taken);
  const services = await startServices({
    data,
    ports: { nats: 0, nats_monitor, questdb_http: 0, questdb_pg: 0 },
    durability: options.durability,
    questdb_heap_max_mib: options.questdb_heap_max_mib,
    questdb_quick_start: options.quick,
    jetstream_max_mib: options.stream_max_mib + DEAD_LETTERS_MIB,
    restart: false,
  });
  const { nats, questdb } = services;
  if (nats === null || questdb === null) throw new Error('a service is missing');
  const api = `127.0.0.1:${await freePort(0, taken)}`;
  const live = `127.0.0.1:${await freePort(0, taken)}`;
  const program = [
    ...['--import', new URL('bench/soak/memory-probe.js', dist).href],
    fileURLToPath(new URL('pipeline/cli/main.js', dist)),
  ];
  const database = ['--questdb', questdb.http_url, '--questdb-pg', questdb.pg_url];
  let scraped: readonly string[] = [];
  const role = (name: string, args: () => readonly string[], ready: RegExp): RoleProcess =>
    roleProcess({
      name,
      args: () => [...program, ...args(), '--nats', nats.url, '--data', data],
      env: { PROBE_DIR: options.probes },
      log: join(data, 'logs', `${name}-said.log`),
      ready,
      onEnd: options.onEnd,
    });
  const roles = {
    engine: role(
      'engine',
      () => [
        'engine',
        ...database,
        ...['--stream-size-max', String(options.stream_max_mib)],
        ...(options.engine_args ?? []),
      ],
      /reads DCGM_RAW from \d+/,
    ),
    collector: role('collect', () => ['collect', ...scraped, '--spool-size-max', String(SPOOL_MIB)], /\d+ targets/),
    api: role('serve', () => ['serve', ...database, '--api', api, '--live', live], /"event":"ready"/),
  };
  return {
    nats_url: nats.url,
    nats_monitor_url: `http://127.0.0.1:${nats_monitor}`,
    questdb_pg_url: questdb.pg_url,
    api_url: `http://${api}`,
    live_url: `ws://${live}/live`,
    versions: `nats-server ${nats.version}, QuestDB ${questdb.version}`,
    pid: (target) => (target === 'nats' || target === 'questdb' ? (services.pids[target] ?? null) : roles[target].pid),
    async start(target) {
      if (target !== 'nats' && target !== 'questdb') return roles[target].start();
      const began = performance.now();
      await services.restart(target);
      return performance.now() - began;
    },
    async kill(target) {
      if (target === 'nats' || target === 'questdb') services.kill(target, 'SIGKILL');
      else await roles[target].kill();
    },
    signal(target, signal) {
      if (target === 'nats' || target === 'questdb') services.kill(target, signal);
      else roles[target].signal(signal);
    },
    end: (target) => roles[target].end(),
    read_from: () => Number([...roles.engine.tail().matchAll(/reads DCGM_RAW from (\d+)/g)].at(-1)?.[1]),
    scrape({ sd_url, interval_ms }) {
      scraped = ['--targets-url', sd_url, '--interval', `${interval_ms}ms`];
    },
    async stop() {
      for (const one of Object.values(roles)) one.signal('SIGCONT');
      for (const service of ['nats', 'questdb'] as const) services.kill(service, 'SIGCONT');
      await Promise.all([roles.collector.end(), roles.api.end()]);
      await roles.engine.end();
      await services.stop();
    },
  };
}
