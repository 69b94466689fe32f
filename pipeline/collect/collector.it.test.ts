import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { type TestBus, testBus } from '../bus/bus.fixture.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { systemClock } from '../clock.ts';
import { metricIndex } from '../contract/metrics.ts';
import type { Scrape } from '../contract/scrape.ts';
import { decodeScrape } from '../contract/wire.ts';
import { exporter } from './collector.fixture.ts';
import { startCollector } from './collector.ts';
import type { CollectorEvent } from './collector-events.ts';
import { ExpositionParser } from './exposition-parser.ts';
import { listen } from './scraper.fixture.ts';
import { temporaryFolder } from './spool.fixture.ts';

let services: TestServices;
let link: TestBus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  link = await testBus(services.nats_url);
  await ensureStreams(link.bus);
});

afterAll(async () => {
  await link?.bus.close();
  await services?.stop();
});

const RAW_STREAM = 'DCGM_RAW';
const POWER = metricIndex('power_watts');

async function readAll(): Promise<Scrape[]> {
  const { messages } = await link.bus.streamState(RAW_STREAM);
  const scrapes: Scrape[] = [];
  const stop = new AbortController();
  for await (const batch of link.bus.read({ stream: RAW_STREAM, from: 1 }, stop.signal)) {
    for (const message of batch) scrapes.push(decodeScrape(message.data));
    if (scrapes.length >= messages) break;
  }
  return scrapes;
}

test('NATS killed with -9 during scraping, twice, and the collector restarted: every scrape once, in order per node', async () => {
  const nodes = Array.from({ length: 12 }, (_, n) => `node-${n}`);
  const exporters = nodes.map((node) => exporter(node));
  const servers = await Promise.all(exporters.map((one) => listen(one.listener)));
  const events: CollectorEvent[] = [];
  const spool_directory = temporaryFolder();
  const start = () => {
    const publisher = link.bus.publisher();
    const collector = startCollector({
      clock: systemClock,
      publisher,
      connected: () => link.bus.connected,
      create_parser: () => new ExpositionParser(),
      spool_directory,
      targets: servers.map((server) => server.address).join(','),
      interval_ms: 50,
      timeout_ms: 10_000,
      on_event: (event) => events.push(event),
    });
    const end = async (): Promise<number> => {
      await collector.stop({ drain_ms: 1_000 });
      await publisher.close();
      return collector.counters.scrapes;
    };
    return { collector, end };
  };

  const first = start();
  onTestFinished(() => first.collector.stop());
  const outage = async (): Promise<void> => {
    const { scrapes } = first.collector.counters;
    await vi.waitFor(() => expect(first.collector.counters.scrapes).toBeGreaterThan(scrapes + 100), {
      timeout: 20_000,
    });
    services.kill('nats', 'SIGKILL');
    const killed = first.collector.counters.scrapes;
    await vi.waitFor(
      () => {
        expect(first.collector.counters.scrapes).toBeGreaterThan(killed + 200);
        expect(first.collector.counters.spooled_messages).toBeGreaterThan(100);
      },
      { timeout: 20_000 },
    );
  };
  await outage();
  await services.restart('nats');
  await vi.waitFor(() => expect(first.collector.counters.spooled_messages).toBe(0), { timeout: 30_000 });
  await outage();
  let scrapes = await first.end();
  await services.restart('nats');

  const second = start();
  onTestFinished(() => second.collector.stop());
  await vi.waitFor(() => expect(second.collector.counters.scrapes).toBeGreaterThan(100), { timeout: 30_000 });
  await vi.waitFor(() => expect(second.collector.counters.spooled_messages).toBe(0), { timeout: 30_000 });
  scrapes += await second.end();

  const stored = await readAll();
  expect(stored.length).toBe(scrapes);
  nodes.forEach((node, n) => {
    const seen = stored.filter((scrape) => scrape.node === node).map((scrape) => scrape.gpus[0]?.values[POWER] ?? 0);
    const served = exporters[n]?.served() ?? 0;
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    // What was under way when a collector stopped is there, too.
    expect(seen.length).toBe(served);
    expect(seen.length).toBeGreaterThan(20);
  });
  expect(events.filter((event) => event.kind === 'target_failed')).toEqual([]);
  expect(events.filter((event) => event.kind === 'spool_dropped' || event.kind === 'message_refused')).toEqual([]);
  expect(events.filter((event) => event.kind === 'spool_drained').length).toBeGreaterThanOrEqual(2);
});
