import { execFileSync, spawnSync } from 'node:child_process';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { settableClock, systemClock } from '../clock.ts';
import { listen } from './scraper.fixture.ts';
import { Scraper, type ScraperOptions } from './scraper.ts';
import { Access, accessFinder, targetAccessSchema } from './scraper-access.ts';
import { temporaryFolder } from './spool.fixture.ts';
import { parseTarget } from './targets.ts';

function scraperOf(url: string, options: Partial<ScraperOptions> = {}, make = Scraper): Scraper {
  const scraper = new make({
    target: parseTarget(url),
    access: new Access(undefined, systemClock),
    timeout_ms: 5_000,
    size_max_bytes: 100_000,
    keep_alive_ms: 60_000,
    ...options,
  });
  onTestFinished(() => scraper.close());
  return scraper;
}

const TEXT = 'DCGM_FI_DEV_GPU_TEMP{gpu="0"} 40\n'.repeat(50);
const textOf = (outcome: Awaited<ReturnType<Scraper['fetch']>>): string =>
  outcome.ok ? Buffer.from(outcome.body).toString() : `${outcome.code}: ${outcome.detail}`;

test('keeps one connection for all scrapes and asks for gzip and text', async () => {
  const seen: unknown[] = [];
  const { address, connections } = await listen((request, response) => {
    seen.push(request.url, request.headers['accept-encoding'], request.headers['x-prometheus-scrape-timeout-seconds']);
    response.end(TEXT);
  });
  const scraper = scraperOf(`http://${address}/gpu?x=1`);
  for (let n = 0; n < 5; n++) expect(textOf(await scraper.fetch())).toBe(TEXT);
  expect(connections()).toBe(1);
  expect(seen.slice(0, 3)).toEqual(['/gpu?x=1', 'gzip', '5']);
});

const flood: RequestListener = (_request, response) => {
  response.on('close', () => clearInterval(timer));
  const timer = setInterval(() => response.write(Buffer.alloc(20_000, 'x')), 1);
};

test.each<[string, RequestListener, RegExp]>([
  ['gzip', (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(TEXT)), /^DCGM_FI/],
  ['an empty body', (_, r) => r.end(), /^$/],
  ['500', (_, r) => r.writeHead(500).end(TEXT), /^GV-COL-003: HTTP 500$/],
  ['401', (_, r) => r.writeHead(401).end(), /^GV-COL-003: HTTP 401$/],
  ['a redirect, never followed', (_, r) => r.writeHead(302, { location: '/x' }).end(), /^GV-COL-003: HTTP 302$/],
  ['an unknown encoding', (_, r) => r.writeHead(200, { 'content-encoding': 'br' }).end('x'), /^GV-COL-003: .*'br'/],
  ['damaged gzip', (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'), /^GV-COL-003: .*gzip/],
  ['a length too large', (_, r) => r.end(Buffer.alloc(100_001)), /^GV-COL-004: more than 100000 bytes$/],
  ['an endless body', flood, /^GV-COL-004/],
  [
    'a small gzip that unpacks to much',
    (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
    /^GV-COL-004/,
  ],
  ['a broken connection', (_, r) => r.socket?.destroy(), /^GV-COL-002: /],
  [
    'a body that ends early',
    (_, r) => {
      r.writeHead(200, { 'content-length': '1000' }).write('x');
      setTimeout(() => r.socket?.destroy(), 5);
    },
    /^GV-COL-002: /,
  ],
  ['no HTTP', (_, r) => r.socket?.end('SSH-2.0-nothing\r\n'), /^GV-COL-002: /],
])('answers with %s', async (_, listener, expected) => {
  let listens = listener;
  const { address } = await listen((request, response) => listens(request, response));
  const scraper = scraperOf(address);
  expect(textOf(await scraper.fetch())).toMatch(expected);
  // Whatever happened, the next try begins clean.
  listens = (_request, response) => response.end(TEXT);
  expect(textOf(await scraper.fetch())).toBe(TEXT);
});

test.each<[string, RequestListener]>([
  ['before the head', () => {}],
  ['in the body', (_, r) => void r.write('DCGM')],
  [
    'drop by drop',
    (_, r) => {
      const timer = setInterval(() => r.write('x'), 10);
      r.on('close', () => clearInterval(timer));
    },
  ],
])('a target that hangs %s is given up in time', async (_, listener) => {
  let listens = listener;
  const { address, connections } = await listen((request, response) => listens(request, response));
  const scraper = scraperOf(address, { timeout_ms: 100 });
  const began = systemClock.monotonic();
  expect(textOf(await scraper.fetch())).toMatch(/^GV-COL-001: no whole answer within 100 ms/);
  expect(systemClock.monotonic() - began).toBeLessThan(2_000);
  listens = (_request, response) => response.end(TEXT);
  expect(textOf(await scraper.fetch())).toBe(TEXT);
  expect(connections()).toBe(2);
});

test('a kept connection that the server closed meanwhile is no failure', async () => {
  let requests = 0;
  const { address, connections } = await listen((_, response) => {
    requests++;
    if (requests === 2) response.socket?.destroy();
    else response.end(TEXT);
  });
  const scraper = scraperOf(address);
  expect(textOf(await scraper.fetch())).toBe(TEXT);
  expect(textOf(await scraper.fetch())).toBe(TEXT);
  expect([requests, connections()]).toEqual([3, 2]);
});

test('nobody listens', async () => {
  const { address, server } = await listen(() => {});
  await new Promise((resolve) => server.close(resolve));
  expect(textOf(await scraperOf(address).fetch())).toMatch(/^GV-COL-002: .*ECONNREFUSED/);
});

test.each([
  'http://169.254.169.254/latest/meta-data/iam',
  '169.254.169.254:80',
  'http://2852039166/',
  '[fe80::1]:9400',
  '[::ffff:169.254.169.254]:80',
])('what lies on the own link is not asked: %s', async (text) => {
  const scraper = scraperOf(text, { timeout_ms: 2_000 });
  for (let n = 0; n < 2; n++) {
    expect(textOf(await scraper.fetch())).toMatch(/^GV-SEC-007: .* is an address of the machine's own link$/);
  }
});

test('nor under a name that means such an address', async () => {
  vi.doMock('node:dns', async (original) => {
    const found: LookupAddress[] = [{ address: '169.254.169.254', family: 4 }];
    const lookup = (_: string, __: LookupAllOptions, tell: (error: null, all: LookupAddress[]) => void): void =>
      tell(null, found);
    return { ...(await original<typeof import('node:dns')>()), lookup };
  });
  vi.resetModules();
  onTestFinished(() => {
    vi.doUnmock('node:dns');
    vi.resetModules();
  });
  const { Scraper: Anew } = await import('./scraper.ts');
  expect(textOf(await scraperOf('http://metadata.test:80', {}, Anew as typeof Scraper).fetch())).toMatch(
    /^GV-SEC-007: .*own link$/,
  );
});

test('what lies on the own link is asked where that is allowed', async () => {
  const { address } = await listen((_, response) => response.end(TEXT));
  const here = address.replace('127.0.0.1', '0.0.0.0');
  expect(textOf(await scraperOf(here).fetch())).toMatch(/^GV-SEC-007/);
  expect(textOf(await scraperOf(here, { allow_link_local: true }).fetch())).toBe(TEXT);
});

test('closing breaks off what runs', async () => {
  const arrived = vi.fn();
  const { address } = await listen(arrived);
  const scraper = scraperOf(address);
  const outcome = scraper.fetch();
  await vi.waitFor(() => expect(arrived).toHaveBeenCalled());
  scraper.close();
  expect((await outcome).ok).toBe(false);
});

test('bearer tokens: given, from a file that changes, from a file that is missing', async () => {
  const seen: (string | undefined)[] = [];
  const { address } = await listen((request, response) => {
    seen.push(request.headers.authorization);
    response.end(TEXT);
  });
  const file = join(temporaryFolder(), 'token');
  writeFileSync(file, 'first\n');
  const clock = settableClock(1_000_000);
  const accessOf = accessFinder(
    [
      targetAccessSchema.parse({ match: 'other:*', bearer_token: 'wrong' }),
      targetAccessSchema.parse({ match: '127.0.0.*', bearer_token_file: file }),
      targetAccessSchema.parse({ bearer_token: 'fallback' }),
    ],
    clock,
  );
  expect(accessOf(parseTarget('elsewhere')).authorization()).toBe('Bearer fallback');
  const scraper = scraperOf(address, { access: accessOf(parseTarget(address)) });
  await scraper.fetch();
  writeFileSync(file, 'second');
  await scraper.fetch();
  clock.advance(31_000);
  await scraper.fetch();
  expect(seen).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
  const missing = new Access(targetAccessSchema.parse({ bearer_token_file: `${file}.no` }), clock);
  expect(textOf(await scraperOf(address, { access: missing }).fetch())).toMatch(/^GV-COL-002: .*ENOENT/);
});

const openssl = spawnSync('openssl', ['version']).status === 0;

test.skipIf(!openssl)('TLS: refused, with its authority, insecure (needs openssl to make a certificate)', async () => {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', key, '-out', cert, '-subj', '/CN=gpu-node', '-addext', 'subjectAltName=DNS:gpu-node'],
    ],
    { stdio: 'ignore' },
  );
  const { address } = await listen((_, response) => response.end(TEXT), {
    key: readFileSync(key),
    cert: readFileSync(cert),
  });
  const fetchWith = async (rule: object): Promise<string> => {
    const access = new Access(targetAccessSchema.parse(rule), systemClock);
    return textOf(await scraperOf(`https://${address}`, { access }).fetch());
  };
  expect(await fetchWith({})).toMatch(/^GV-COL-002: .*self-signed/);
  expect(await fetchWith({ insecure: true })).toBe(TEXT);
  expect(await fetchWith({ ca_file: cert })).toMatch(/^GV-COL-002: /);
  expect(await fetchWith({ ca_file: cert, server_name: 'gpu-node' })).toBe(TEXT);
  expect(await fetchWith({ ca_file: `${cert}.no` })).toMatch(/^GV-COL-002: .*ENOENT/);
});
