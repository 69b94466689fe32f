import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../pipeline/clock.ts';
import { startCollector } from '../pipeline/collect/collector.ts';
import { ExpositionParser } from '../pipeline/collect/exposition-parser.ts';
import { openThread, threadCpu } from './chain-thread.ts';

export interface CollectorBenchOptions {
  readonly nats_url: string;
  readonly targets: number;
  readonly interval_ms: number;
  readonly warmup_seconds: number;
  readonly seconds: number;
  /** Folder of the compiled thread files. */
  readonly threads: URL;
}

export interface CollectorFigures {
  readonly scrapes_per_s: number;
  /** Of the collector's thread: fetched, parsed, encoded, stored by NATS. */
  readonly scrape_cpu_us: number;
  readonly page_bytes: number;
  readonly failures: number;
}

/** The collector over real HTTP and a real nats-server; its exporters on a thread of their own. */
export async function benchCollector(options: CollectorBenchOptions): Promise<CollectorFigures> {
  const clock = systemClock;
  const folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-bench-collector-'));
  const exporters = openThread(new URL('collector-exporters.js', options.threads), null);
  const bus = await connectBus({ servers: options.nats_url, name: 'bench collector', clock });
  try {
    await ensureStreams(bus);
    const port = await exporters.call<number>('port');
    const urls = Array.from({ length: options.targets }, (_, n) => `http://127.0.0.1:${port}/${n}/metrics`);
    const collector = startCollector({
      clock,
      publisher: bus.publisher(),
      create_parser: () => new ExpositionParser(),
      spool_directory: join(folder, 'spool'),
      targets: urls.join(','),
      interval_ms: options.interval_ms,
    });
    await collector.ready;
    await sleep(options.warmup_seconds * 1_000);
    const before = { ...collector.counters, cpu_ms: threadCpu(), at: clock.monotonic() };
    await sleep(options.seconds * 1_000);
    const after = { ...collector.counters, cpu_ms: threadCpu(), at: clock.monotonic() };
    await collector.stop();
    const scrapes = after.scrapes - before.scrapes;
    return {
      scrapes_per_s: (scrapes * 1_000) / (after.at - before.at),
      scrape_cpu_us: ((after.cpu_ms - before.cpu_ms) * 1_000) / scrapes,
      page_bytes: Math.round((after.bytes - before.bytes) / scrapes),
      failures: after.failures,
    };
  } finally {
    await bus.close();
    await exporters.close();
    await rm(folder, { recursive: true, force: true });
  }
}
