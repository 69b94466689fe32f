import { join } from 'node:path';
import { edgeTeller } from '../collect/collector-events.ts';
import type { TargetAccess } from '../collect/scraper-access.ts';
import type { Config } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { isLoopback } from '../contract/loopback.ts';
import { insightOptions } from '../telemetry/insight-options.ts';
import type { CollectorReady, CollectorThreadOptions, FromCollectorThread } from './collector-thread.ts';
import { certificateOf, listenAddress } from './listen-address.ts';
import { collectorName } from './own-subjects.ts';
import { type RunningThread, startThread } from './thread.ts';

export interface CollectorRoleOptions {
  readonly config: Config;
  readonly nats_url: string;
  /** Targets instead of the configured ones: the simulated fleet. */
  readonly simulated: { readonly sd_url: string; readonly speed: number } | null;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  readonly onExit: (error: VitalsError) => void;
}

const MIB = 1_048_576;
const STOP_GRACE_MS = 5_000;
/** A faster simulation is scraped more often, but not faster than this. */
const INTERVAL_MIN_MS = 100;

export interface CollectorRole {
  /** Where Prometheus may write to; null: nowhere. */
  readonly remote_write: string | null;
  stop(): Promise<void>;
}

/** Starts the collector's thread. */
export async function startCollectorRole(options: CollectorRoleOptions): Promise<CollectorRole> {
  const { config, simulated, say, tell } = options;
  const name = simulated ? null : collectorName(config);
  const interval_ms = Math.max(INTERVAL_MIN_MS, Math.round(config.interval / (simulated?.speed ?? 1)));
  const data: CollectorThreadOptions = {
    nats_url: options.nats_url,
    spool_directory: join(config.data, 'spool'),
    targets: simulated ? '' : config.targets.join(','),
    targets_files: simulated ? [] : config['targets-file'],
    targets_url: simulated?.sd_url ?? config['targets-url'],
    allow_link_local: config['allow-link-local'],
    targets_url_access: accessOf('*', {
      ca: config['targets-url-tls-ca'],
      token: config['targets-url-bearer-token-file'],
      insecure: config['targets-url-tls-insecure'],
    }),
    access: [
      ...config['target-access'],
      accessOf('*', {
        ca: config['target-tls-ca'],
        token: config['target-bearer-token-file'],
        insecure: config['target-tls-insecure'],
      }),
    ],
    interval_ms,
    timeout_ms: Math.min(config['scrape-timeout'], interval_ms),
    scrape_size_max_bytes: config['scrape-size-max'] * MIB,
    spool_size_max_bytes: config['spool-size-max'] * MIB,
    seed: config.seed,
    insight: insightOptions(config),
    stream_replicas: config['stream-replicas'],
    atomic: config.durability === 'safe',
    share: name === null ? null : { name, lease: config['cluster-lease'] },
    remote_write: remoteWriteOf(config),
  };
  const tellEdge = edgeTeller({
    info: (_, text) => say(`collector: ${text}`),
    warn: (event, text) => tell(new VitalsError(event.code, text, 'where' in event ? event.where : 'collector')),
  });
  const thread: RunningThread<CollectorReady> = await startThread<CollectorReady>({
    file: new URL('./collector-thread.js', import.meta.url),
    name: 'collector',
    data,
    onExit: options.onExit,
    onMessage: (message) => tellEdge((message as FromCollectorThread).event),
  });
  const { remote_write } = thread.ready;
  if (remote_write !== null) say(`collector: remote write at ${remote_write}`);
  return { remote_write, stop: () => thread.stop(STOP_GRACE_MS) };
}

export type RemoteWriteConfig = Pick<
  Config,
  'remote-write' | 'remote-write-bearer-token-file' | 'tls-cert' | 'tls-key' | 'behind-proxy' | 'data'
>;

/**
 * Throws GV-SVC-007 when it would listen beyond loopback without a token, or with one that could be read on the way; GV-SEC-006
 * when the certificate cannot be used.
 */
export function remoteWriteOf(config: RemoteWriteConfig): CollectorThreadOptions['remote_write'] {
  const address = config['remote-write'];
  if (address === '') return null;
  const { host, port } = listenAddress(address);
  const bearer_token_file = config['remote-write-bearer-token-file'];
  const tls = certificateOf(config);
  const missing = bearer_token_file === '' ? 'a token' : tls === null && !config['behind-proxy'] ? 'TLS' : null;
  if (missing !== null && !isLoopback(host)) {
    throw new VitalsError(
      'GV-SVC-007',
      `--remote-write ${address} would listen beyond loopback without ${missing}`,
      '',
      {
        action:
          'Bind to 127.0.0.1; or give --remote-write-bearer-token-file, and --tls-cert and --tls-key, or --behind-proxy when a proxy in front does TLS.',
      },
    );
  }
  return { host, port, bearer_token_file, tls, directory: join(config.data, 'remote-write') };
}

const accessOf = (match: string, said: { ca: string; token: string; insecure: boolean }): TargetAccess => ({
  match,
  insecure: said.insecure,
  ...(said.ca === '' ? {} : { ca_file: said.ca }),
  ...(said.token === '' ? {} : { bearer_token_file: said.token }),
});
