import type { Command } from 'commander';
import { ANALYSIS_KEYS } from '../analysis.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { natsAddress, questdbAddress } from '../roles/addresses.ts';
import { startClusterRole } from '../roles/cluster-role.ts';
import { remoteWriteOf, startCollectorRole } from '../roles/collector-role.ts';
import { startEngineRole } from '../roles/engine-role.ts';
import { hasTargets } from '../roles/has-targets.ts';
import { readInventory } from '../roles/inventory.ts';
import { requireSafeWay } from '../roles/listen-address.ts';
import { workerName } from '../roles/own-subjects.ts';
import { startReadSide } from '../roles/read-side.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { loggedNews, type News } from './logged-news.ts';
import { untilStopped } from './until-stopped.ts';

type Role = Parameters<typeof untilStopped>[0];

/** A worker that is told to end hands its groups over first; a second later what runs it may kill it. */
const HAND_OVER_MAX_MS = 29_000;

const SERVICES: readonly ConfigKey[] = ['nats', 'stream-replicas', 'questdb', 'questdb-pg'];
const COLLECT: readonly ConfigKey[] = [
  'nats',
  'stream-replicas',
  'durability',
  'targets',
  'targets-file',
  'targets-url',
  'allow-link-local',
  'targets-url-tls-ca',
  'targets-url-tls-insecure',
  'targets-url-bearer-token-file',
  'target-access',
  'target-tls-ca',
  'target-tls-insecure',
  'target-bearer-token-file',
  'remote-write',
  'remote-write-bearer-token-file',
  'tls-cert',
  'tls-key',
  'behind-proxy',
  'interval',
  'scrape-timeout',
  'scrape-size-max',
  'spool-size-max',
  'collector-cluster',
  'collector-name',
  'cluster-lease',
];
const ENGINE: readonly ConfigKey[] = [
  ...SERVICES,
  'stream-age-max',
  'stream-size-max',
  'dead-letters-age-max',
  'assets',
  ...ANALYSIS_KEYS,
  'future-max',
  'snapshot-interval',
  'engine-threads',
  'cluster',
  'worker-name',
  'cluster-lease',
  'flush-rows',
  'flush-interval',
  'parquet-after',
  'alert-channels',
  'alert-routes',
  'alert-inhibitions',
  'alert-link',
  'allow-link-local',
];
const SERVE: readonly ConfigKey[] = [
  ...SERVICES,
  'api',
  'live',
  'tls-cert',
  'tls-key',
  'behind-proxy',
  'calls-per-second-max',
  'oidc-issuer',
  'oidc-audience',
  'oidc-role-claim',
  'oidc-tenant-claim',
  'interval',
  'alert-inhibitions',
  'alert-link',
  'live-url',
];

/** `collect`, `engine`, `serve`: one role each, for several machines. */
export function addRoleCommands(program: Command): void {
  add(program, 'collect', 'scrapes targets and publishes to NATS', COLLECT, (context, news) => collect(context, news));
  add(program, 'engine', 'runs the topology: NATS to QuestDB and the bus', ENGINE, (context, news) =>
    engine(context, news),
  );
  add(program, 'serve', 'REST API, console and live socket', SERVE, (context) => serve(context));
}

function add(
  program: Command,
  name: string,
  help: string,
  keys: readonly ConfigKey[],
  start: (context: CommandContext, news: News) => Role,
): void {
  const command = configured(program.command(name), keys)
    .description(help)
    .action(async () => {
      const context = contextOf(command, keys);
      const stop_max_ms = context.loaded.values.cluster ? HAND_OVER_MAX_MS : undefined;
      await untilStopped(start(context, loggedNews(context, name)), stop_max_ms);
    });
}

/** Hands a part's later death to whoever waits for it. */
function failure(): { readonly failed: Promise<never>; readonly fail: (error: VitalsError) => void } {
  let fail: (error: VitalsError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  return { failed, fail: (error) => fail(error) };
}

const collect =
  ({ loaded }: CommandContext, news: News): Role =>
  async () => {
    const config = loaded.values;
    if (!hasTargets(config)) {
      const what = 'no targets: give --targets, --targets-file, --targets-url or --remote-write';
      throw new VitalsError('GV-CFG-001', what, '');
    }
    // What is refused is refused before anything has started.
    remoteWriteOf(config);
    const { failed, fail } = failure();
    const nats_url = await natsAddress(config);
    const stream_replicas = config['stream-replicas'];
    const bus = await connectBus({
      servers: nats_url,
      name: 'gpu-vitals collect',
      clock: systemClock,
      stream_replicas,
    });
    await ensureStreams(bus).finally(() => bus.close());
    const collector = await startCollectorRole({ config, nats_url, simulated: null, ...news, onExit: fail });
    return { failed, stop: () => collector.stop() };
  };

const engine =
  ({ loaded }: CommandContext, news: News): Role =>
  async () => {
    const config = loaded.values;
    const { failed, fail } = failure();
    const questdb = await questdbAddress(config);
    const nats_url = await natsAddress(config);
    const stream_replicas = config['stream-replicas'];
    const bus = await connectBus({ servers: nats_url, name: 'gpu-vitals engine', clock: systemClock, stream_replicas });
    const options = {
      config,
      bus,
      nats_url,
      questdb_http: questdb.http,
      questdb_pg: questdb.pg,
      worker: workerName(config),
      clock: systemClock,
      wall_time: true,
      assets: readInventory(config.assets),
      ...news,
    };
    if (config.cluster) {
      const worker = await startClusterRole(options);
      worker.failed.catch(fail);
      return {
        failed,
        async stop() {
          await worker.stop();
          await bus.close();
        },
      };
    }
    const running = await startEngineRole(options);
    news.say(`engine: reads DCGM_RAW from ${running.from}`);
    running.done.catch((error: unknown) =>
      fail(error instanceof VitalsError ? error : new VitalsError('GV-CLI-004', String(error), '')),
    );
    return {
      failed,
      async stop() {
        await running.stop();
        await bus.close();
      },
    };
  };

const serve =
  ({ loaded, say }: CommandContext): Role =>
  async () => {
    const config = loaded.values;
    requireSafeWay(config);
    const { failed, fail } = failure();
    const { pg } = await questdbAddress(config);
    const faces = await startReadSide({
      simulated: false,
      config,
      origins: loaded.origins,
      nats_url: await natsAddress(config),
      questdb_pg_url: pg,
      onExit: fail,
    });
    process.stdout.write(
      `${JSON.stringify({ event: 'ready', api: faces.api, live: faces.live, console: `${faces.api}/` })}\n`,
    );
    say(`console ${faces.api}/, live ${faces.live}`);
    return { failed, stop: () => faces.stop() };
  };
