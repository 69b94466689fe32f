import { spawnSync } from 'node:child_process';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { listen } from './scraper.fixture.ts';
import { Access, type TargetAccess } from './scraper-access.ts';
import { temporaryFolder } from './spool.fixture.ts';
import { pollTargetUrl } from './targets-http.ts';

test.each<[string, number, string]>([
  ['an HTTP error', 500, 'x'],
  ['no JSON', 200, '<html>'],
  ['another shape', 200, '{"a":1}'],
  ['a redirect', 302, ''],
])('%s keeps the last good list, is told, and mended', async (_, status, body) => {
  const answer = { status: 200, body: '[{"targets":["a"],"labels":{"node":"n"}}]' };
  const headers: unknown[] = [];
  const { address } = await listen((request, response) => {
    headers.push([request.headers.authorization, request.headers['x-prometheus-refresh-interval-seconds']]);
    response.writeHead(answer.status, { location: '/elsewhere' }).end(answer.body);
  });
  const lists: string[][] = [];
  const problems: (string | null)[] = [];
  const source = pollTargetUrl({
    url: `http://${address}/sd`,
    refresh_ms: 20,
    access: { authorization: () => 'Bearer secret', tls: () => ({}) },
    on_targets: (targets) => lists.push(targets.map((target) => target.address)),
    on_problem: (_where, detail) => problems.push(detail),
  });
  onTestFinished(() => source.stop());
  await source.ready;
  expect(lists).toEqual([['a:9400']]);
  expect(headers[0]).toEqual(['Bearer secret', '0.02']);
  answer.status = status;
  answer.body = body;
  await vi.waitFor(() => expect(problems.at(-1)).toEqual(expect.any(String)));
  const good = lists.length;
  await vi.waitFor(() => expect(problems.filter((one) => one !== null).length).toBeGreaterThan(2));
  expect(lists.length).toBe(good);
  answer.status = 200;
  answer.body = '[{"targets":["b"]}]';
  await vi.waitFor(() => expect(lists.at(-1)).toEqual(['b:9400']));
  await vi.waitFor(() => expect(problems.at(-1)).toBeNull());
});

const openssl = spawnSync('openssl', ['version']).status === 0;
test.skipIf(!openssl)('TLS: refused, with its authority, and a token from a file (needs openssl)', async () => {
  const folder = temporaryFolder();
  const [key, cert, token] = [join(folder, 'key.pem'), join(folder, 'cert.pem'), join(folder, 'token')];
  writeFileSync(token, 'sesame\n');
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', key, '-out', cert, '-subj', '/CN=discovery', '-addext', 'subjectAltName=DNS:discovery'],
  ]);
  expect(made.status).toBe(0);
  const { address } = await listen(
    (request, response) => {
      const known = request.headers.authorization === 'Bearer sesame';
      response.writeHead(known ? 200 : 401).end('[{"targets":["a"]}]');
    },
    { key: readFileSync(key), cert: readFileSync(cert) },
  );
  const poll = async (rule: Partial<TargetAccess>): Promise<string | number | null | undefined> => {
    const told: (string | number | null)[] = [];
    const source = pollTargetUrl({
      url: `https://${address}/sd`,
      access: new Access({ match: '*', insecure: false, ...rule }, systemClock),
      on_targets: (targets) => told.push(targets.length),
      on_problem: (_where, detail) => detail !== null && told.push(detail),
    });
    await source.ready;
    source.stop();
    return told[0];
  };
  const right = { ca_file: cert, server_name: 'discovery', bearer_token_file: token };
  expect(await poll({ bearer_token_file: token })).toMatch(/certificate/);
  expect(await poll({ ca_file: cert, server_name: 'discovery' })).toBe('HTTP 401');
  expect(await poll({ ...right, bearer_token_file: `${token}.no` })).toMatch(/ENOENT/);
  expect(await poll(right)).toBe(1);
  expect(await poll({ insecure: true, bearer_token_file: token })).toBe(1);
});

test('a server that hangs is given up in time', async () => {
  const { address } = await listen(() => {});
  const problems: (string | null)[] = [];
  const source = pollTargetUrl({
    url: `http://${address}/sd`,
    timeout_ms: 50,
    on_targets: () => {},
    on_problem: (_where, detail) => problems.push(detail),
  });
  onTestFinished(() => source.stop());
  await source.ready;
  expect(problems).toEqual(['no answer within 50 ms']);
});

test.each(['file:///etc/passwd', 'no url', 'ftp://a/b'])('%s is refused at the start', (url) => {
  expect(() => pollTargetUrl({ url, on_targets: () => {}, on_problem: () => {} })).toThrowError(
    expect.objectContaining({ code: 'GV-COL-005' }),
  );
});

const ignored = { on_targets: () => {}, on_problem: () => {} };
test.each([
  'http://169.254.169.254/sd',
  'http://[fe80::1]/sd',
  'http://[64:ff9b::169.254.169.254]/sd',
  'http://0xa9fea9fe/',
])('%s is refused at the start, as it lies on the own link', (url) => {
  expect(() => pollTargetUrl({ url, ...ignored })).toThrowError(expect.objectContaining({ code: 'GV-SEC-007' }));
});

test('an address of the own link is asked where that is allowed, and under no name otherwise', async () => {
  let asked = 0;
  const { address } = await listen((_, response) => {
    asked++;
    response.end('[]');
  });
  vi.doMock('node:dns', async (original) => {
    const found: LookupAddress[] = [{ address: '0.0.0.0', family: 4 }];
    const lookup = (_: string, __: LookupAllOptions, tell: (error: null, all: LookupAddress[]) => void): void =>
      tell(null, found);
    return { ...(await original<typeof import('node:dns')>()), lookup };
  });
  vi.resetModules();
  onTestFinished(() => {
    vi.doUnmock('node:dns');
    vi.resetModules();
  });
  const { pollTargetUrl: anew } = await import('./targets-http.ts');
  const poll = async (host: string, allow_link_local: boolean): Promise<(string | null)[]> => {
    const problems: (string | null)[] = [];
    const source = anew({
      ...{ url: `http://${address.replace('127.0.0.1', host)}/sd`, allow_link_local },
      on_targets: () => {},
      on_problem: (_where, detail) => problems.push(detail),
    });
    await source.ready;
    source.stop();
    return problems;
  };
  expect(await poll('discovery.test', false)).toEqual([
    "discovery.test is an address of the machine's own link (GV-SEC-007)",
  ]);
  expect(asked).toBe(0);
  expect(await poll('0.0.0.0', true)).toEqual([null]);
  expect(asked).toBe(1);
});
