import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { shownAddress } from '../../pipeline/contract/shown-address.ts';
import { acquireDataLock, dataLockHolder } from './data-lock.ts';
import { addressOf, probeNats, probeQuestdb } from './probe.ts';
import { isRunning } from './process-identity.ts';
import type { Report, ServiceName } from './report.ts';
import { lastComplaint, rotateLog } from './service-log.ts';
import type { PreparedService, ServicesOptions } from './services-options.ts';
import { readServicesState, writeServiceEntry } from './services-state.ts';
import { locate, record } from './start-services.ts';

export interface ServiceStatus {
  readonly service: ServiceName;
  /** `running` answers, `silent` runs without answering, `stopped`. */
  readonly state: 'running' | 'silent' | 'stopped';
  /** `child` ends with the gpu-vitals that started it, `detached` stays until it is stopped; null when stopped. */
  readonly mode: 'child' | 'detached' | null;
  readonly pid: number | null;
  /** NATS, or QuestDB's HTTP side; empty when stopped. */
  readonly url: string;
  readonly pg_url: string;
  readonly version: string;
  readonly source: string;
  readonly log_path: string;
}

const BOTH: readonly ServiceName[] = ['nats', 'questdb'];

/**
 * Starts the services of a data folder that do not run yet and leaves them running behind this process, noted in the
 * folder; `startServices` on the same folder uses them. Nobody restarts them when they end. Throws as `startServices`
 * does, and GV-SVC-003 while a running gpu-vitals has the folder; what was started before the failure is stopped.
 */
export async function startDetached(options: ServicesOptions): Promise<readonly ServiceStatus[]> {
  const data = resolve(options.data);
  await mkdir(data, { recursive: true });
  const lock = await acquireDataLock(data, options.report === undefined ? {} : { report: options.report });
  const ours: ServiceName[] = [];
  try {
    const taken = new Set<number>();
    for (const service of options.services ?? BOTH) {
      const entry = readServicesState(data)[service];
      if (entry !== undefined && (await isRunning(entry))) {
        options.report?.({
          service,
          step: 'take',
          detail: `${shownAddress(entry.url)}, pid ${entry.pid}, runs already`,
        });
        continue;
      }
      const prepare = await locate(service, { ...options, data });
      ours.push(service);
      await launch(await prepare(taken), { ...options, data });
    }
    return await servicesStatus(data);
  } catch (error) {
    await stopAll(data, ours, options.report, options.clock ?? systemClock);
    throw error;
  } finally {
    lock.release();
  }
}

/** Stops what `startDetached` started. Throws VitalsError GV-SVC-003 while a running gpu-vitals uses the folder. */
export async function stopDetached(
  data: string,
  options: { readonly report?: Report; readonly clock?: Clock } = {},
): Promise<readonly ServiceStatus[]> {
  const folder = resolve(data);
  const pid = await dataLockHolder(folder);
  if (pid !== null)
    throw new VitalsError('GV-SVC-003', `the data folder is in use by gpu-vitals with pid ${pid}`, folder);
  await stopAll(folder, BOTH, options.report, options.clock ?? systemClock);
  return servicesStatus(folder);
}

/** State of both services of a data folder, detached or children of a running gpu-vitals. */
export async function servicesStatus(data: string): Promise<readonly ServiceStatus[]> {
  const state = readServicesState(resolve(data));
  return Promise.all(
    BOTH.map(async (service): Promise<ServiceStatus> => {
      const entry = state[service];
      if (entry === undefined || !(await isRunning(entry)))
        return { service, state: 'stopped', mode: null, ...NOWHERE };
      const { mode, pid, url, pg_url, source, log_path } = entry;
      const version = await answer(service, url);
      const running = version === null ? 'silent' : 'running';
      return { service, state: running, mode, pid, url, pg_url, version: version ?? entry.version, source, log_path };
    }),
  );
}

const NOWHERE = { pid: null, url: '', pg_url: '', version: '', source: '', log_path: '' } as const;

async function answer(service: ServiceName, url: string): Promise<string | null> {
  if (service === 'questdb') return probeQuestdb(url, 2_000);
  const { host, port } = addressOf(url, ['nats'], 4222, 'services.json');
  return (await probeNats(host, port, 2_000))?.version ?? null;
}

async function launch(prepared: PreparedService, options: ServicesOptions): Promise<void> {
  const { service, log_path } = prepared;
  const { data, clock = systemClock, ready_timeout_ms = 60_000 } = options;
  await prepared.clear();
  await mkdir(dirname(log_path), { recursive: true });
  rotateLog(log_path);
  const log = openSync(log_path, 'a', 0o600);
  const child = spawn(prepared.program, prepared.args, {
    cwd: prepared.cwd,
    env: prepared.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  const since = clock.monotonic();
  if (child.pid !== undefined) await record(data, service, prepared, child.pid, 'detached', '');
  while (!ended && clock.monotonic() - since < ready_timeout_ms) {
    const version = await prepared.probe();
    if (version !== null && child.pid !== undefined && !ended) {
      await record(data, service, prepared, child.pid, 'detached', version);
      child.removeAllListeners();
      child.unref();
      const detail = `pid ${child.pid}, ${Math.round(clock.monotonic() - since)} ms`;
      options.report?.({ service, step: 'ready', detail });
      return;
    }
    await sleep(50);
  }
  const what = ended ? 'ended before it was ready' : `was not ready after ${ready_timeout_ms / 1000} s`;
  throw new VitalsError('GV-SVC-002', `${service} ${what} (${lastComplaint(log_path)})`, `log ${log_path}`);
}

async function stopAll(
  data: string,
  services: readonly ServiceName[],
  report: Report | undefined,
  clock: Clock,
): Promise<void> {
  const state = readServicesState(data);
  await Promise.all(
    services.map(async (service) => {
      const entry = state[service];
      if (entry === undefined || entry.mode !== 'detached') return;
      if (await isRunning(entry)) {
        report?.({ service, step: 'stop', detail: `pid ${entry.pid}` });
        process.kill(entry.pid, 'SIGTERM');
        const before = clock.monotonic() + STOP_GRACE_MS;
        while (await isRunning(entry)) {
          if (clock.monotonic() > before) process.kill(entry.pid, 'SIGKILL');
          await sleep(50);
        }
      }
      writeServiceEntry(data, service, undefined);
    }),
  );
}

const STOP_GRACE_MS = 10_000;
