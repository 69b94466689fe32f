import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { createFleet } from '../../../bench/fleet/fleet.ts';
import { findPrometheus } from '../../../deploy/prometheus/find-prometheus.ts';
import { startPrometheus } from '../../../deploy/prometheus/prometheus.fixture.ts';
import { runCommand } from '../../../deploy/services/run-command.ts';
import { startTestServices, type TestServices } from '../../../deploy/services/services.fixture.ts';
import { type TestBus, testBus } from '../../bus/bus.fixture.ts';
import { ensureStreams } from '../../bus/ensure-streams.ts';
import { systemClock } from '../../clock.ts';
import type { Scrape } from '../../contract/scrape.ts';
import { decodeScrape } from '../../contract/wire.ts';
import { startCollector } from '../collector.ts';
import type { CollectorEvent } from '../collector-events.ts';
import { ExpositionParser } from '../exposition-parser.ts';
import { temporaryFolder } from '../spool.fixture.ts';
import { startRemoteWrite } from './remote-write.ts';

const found = await findPrometheus(process.env);
const version =
  typeof found === 'string'
    ? ''
    : (/version (\d+\.\d+)/.exec(
        (await runCommand(found.prometheus, ['--version'], { env: process.env, timeout_ms: 20_000 })).output,
      )?.[1] ?? '');
const [major = 0, minor = 0] = version.split('.').map(Number);
const V2 = major > 2 || (major === 2 && minor >= 54);
const MESSAGES = [
  ['1.0', 'prometheus.WriteRequest', typeof found === 'string' ? found : null],
  [
    '2.0',
    'io.prometheus.write.v2.Request',
    typeof found === 'string' ? found : V2 ? null : `Prometheus ${version} has only 1.0`,
  ],
] as const;

const STREAM = 'DCGM_RAW';
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

/** One server for all exporters of a fleet, which remembers every page that it served, by node. */
async function exporters(gpus: number) {
  const start_ms = systemClock.now();
  const fleet = createFleet({ gpus, seed: 11, start_ms, interval_ms: 1_000, stories: 'none' });
  const pages = new Map<string, string[]>(fleet.node_names.map((name) => [name, []]));
  const server = createServer((request, response) => {
    const node = (request.url ?? '').split('/')[1] ?? '';
    const page = fleet.exposition(node, systemClock.now(), { timestamps: false });
    if (page === null) {
      response.destroy();
      return;
    }
    pages.get(node)?.push(page);
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { pages, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What Prometheus is told: every node is a target of its own behind the one server. */
const configuration = (nodes: readonly string[], address: string, url: string, message: string): string => `
global: { scrape_interval: 1s, scrape_timeout: 1s, external_labels: { cluster: c1, prometheus: main } }
scrape_configs:
  - job_name: dcgm
    static_configs: [{ targets: [${nodes.map((node) => `'${node}:9400'`).join(', ')}] }]
    relabel_configs:
      - { source_labels: [__address__], regex: '(.*):9400', target_label: __metrics_path__, replacement: '/$1/metrics' }
      - { source_labels: [__address__], target_label: instance }
      - { target_label: __address__, replacement: '${address}' }
remote_write:
  - url: ${url}
${V2 ? `    protobuf_message: ${message}\n` : ''}    queue_config: { max_samples_per_send: 700, batch_send_deadline: 300ms, min_shards: 3, max_backoff: 500ms }
`;

/** Rows without their time, as a text: the same for the same readings. */
const readings = (scrape: Scrape | undefined): string =>
  JSON.stringify(
    scrape?.gpus
      .map(({ ts, values, ...who }) => ({ ...who, values: [...values].map(String) }))
      .sort((a, b) => (a.uuid + a.instance < b.uuid + b.instance ? -1 : 1)),
  );

async function stored(from: number): Promise<Scrape[]> {
  const { messages, last } = await lastOf();
  const scrapes: Scrape[] = [];
  if (messages === 0 || last < from) return scrapes;
  const stop = new AbortController();
  for await (const batch of link.bus.read({ stream: STREAM, from }, stop.signal)) {
    for (const message of batch) scrapes.push(decodeScrape(message.data));
    if ((batch.at(-1)?.position ?? 0) >= last) break;
  }
  return scrapes;
}
const lastOf = async (): Promise<{ messages: number; last: number }> => {
  const state = await link.bus.streamState(STREAM);
  return { messages: state.messages, last: state.last_position };
};

for (const [name, message, missing] of MESSAGES) {
  it.skipIf(missing !== null)(
    `a real Prometheus writes ${name}: the rows of scraping, each once, over an outage of NATS and a restart (${missing ?? version})`,
    async () => {
      if (typeof found === 'string') return;
      const { pages, address } = await exporters(32);
      const directory = temporaryFolder();
      const spool_directory = temporaryFolder();
      const before = (await lastOf()).last;
      const events: CollectorEvent[] = [];
      const start = async (port: number) => {
        const collector = startCollector({
          clock: systemClock,
          publisher: link.bus.publisher(),
          connected: () => link.bus.connected,
          create_parser: () => new ExpositionParser(),
          spool_directory,
        });
        const written = await startRemoteWrite({
          host: '127.0.0.1',
          port,
          directory,
          bearer_token_file: '',
          collector,
          connected: () => link.bus.connected,
          clock: systemClock,
          on_event: (event) => events.push(event),
        });
        return {
          written,
          async stop() {
            await written.stop();
            await collector.stop();
          },
        };
      };
      let receiver = await start(0);
      onTestFinished(() => receiver.stop());
      const { url } = receiver.written;
      const nodes = [...pages.keys()];
      const prometheus = await startPrometheus(found.prometheus, configuration(nodes, address, url, message));
      onTestFinished(() => prometheus.stop());
      const scraped = (count: number): Promise<void> =>
        vi.waitFor(
          () => expect(Math.min(...[...pages.values()].map((all) => all.length))).toBeGreaterThanOrEqual(count),
          { timeout: 60_000, interval: 100 },
        );
      await scraped(6);
      services.kill('nats', 'SIGKILL');
      await scraped(9);
      await services.restart('nats');
      await vi.waitFor(() => expect(link.bus.connected).toBe(true), { timeout: 20_000 });
      await scraped(13);
      await receiver.stop();
      await scraped(15);
      receiver = await start(Number(new URL(url).port));
      await scraped(20);

      const told = new Map<string, Scrape[]>();
      await vi.waitFor(
        async () => {
          told.clear();
          for (const scrape of await stored(before + 1))
            told.set(scrape.node, [...(told.get(scrape.node) ?? []), scrape]);
          expect(Math.min(...nodes.map((node) => told.get(node)?.length ?? 0))).toBeGreaterThanOrEqual(19);
        },
        { timeout: 40_000, interval: 500 },
      );
      for (const [node, served] of pages) {
        const expected = served.map((page) =>
          readings(new ExpositionParser().parse(Buffer.from(page), { fallback_node: node, ts: 1 })[0]),
        );
        const scrapes = (told.get(node) ?? []).sort((a, b) => a.ts - b.ts);
        expect(new Set(scrapes.map(({ ts }) => ts)).size).toBe(scrapes.length);
        scrapes.forEach((scrape, i) => {
          if (readings(scrape) !== expected[i])
            expect(JSON.parse(readings(scrape)), `${node}, scrape ${i}`).toEqual(JSON.parse(expected[i] ?? 'null'));
        });
      }
      expect(events.map(({ kind }) => kind)).toContain('remote_write_put_off');
      expect(events.map(({ kind }) => kind)).toContain('remote_write_resumed');
      expect(receiver.written.counters).toMatchObject({ unreadable: 0, invalid_samples: 0, late_scrapes: 0 });
      expect(prometheus.log()).not.toMatch(/non-recoverable/);
    },
  );
}
