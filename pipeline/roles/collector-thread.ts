import { parentPort, workerData } from 'node:worker_threads';
import { connectBus } from '../bus/connect-bus.ts';
import { systemClock } from '../clock.ts';
import { type Collector, startCollector } from '../collect/collector.ts';
import type { CollectorEvent } from '../collect/collector-events.ts';
import { ExpositionParser } from '../collect/exposition-parser.ts';
import type { TargetAccess } from '../collect/scraper-access.ts';

export interface CollectorThreadOptions {
  readonly nats_url: string;
  readonly spool_directory: string;
  readonly targets: string;
  readonly targets_files: readonly string[];
  readonly targets_url: string;
  readonly targets_url_access: TargetAccess;
  readonly access: readonly TargetAccess[];
  readonly interval_ms: number;
  readonly timeout_ms: number;
  readonly scrape_size_max_bytes: number;
  readonly spool_size_max_bytes: number;
  readonly seed: number;
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
  const { nats_url, targets, targets_url, ...rest } = options;
  const bus = await connectBus({ servers: nats_url, name: 'gpu-vitals collector', clock: systemClock });
  const collector: Collector = startCollector({
    ...rest,
    clock: systemClock,
    publisher: bus.publisher(),
    connected: () => bus.connected,
    create_parser: () => new ExpositionParser(),
    on_event: (event) => parent.postMessage({ event }),
    ...(targets === '' ? {} : { targets }),
    ...(targets_url === '' ? {} : { targets_url }),
  });
  const reports = setInterval(() => {
    bus.publish({ subject: 'vitals.metrics.collector', data: Buffer.from(JSON.stringify(collector.counters)) });
  }, REPORT_EVERY_MS);
  parent.on('message', (message) => {
    if (message !== 'stop') return;
    clearInterval(reports);
    void collector
      .stop()
      .then(() => bus.close())
      .finally(() => parent.close());
  });
  await collector.ready;
  parent.postMessage({ ready: true });
}
