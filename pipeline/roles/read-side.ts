import { fileURLToPath } from 'node:url';
import type { LiveThreadData } from '../../server/live-thread.ts';
import type { ThreadAnswer, ThreadConnections } from '../../server/run-as-thread.ts';
import type { Config, ConfigKey } from '../config-schema.ts';
import type { VitalsError } from '../contract/errors.ts';
import { insightOptions } from '../telemetry/insight-options.ts';
import type { ApiThreadData } from './api-thread.ts';
import { listenAddress, requireSafeWay } from './listen-address.ts';
import { liveOrigins } from './live-origins.ts';
import { startThread } from './thread.ts';
import { VERSION } from './version.ts';

export interface ReadSide {
  /** `http://host:port` and `ws://host:port/live`. */
  readonly api: string;
  readonly live: string;
  /** Where the simulated fleet is served, once it is. */
  tellFleet(url: string): void;
  /** What the API answers this installation itself: JSON of a path; null when it cannot now. */
  ask(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

export interface ReadSideOptions {
  readonly config: Config;
  /** Where each value of it comes from; nobody is told when absent. */
  readonly origins?: Readonly<Record<ConfigKey, string>>;
  readonly nats_url: string;
  readonly questdb_pg_url: string;
  /** Whether the console says that its fleet is simulated. */
  readonly simulated: boolean;
  readonly onExit: (error: VitalsError) => void;
}

const STOP_GRACE_MS = 3_000;
const ASK_TIMEOUT_MS = 5_000;
/** The built console lies beside the compiled server. */
const CONSOLE_DIR = fileURLToPath(new URL('../../console', import.meta.url));

/** Live server and REST API, each on a thread of its own, so that a slow query never delays a push. */
export async function startReadSide(options: ReadSideOptions): Promise<ReadSide> {
  const { config, nats_url, questdb_pg_url, onExit } = options;
  const connections = {
    nats_url,
    questdb_pg_url,
    stream_replicas: config['stream-replicas'],
    tls: requireSafeWay(config),
    oidc: oidcOf(config),
    insight: insightOptions(config),
    behind_proxy: config['behind-proxy'],
  };
  const live = await startThread<{ url: string }>({
    file: new URL('../../server/live-thread.js', import.meta.url),
    name: 'live',
    data: { ...connections, ...listenAddress(config.live), origins: liveOrigins(config) } satisfies LiveThreadData,
    onExit,
  });
  const stopLive = (): Promise<void> => live.stop(STOP_GRACE_MS);
  try {
    const asked = new Map<number, (answer: unknown) => void>();
    let questions = 0;
    const api = await startThread<{ url: string }>({
      file: new URL('./api-thread.js', import.meta.url),
      name: 'api',
      data: {
        ...connections,
        ...listenAddress(config.api),
        live_url: config['live-url'] || live.ready.url,
        console_dir: CONSOLE_DIR,
        interval_ms: config.interval,
        price_book: config['price-book'],
        models: {
          'failure-model': config['failure-model'],
          'challenger-share': config['challenger-share'],
          profile: config.profile,
        },
        simulated: options.simulated,
        config,
        origins: options.origins ?? null,
        version: VERSION,
      } satisfies ApiThreadData,
      onMessage(message) {
        const { answer } = (message ?? {}) as { readonly answer?: ThreadAnswer };
        if (answer === undefined) return;
        asked.get(answer.number)?.(answer.status === 200 ? JSON.parse(answer.text) : null);
        asked.delete(answer.number);
      },
      onExit,
    });
    return {
      api: api.ready.url,
      live: live.ready.url,
      tellFleet: (fleet_url) => api.post({ fleet_url }),
      ask(path) {
        const number = ++questions;
        return new Promise((resolve) => {
          const timer = setTimeout(() => {
            asked.delete(number);
            resolve(null);
          }, ASK_TIMEOUT_MS);
          asked.set(number, (answer) => {
            clearTimeout(timer);
            resolve(answer);
          });
          api.post({ ask: { number, path } });
        });
      },
      async stop() {
        await Promise.all([api.stop(STOP_GRACE_MS), stopLive()]);
      },
    };
  } catch (error) {
    await stopLive();
    throw error;
  }
}

/** Null: no single sign-on. */
const oidcOf = (config: Config): NonNullable<ThreadConnections['oidc']> | null =>
  config['oidc-issuer'] === ''
    ? null
    : {
        issuer: config['oidc-issuer'],
        audience: config['oidc-audience'],
        role_claim: config['oidc-role-claim'],
        tenant_claim: config['oidc-tenant-claim'],
      };
