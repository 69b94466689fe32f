import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { metricIndex } from '../contract/metrics.ts';
import { decodeScrape } from '../contract/wire.ts';
import { exporter } from './collector.fixture.ts';
import { startCollector } from './collector.ts';
import { type CollectorEvent, edgeTeller } from './collector-events.ts';
import type { CollectorOptions } from './collector-options.ts';
import { ExpositionParser } from './exposition-parser.ts';
import { listen } from './scraper.fixture.ts';
import { type FakeStream, fakeStream, idOf, temporaryFolder } from './spool.fixture.ts';

function start(stream: FakeStream, options: Partial<CollectorOptions> = {}) {
  const events: CollectorEvent[] = [];
  const lines: string[] = [];
  const tellEdge = edgeTeller({
    info: (_, text) => lines.push(text),
    warn: ({ code }, text) => lines.push(`${code}: ${text}`),
  });
  const collector = startCollector({
    clock: systemClock,
    publisher: stream,
    create_parser: () => new ExpositionParser(),
    spool_directory: temporaryFolder(),
    interval_ms: 40,
    on_event(event) {
      events.push(event);
      tellEdge(event);
    },
    ...options,
  });
  onTestFinished(() => collector.stop({ drain_ms: 0 }));
  return { collector, events, lines, of: (kind: string) => events.filter((event) => event.kind === kind) };
}

const POWER = metricIndex('power_watts');
const powers = (stream: FakeStream, node: string): number[] =>
  stream.stored
    .map((message) => decodeScrape(message.data))
    .filter((scrape) => scrape.node === node)
    .map((scrape) => scrape.gpus[0]?.values[POWER] ?? Number.NaN);

test('every scrape of every target arrives once, in order, with its time', async () => {
  const began = systemClock.now();
  const exporters = [exporter('node-a'), exporter('node-b', 3)];
  const servers = await Promise.all(exporters.map((one) => listen(one.listener)));
  const stream = fakeStream();
  const targets = servers.map((server) => server.address).join(',');
  // An answer that comes later than its interval is a failure: on a busy machine 40 ms are not enough for all of them.
  const { collector, events } = start(stream, { targets, interval_ms: 250 });
  await vi.waitFor(() => expect(stream.stored.length).toBeGreaterThan(10), { timeout: 10_000 });
  await collector.stop();
  for (const node of ['node-a', 'node-b']) {
    const seen = powers(stream, node);
    expect(seen.length).toBeGreaterThan(4);
    expect(seen).toEqual(seen.map((_, n) => n + 1));
  }
  const scrapes = stream.stored.map((message) => decodeScrape(message.data));
  for (const scrape of scrapes) {
    expect(scrape.ts).toBeGreaterThanOrEqual(began);
    expect(scrape.ts).toBeLessThanOrEqual(systemClock.now());
  }
  expect(new Set(stream.stored.map(idOf)).size).toBe(stream.stored.length);
  const rows = scrapes.reduce((sum, scrape) => sum + scrape.gpus.length, 0);
  expect(collector.counters).toMatchObject({
    targets: 2,
    targets_failing: 0,
    scrapes: stream.stored.length,
    stored_messages: stream.stored.length,
    rows,
    samples: rows * 2,
    failures: 0,
    dropped_messages: 0,
    spooled_messages: 0,
  });
  expect(events.map((event) => event.kind)).toEqual(['targets_changed']);
  expect(servers.map((server) => server.connections())).toEqual([1, 1]);
});

test('a page that has lost its GPUs is sent as a scrape without any, of the node that they were on', async () => {
  const { listener, served } = exporter('node-a');
  const server = await listen((request, response) => {
    if (served() < 3) listener(request, response);
    else response.end('DCGM_FI_DEV_CPU_UTIL_TOTAL{cpu="0",Hostname="pod-7"} 0.4\n');
  });
  const stream = fakeStream();
  const { collector } = start(stream, { targets: server.address });
  const scrapes = () => stream.stored.map((message) => decodeScrape(message.data));
  await vi.waitFor(() => expect(scrapes().at(-1)?.gpus).toEqual([]), { timeout: 10_000 });
  await collector.stop();
  expect(new Set(scrapes().map(({ node }) => node))).toEqual(new Set(['node-a']));
  expect(collector.counters.empty).toBeGreaterThan(0);
});

test('a failing target is an event at each failure, a line at the beginning and at the end', async () => {
  const { listener } = exporter('node-a');
  let status = 500;
  const { address } = await listen((request, response) => {
    if (status === 200) listener(request, response);
    else response.writeHead(status).end();
  });
  const stream = fakeStream();
  const { collector, lines, of } = start(stream, { targets: address, interval_ms: 20 });
  await vi.waitFor(() => expect(of('target_failed').length).toBeGreaterThanOrEqual(3));
  expect(of('target_failed')[1]).toMatchObject({
    code: 'GV-COL-003',
    target: `http://${address}/metrics`,
    detail: 'HTTP 500',
    failures: 2,
    since: expect.any(Number),
  });
  expect(collector.counters).toMatchObject({ targets_failing: 1, scrapes: 0 });
  status = 200;
  await vi.waitFor(() => expect(of('target_recovered')).toHaveLength(1));
  expect(lines.filter((line) => line.includes('GV-COL-003'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('answers again'))).toHaveLength(1);
  await vi.waitFor(() => expect(collector.counters).toMatchObject({ targets_failing: 0 }));
});

test('a node that no longer answers is said to have been asked, under its own name', async () => {
  const { listener, served } = exporter('node-a');
  let answer: 'page' | 'error' | 'nonsense' = 'page';
  const { address } = await listen((request, response) => {
    if (answer === 'page') listener(request, response);
    else response.writeHead(answer === 'error' ? 503 : 200).end('<html>');
  });
  const never = await listen((_, response) => response.writeHead(503).end());
  const stream = fakeStream();
  const { of } = start(stream, { targets: `${address},${never.address}`, interval_ms: 20 });
  const told = (): string[] =>
    stream.stored
      .filter(({ headers }) => headers?.['Content-Type'] === 'application/vnd.gpu-vitals.scrape')
      .map(({ data }) => decodeScrape(data))
      .flatMap(({ node, gpus, unanswered }) => (unanswered ? [`${node} ${gpus.length} ${unanswered}`] : []));
  await vi.waitFor(() => expect(served()).toBeGreaterThan(2));
  await vi.waitFor(() => expect(of('target_failed')).not.toEqual([]));
  expect(told()).toEqual([]);
  answer = 'error';
  await vi.waitFor(() => expect(told().length).toBeGreaterThan(1));
  answer = 'nonsense';
  await vi.waitFor(() => expect(told()).toContain('node-a 0 GV-PRS-001'));
  expect(new Set(told())).toEqual(new Set(['node-a 0 GV-COL-003', 'node-a 0 GV-PRS-001']));
});

test('targets that hang do not delay the others', async () => {
  const hanging = await Promise.all(Array.from({ length: 20 }, () => listen(() => {})));
  const { listener, served } = exporter('node-a');
  const { address } = await listen(listener);
  const stream = fakeStream();
  const targets = [...hanging.map((server) => server.address), address].join(',');
  const { collector, of } = start(stream, { targets, interval_ms: 50, timeout_ms: 2_000, failing_concurrency_max: 2 });
  await vi.waitFor(() => expect(served()).toBeGreaterThan(10));
  expect(of('target_failed')).toEqual([]);
  expect(collector.counters.running).toBeGreaterThanOrEqual(20);
});

test('what cannot be read goes on as text, and later scrapes are not the worse for it', async () => {
  const { listener } = exporter('node-a');
  let html = true;
  const { address } = await listen((request, response) => {
    if (html) response.end('<html>a login page</html>');
    else listener(request, response);
  });
  const stream = fakeStream();
  const { collector } = start(stream, { targets: address });
  await vi.waitFor(() => expect(stream.stored.length).toBeGreaterThan(0));
  html = false;
  await vi.waitFor(() => expect(collector.counters.rows).toBeGreaterThan(0));
  expect(stream.stored[0]).toMatchObject({
    subject: expect.stringMatching(/^dcgm\.raw\.\d\d\.127_0_0_1$/),
    headers: { 'Content-Type': 'text/plain', 'Event-Time': expect.stringMatching(/^\d{13}$/) },
  });
  expect(Buffer.from(stream.stored[0]?.data ?? []).toString()).toBe('<html>a login page</html>');
  expect(collector.counters.unreadable).toBeGreaterThan(0);
});

test('targets come and go with their lists', async () => {
  const [a, b] = await Promise.all([listen(exporter('node-a').listener), listen(exporter('node-b').listener)]);
  const sd = await listen((_, response) => response.end(JSON.stringify([{ targets: [b.address] }])));
  const file = join(temporaryFolder(), 'targets.yaml');
  writeFileSync(file, `- targets: ['${a.address}']\n`);
  const stream = fakeStream();
  const { collector, of } = start(stream, { targets_files: [file], targets_url: `http://${sd.address}/` });
  await collector.ready;
  expect(collector.counters.targets).toBe(2);
  await vi.waitFor(() =>
    expect(Math.min(powers(stream, 'node-a').length, powers(stream, 'node-b').length)).toBeGreaterThan(1),
  );
  writeFileSync(file, '[]');
  await vi.waitFor(() => expect(collector.counters.targets).toBe(1));
  const before = powers(stream, 'node-a').length;
  const other = powers(stream, 'node-b').length;
  await vi.waitFor(() => expect(powers(stream, 'node-b').length).toBeGreaterThan(other + 3));
  expect(powers(stream, 'node-a').length).toBeLessThanOrEqual(before + 1);
  writeFileSync(file, 'no: list');
  await vi.waitFor(() => expect(of('targets_refused')).toHaveLength(1));
  expect(of('targets_refused')[0]).toMatchObject({ code: 'GV-COL-005' });
  expect(collector.counters.targets).toBe(1);
});

test('a failing target that leaves the list ends its trouble, and fails anew when it returns', async () => {
  const { address } = await listen((_, response) => response.writeHead(500).end());
  const file = join(temporaryFolder(), 'targets.json');
  const list = JSON.stringify([{ targets: [address] }]);
  writeFileSync(file, list);
  const { of, lines } = start(fakeStream(), { targets_files: [file] });
  await vi.waitFor(() => expect(of('target_failed')).not.toEqual([]));
  writeFileSync(file, '[]');
  await vi.waitFor(() => expect(of('target_dropped')).toHaveLength(1));
  writeFileSync(file, list);
  await vi.waitFor(() => expect(lines.filter((line) => line.startsWith('GV-COL-003'))).toHaveLength(2));
});

test('NATS away: scrapes count, are on disk, and a new collector sends them first', async () => {
  const { listener } = exporter('node-a');
  const { address } = await listen(listener);
  const spool_directory = temporaryFolder();
  const gone = fakeStream();
  gone.away(true);
  const first = start(gone, { targets: address, spool_directory, spool_after_ms: 30 });
  await vi.waitFor(() => expect(first.collector.counters.scrapes).toBeGreaterThan(5));
  expect(first.lines.filter((line) => line.startsWith('GV-BUS-001'))).toHaveLength(1);
  await first.collector.stop({ drain_ms: 50 });
  const { scrapes } = first.collector.counters;

  const stream = fakeStream();
  const second = start(stream, { targets: address, spool_directory });
  await vi.waitFor(() => expect(stream.stored.length).toBeGreaterThan(scrapes + 3));
  await second.collector.stop();
  const seen = powers(stream, 'node-a');
  expect(seen.slice(0, scrapes)).toEqual(seen.slice(0, scrapes).map((_, n) => n + 1));
  expect(seen[scrapes]).toBe(scrapes + 1);
  expect(seen.slice(scrapes)).toEqual(seen.slice(scrapes).map((_, n) => (seen[scrapes] ?? 0) + n));
});

test('another producer uses the same path and numbers', async () => {
  const { listener } = exporter('node-a');
  const { address } = await listen(listener);
  const stream = fakeStream();
  const { collector } = start(stream, { targets: address });
  await vi.waitFor(() => expect(stream.stored.length).toBeGreaterThan(0));
  const scrape = decodeScrape(stream.stored[0]?.data ?? new Uint8Array());
  for (let n = 0; n < 50; n++) {
    await collector.pressure();
    expect(await collector.publishScrape({ ...scrape, ts: 1_000 + n })).toBe('stored');
  }
  const history = stream.stored.map((message) => decodeScrape(message.data)).filter((one) => one.ts < 2_000);
  expect(history.map((one) => one.ts)).toEqual(Array.from({ length: 50 }, (_, n) => 1_000 + n));
  expect(new Set(stream.stored.map(idOf)).size).toBe(stream.stored.length);
});

test.each([[{ targets: 'ftp://x' }], [{ targets: 'a b' }], [{ targets_url: 'file:///x' }]])(
  'a wrong list is refused at the start: %j',
  (options) => {
    expect(() => start(fakeStream(), options)).toThrowError(expect.objectContaining({ code: 'GV-COL-005' }));
  },
);

test('the exporters behind a name are scraped under their own node, and a name without any is told', async () => {
  const { listener } = exporter('node-a');
  const { address } = await listen(listener);
  const stream = fakeStream();
  const names = [`dns+http://localhost:${address.split(':')[1]}/metrics`, 'dns+http://nobody.invalid:9400/metrics'];
  const { collector, of } = start(stream, { targets: names.join(','), interval_ms: 250 });
  await collector.ready;
  await vi.waitFor(() => expect(powers(stream, 'node-a').length).toBeGreaterThan(2), { timeout: 10_000 });
  expect(collector.counters.targets).toBe(1);
  expect(of('targets_refused')).toMatchObject([{ code: 'GV-COL-005', where: names[1] }]);
});
