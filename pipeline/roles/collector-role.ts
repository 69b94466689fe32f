import { join } from 'node:path';
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
  const interval_ms = Math.max(INTERVAL_MIN_MS, config.interval / (simulated?.speed ?? 1));
  const data: CollectorThreadOptions = {
    nats_url: options.nats_url,
    spool_directory: join(config.data, 'spool'),
    targets: simulated ? '' : config.targets.join(','),
    targets_files: simulated ? [] : config['targets-file'],
    targets_url: simulated?.sd_url ?? config['targets-url'],
    access: accessOf(config),
    interval_ms,
    timeout_ms: Math.min(config['scrape-timeout'], interval_ms),
    scrape_size_max_bytes: config['scrape-size-max'] * MIB,
    spool_size_max_bytes: config['spool-size-max'] * MIB,
    seed: config.seed,
  };
  const thread: RunningThread<true> = await startThread<true>({
    file: new URL('./collector-thread.js', import.meta.url),
    name: 'collector',
    data,
    onExit: options.onExit,
    onMessage(message) {
      const { event } = message as FromCollectorThread;
      if (event.kind === 'target_failed') {
        if (event.failures === 1) tell(new VitalsError(event.code, event.detail, `target ${event.target}`));
      } else if (event.kind === 'target_recovered') {
        say(`target ${event.target} answers again after ${event.failures} failures`);
      } else {
        const { code, detail } = event;
        if (code) tell(new VitalsError(code, detail, 'where' in event ? event.where : 'spool'));
        else say(`collector: ${detail}`);
      }
    },
  });
  return { stop: () => thread.stop(STOP_GRACE_MS) };
}

function accessOf(config: Config): CollectorThreadOptions['access'] {
  const ca_file = config['target-tls-ca'];
  const bearer_token_file = config['target-bearer-token-file'];
  const insecure = config['target-tls-insecure'];
  if (ca_file === '' && bearer_token_file === '' && !insecure) return [];
  return [
    {
      match: '*',
      insecure,
      ...(ca_file === '' ? {} : { ca_file }),
      ...(bearer_token_file === '' ? {} : { bearer_token_file }),
    },
  ];
}
