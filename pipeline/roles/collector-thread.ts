import { parentPort, workerData } from 'node:worker_threads';
import { connectBus } from '../bus/connect-bus.ts';
import { reconnect } from '../bus/reconnect.ts';
import { systemClock } from '../clock.ts';
import { openCollectorKeys } from '../cluster/cluster-keys.ts';
import { type Collector, startCollector } from '../collect/collector.ts';
import type { CollectorEvent } from '../collect/collector-events.ts';
import { ExpositionParser } from '../collect/exposition-parser.ts';
import { startRemoteWrite } from '../collect/remote-write/remote-write.ts';
import type { TargetAccess } from '../collect/scraper-access.ts';
import { shareTargets } from '../collect/target-share.ts';
import type { DurationMs } from '../contract/time.ts';
import type { InsightOptions } from '../telemetry/insight-options.ts';
import { threadInsight } from '../telemetry/thread-insight.ts';
import type { CertificateFiles } from './listen-address.ts';
import { collectorSubject } from './own-subjects.ts';

export interface CollectorThreadOptions {
  readonly nats_url: string;
  readonly spool_directory: string;
  readonly targets: string;
  readonly targets_files: readonly string[];
  readonly targets_url: string;
  readonly targets_url_access: TargetAccess;
  readonly allow_link_local: boolean;
  readonly access: readonly TargetAccess[];
  readonly interval_ms: number;
  readonly timeout_ms: number;
  readonly scrape_size_max_bytes: number;
  readonly spool_size_max_bytes: number;
  readonly seed: number;
  readonly insight: InsightOptions;
  /** Of the buckets that are made here. */
  readonly stream_replicas: number;
  /** Scrapes are stored in atomic batches, for a server that syncs before it answers. */
  readonly atomic: boolean;
  /** Other collectors scrape a part of the targets; null: all are ours. */
  readonly share: { readonly name: string; readonly lease: DurationMs } | null;
  /** Null: nobody writes. */
  readonly remote_write: {
    readonly host: string;
    readonly port: number;
    readonly bearer_token_file: string;
    readonly tls: CertificateFiles | null;
    readonly directory: string;
  } | null;
}

export interface CollectorReady {
  /** Where Prometheus may write to; null: nowhere. */
  readonly remote_write: string | null;
}

export type FromCollectorThread = { readonly event: CollectorEvent };

const REPORT_EVERY_MS = 1_000;

/** Entry of the thread that scrapes: parsing text takes a core at scale and must not delay the engine. */
if (parentPort) {
  const parent = parentPort;
  try {
    await run(workerData as CollectorThreadOptions, parent);
  } catch (error) {
    parent.postMessage({ error: JSON.parse(JSON.stringify(error)) });
    parent.close();
  }
}

async function run(options: CollectorThreadOptions, parent: NonNullable<typeof parentPort>): Promise<void> {
  const {
    nats_url,
    stream_replicas,
    atomic,
    targets,
    targets_url,
    remote_write,
    insight: shown,
    share,
    ...rest
  } = options;
  const clock = systemClock;
  const bus = await connectBus({ servers: nats_url, name: 'gpu-vitals collector', clock, stream_replicas });
  const insight = await threadInsight({ part: 'collector', insight: shown, bus });
  const on_event = (event: CollectorEvent): void => parent.postMessage({ event });
  const connected = (): boolean => bus.connected;
  // A server that is cut off, or hangs, looks connected for half a minute.
  const on_silence = (): void => void reconnect(bus);
  const shared =
    share &&
    (await shareTargets({ ...share, keys: await openCollectorKeys(bus), clock, connected, on_silence, on_event }));
  const collector: Collector = startCollector({
    ...rest,
    clock,
    publisher: bus.publisher({ atomic }),
    connected,
    share: shared,
    spans: insight.spans,
    create_parser: () => new ExpositionParser(),
    on_event,
    ...(targets === '' ? {} : { targets }),
    ...(targets_url === '' ? {} : { targets_url }),
  });
  const written =
    remote_write &&
    (await startRemoteWrite({
      ...remote_write,
      collector,
      connected,
      clock,
      on_event,
    }));
  const subject = collectorSubject(share?.name ?? null);
  const reports = setInterval(() => {
    const figures = { ...collector.counters, ...(written && prefixed('remote_write', written.counters)) };
    bus.publish({ subject, data: Buffer.from(JSON.stringify(figures)) });
  }, REPORT_EVERY_MS);
  parent.on('message', (message) => {
    if (message !== 'stop') return;
    clearInterval(reports);
    void Promise.resolve(written?.stop())
      .then(() => collector.stop())
      .then(() => insight.stop())
      .then(() => bus.close())
      .finally(() => parent.close());
  });
  await collector.ready;
  const ready: CollectorReady = { remote_write: written?.url ?? null };
  parent.postMessage({ ready });
}

const prefixed = (prefix: string, figures: object): Record<string, number> =>
  Object.fromEntries(Object.entries(figures).map(([name, figure]) => [`${prefix}_${name}`, figure as number]));
