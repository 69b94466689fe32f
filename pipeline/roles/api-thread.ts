import { workerData } from 'node:worker_threads';
import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import { channelDesk } from '../../server/channel-desk.ts';
import { readSideConnections } from '../../server/read-side-connections.ts';
import { runAsThread, type ThreadConnections } from '../../server/run-as-thread.ts';
import { openGate } from '../../server/security/open-gate.ts';
import { startApi } from '../../server/start-api.ts';
import { inhibitionsSchema } from '../alert-desk/inhibitions.ts';
import { systemClock } from '../clock.ts';
import type { Config, ConfigKey } from '../config-schema.ts';
import type { FailureModel } from '../contract/failure-model.ts';
import { examine } from '../doctor/examine.ts';
import { effectiveConfig } from '../effective-config.ts';
import { mlflowClient } from '../mlflow/mlflow-client.ts';
import { modelDesk } from '../model-desk.ts';
import { predictFeatures, predictStored } from '../predict-stored.ts';
import { type SamplesToScore, scoreSamples } from '../score-samples.ts';
import { scoreStored } from '../score-stored.ts';
import { openShipped } from '../shipped-model.ts';
import { sendMetrics } from '../telemetry/send-metrics.ts';
import { threadInsight } from '../telemetry/thread-insight.ts';
import { failureModels, type ModelConfig } from './failure-models.ts';
import { liveOrigins } from './live-origins.ts';

/** workerData of this thread; the message `{ live_url }` tells it later where the live server is, `{ fleet_url }` where the simulated fleet is. */
export interface ApiThreadData extends ThreadConnections {
  readonly live_url: string | null;
  readonly console_dir: string | null;
  readonly interval_ms: number;
  readonly version: string;
  readonly models: ModelConfig;
  /** File with prices of one's own; empty: none. */
  readonly price_book: string;
  /** Told to the console. */
  readonly simulated?: boolean;
  readonly config: Config;
  /** Where each value comes from; null: nobody knows. */
  readonly origins: Readonly<Record<ConfigKey, string>> | null;
}

const data = workerData as ApiThreadData;
let liveUrl = data.live_url;
let fleetUrl: string | null = null;

await runAsThread(
  async () => {
    const connections = await readSideConnections({ ...data, name: 'gpu-vitals api' }, systemClock);
    try {
      const insight = await threadInsight({ part: 'api', insight: data.insight, bus: connections.bus });
      const tellOwner = insight.tell;
      /** A request that failed for a reason of our own: its stack is for the log alone. */
      const onFailure = (error: unknown, where: string): void => {
        const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
        insight.log.error({ code: 'GV-API-004', where, stack }, 'a request failed');
      };
      const gate = await openGate({
        bus: connections.bus,
        clock: systemClock,
        host: data.host,
        oidc: data.oidc ?? null,
      });
      const models = await failureModels({
        config: data.models,
        bus: connections.bus,
        clock: systemClock,
        say: () => undefined,
        tell: tellOwner,
      });
      const shipped = openShipped(systemClock, tellOwner);
      const mlflow = mlflowClient({ env: process.env, clock: systemClock, tell: tellOwner });
      const modelOf = (gpu_uuid: string): FailureModel => models.book.at(systemClock.now(), gpu_uuid) ?? heuristic;
      const { config, origins, ...rest } = data;
      const api = await startApi({
        ...rest,
        bus: connections.bus,
        database: connections.database,
        clock: systemClock,
        gate,
        keys: gate.keys,
        behind_proxy: config['behind-proxy'],
        pages: liveOrigins(config),
        calls_per_s: config['calls-per-second-max'],
        live_url: () => liveUrl,
        fleet_url: () => fleetUrl,
        examine: () => examine({ config, clock: systemClock, env: process.env }),
        inhibitions: inhibitionsSchema.parse(config['alert-inhibitions']),
        channels: channelDesk({
          channels: config['alert-channels'],
          link: () => config['alert-link'] || `${data.tls ? 'https' : 'http'}://${config.api}`,
          environment: process.env,
          clock: systemClock,
          allow_link_local: config['allow-link-local'],
        }),
        config: origins === null ? null : effectiveConfig({ values: config, origins }),
        scorer: {
          stored: (asked) => scoreStored(connections.database, systemClock, asked),
          samples: (input) => scoreSamples({ ...input, clock: systemClock } as SamplesToScore),
        },
        predictor: {
          stored: (gpu_uuid, told) => predictStored(connections.database, modelOf(gpu_uuid), gpu_uuid, told),
          features: (features, model) => predictFeatures(modelOf(''), features, model, systemClock.now()),
        },
        models: modelDesk({
          registry: models.registry,
          shipped,
          base: data.models['failure-model'] === 'shipped' && models.registry !== null ? 'shipped' : 'heuristic',
          judging: () => models.judging(systemClock.now()),
          onMove(alias, name, model) {
            void mlflow?.mirrorAlias({ name, alias, model });
          },
        }),
        prices: loadPriceBook(data.price_book || null),
        profile: config.profile,
        onFailure,
      });
      const metrics = await sendMetrics({
        part: 'api',
        version: data.version,
        env: process.env,
        tell: insight.tell,
        families: api.families,
      });
      insight.log.info({ url: api.url }, 'listens');
      return {
        url: api.url,
        ask: api.ask,
        async close() {
          await metrics?.stop();
          await api.close();
          await gate.stop();
          await mlflow?.close();
          await shipped.close();
          await models.stop();
          insight.log.info('stopped');
          await insight.stop();
          await connections.close();
        },
      };
    } catch (error) {
      await connections.close();
      throw error;
    }
  },
  (message) => {
    const told = message as { live_url?: unknown; fleet_url?: unknown } | null;
    if (typeof told?.live_url === 'string') liveUrl = told.live_url;
    if (typeof told?.fleet_url === 'string') fleetUrl = told.fleet_url;
  },
);
