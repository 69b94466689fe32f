import { join } from 'node:path';
import { acquireDataLock } from '../../deploy/services/data-lock.ts';
import type { ReportLine } from '../../deploy/services/report.ts';
import { startServices } from '../../deploy/services/start-services.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { systemClock } from '../clock.ts';
import type { Config, ConfigKey } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { noteAddresses } from './addresses.ts';
import { remoteWriteOf, startCollectorRole } from './collector-role.ts';
import { startEngineRole } from './engine-role.ts';
import { hasTargets } from './has-targets.ts';
import { readInventory } from './inventory.ts';
import { requireSafeWay } from './listen-address.ts';
import { startReadSide } from './read-side.ts';
import { startRetraining } from './retraining-role.ts';
import { serviceOptions } from './service-options.ts';
import { type SimulatedFleet, startSimulatedFleet } from './simulated-fleet.ts';

/** What is printed when all is up. */
export interface ReadyLine {
  readonly event: 'ready';
  readonly api: string;
  readonly live: string;
  readonly console: string;
  readonly nats: string;
  readonly questdb: string;
  readonly questdb_pg: string;
  /** Where Prometheus may write to; absent when it may not. */
  readonly remote_write?: string;
}

export interface RunningSystem {
  readonly ready: ReadyLine;
  /** Rejects when a part failed for good. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface UpOptions {
  readonly config: Config;
  /** Where each value of it comes from. */
  readonly origins?: Readonly<Record<ConfigKey, string>>;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  /** What a part has to say, so that the log tells who did. */
  readonly newsOf: (part: 'engine' | 'collector') => Pick<UpOptions, 'say' | 'tell'>;
}

/** Everything on one machine: services, engine, read side, fleet or targets, collector; each part stops in reverse order. */
export async function startUp(options: UpOptions): Promise<RunningSystem> {
  const { config, say, tell } = options;
  const clock = systemClock;
  requireSafeWay(config);
  // What is refused is refused before anything has started.
  remoteWriteOf(config);
  const assets = readInventory(config.assets);
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        tell(
          error instanceof VitalsError
            ? error
            : new VitalsError('GV-CLI-004', String(error), 'while stopping', { cause: error }),
        );
      }
    }
  };
  let fail: (error: VitalsError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  try {
    const report = ({ service, step, detail }: ReportLine): void => say(`${service}: ${step}, ${detail}`);
    const lock = await acquireDataLock(config.data, { report });
    stops.push(() => lock.release());
    const services = await startServices({
      ...serviceOptions(config, report),
      onExit: ({ error }) => tell(error),
    });
    stops.push(() => services.stop());
    const { nats, questdb } = services;
    if (nats === null || questdb === null) throw new VitalsError('GV-SVC-002', 'a service is missing', '');

    const bus = await connectBus({ servers: nats.url, name: 'gpu-vitals engine', clock });
    stops.push(() => bus.close());
    const simulated = !hasTargets(config);
    const engine = await startEngineRole({
      config,
      bus,
      nats_url: nats.url,
      questdb_http: questdb.http_url,
      questdb_pg: questdb.pg_url,
      worker: 'w0',
      simulated,
      clock,
      wall_time: !simulated || config.speed === 1,
      assets,
      ...options.newsOf('engine'),
    });
    stops.push(() => engine.stop());
    engine.done.catch((error: unknown) => {
      fail(
        error instanceof VitalsError
          ? error
          : new VitalsError('GV-CLI-004', `the engine failed: ${String(error)}`, '', { cause: error }),
      );
    });
    say(`engine: reads DCGM_RAW from ${engine.from}`);

    const faces = await startReadSide({
      simulated,
      config,
      ...(options.origins && { origins: options.origins }),
      nats_url: nats.url,
      questdb_pg_url: questdb.pg_url,
      onExit: (error) => fail(error),
    });
    stops.push(() => faces.stop());

    const training = await startRetraining({
      config,
      bus,
      nats_url: nats.url,
      questdb_http: questdb.http_url,
      questdb_pg: questdb.pg_url,
      ask: faces.ask,
      event_time: () => engine.counters().watermark || Number.NaN,
      clock,
      say,
      tell,
    });
    stops.push(() => training.stop());

    let fleet: SimulatedFleet | null = null;
    if (simulated) {
      const publisher = bus.publisher();
      fleet = await startSimulatedFleet({
        ...config,
        memory_file: join(config.data, 'simulation', 'fleet.json'),
        truth_file: join(config.data, 'simulation', 'truth.jsonl'),
        publisher,
        clock,
        onHistory: historyProgress(say),
        onExit: (error) => fail(error),
      });
      const { stop: stopFleet, url } = fleet;
      stops.push(stopFleet);
      faces.tellFleet(url);
      say(`fleet: ${config.gpus} simulated GPUs at ${url}, seed ${config.seed}, speed ${config.speed}`);
      await caughtUp(engine, say);
      engine.refreshRollups();
    }
    const collector = await startCollectorRole({
      config,
      nats_url: nats.url,
      simulated: fleet === null ? null : { sd_url: fleet.sd_url, speed: config.speed },
      ...options.newsOf('collector'),
      onExit: (error) => fail(error),
    });
    stops.push(() => collector.stop());

    const ready: ReadyLine = {
      event: 'ready',
      api: faces.api,
      live: faces.live,
      console: `${faces.api}/`,
      nats: nats.url,
      questdb: questdb.http_url,
      questdb_pg: questdb.pg_url,
      ...(collector.remote_write === null ? {} : { remote_write: collector.remote_write }),
    };
    stops.push(
      noteAddresses(config.data, {
        nats: nats.url,
        questdb: questdb.http_url,
        questdb_pg: questdb.pg_url,
        api: faces.api,
        live: faces.live,
        fleet: fleet?.url ?? null,
      }),
    );
    return { ready, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A line at every tenth. */
function historyProgress(
  say: (line: string) => void,
): (progress: { done: number; total: number; rows: number }) => void {
  let told = -1;
  return ({ done, total, rows }) => {
    const tenth = Math.floor((done / Math.max(1, total)) * 10);
    if (tenth === told) return;
    told = tenth;
    say(`history: ${Math.round((done / Math.max(1, total)) * 100)} %, ${rows} rows`);
  };
}

const LAG_CHECK_MS = 100;

/** Waits until the engine has worked off what the past left in the stream. */
async function caughtUp(
  engine: { counters: () => { lag_messages: number } },
  say: (line: string) => void,
): Promise<void> {
  // The first look at the stream's end comes with the engine's report, once a second.
  for (let calm = 0; calm < 1_500 / LAG_CHECK_MS; ) {
    await new Promise((resolve) => setTimeout(resolve, LAG_CHECK_MS));
    calm = engine.counters().lag_messages < 64 ? calm + 1 : 0;
  }
  say('engine: caught up');
}
