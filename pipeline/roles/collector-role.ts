import { join } from 'node:path';
import { edgeTeller } from '../collect/collector-events.ts';
import type { TargetAccess } from '../collect/scraper-access.ts';
import type { Config } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import type { CollectorThreadOptions, FromCollectorThread } from './collector-thread.ts';
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

/** Starts the collector's thread. */
export async function startCollectorRole(options: CollectorRoleOptions): Promise<{ stop(): Promise<void> }> {
  const { config, simulated, say, tell } = options;
  const interval_ms = Math.max(INTERVAL_MIN_MS, Math.round(config.interval / (simulated?.speed ?? 1)));
  const data: CollectorThreadOptions = {
    nats_url: options.nats_url,
    spool_directory: join(config.data, 'spool'),
    targets: simulated ? '' : config.targets.join(','),
    targets_files: simulated ? [] : config['targets-file'],
    targets_url: simulated?.sd_url ?? config['targets-url'],
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
  };
  const tellEdge = edgeTeller({
    info: (_, text) => say(`collector: ${text}`),
    warn: (event, text) => tell(new VitalsError(event.code, text, 'where' in event ? event.where : 'collector')),
  });
  const thread: RunningThread<true> = await startThread<true>({
    file: new URL('./collector-thread.js', import.meta.url),
    name: 'collector',
    data,
    onExit: options.onExit,
    onMessage: (message) => tellEdge((message as FromCollectorThread).event),
  });
  return { stop: () => thread.stop(STOP_GRACE_MS) };
}

const accessOf = (match: string, said: { ca: string; token: string; insecure: boolean }): TargetAccess => ({
  match,
  insecure: said.insecure,
  ...(said.ca === '' ? {} : { ca_file: said.ca }),
  ...(said.token === '' ? {} : { bearer_token_file: said.token }),
});
