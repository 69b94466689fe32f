import { spawnSync } from 'node:child_process';
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
