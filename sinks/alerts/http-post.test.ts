import { spawnSync } from 'node:child_process';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { milliseconds } from '../../pipeline/contract/time.ts';
import { failureOf, signal, testParts } from './channel-parts.fixture.ts';
import { httpPost } from './http-post.ts';
import { closeOtherSides, otherSide } from './other-side.fixture.ts';

afterEach(closeOtherSides);
const post = (url: string, some: Partial<Parameters<typeof httpPost>[0]> = {}, options = {}) =>
  httpPost({ url, body: '{}', signal: signal(), ...some }, { ...testParts(), ...options });

describe('posting', () => {
  it('sends a login of the address as authorization, and never shows it', async () => {
    const there = await otherSide({ status: 200, body: 'ok' }, { status: 400, body: 'who is me:pa ss/word?' });
    const url = there.url.replace('//', '//me:pa%20ss%2Fword@');
    await post(url);
    expect(there.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:pa ss/word').toString('base64')}`);
    expect((await failureOf(post(url))).message).toBe(`${there.host} answers HTTP 400: who is me:***?`);
  });

  it('has no secret in what it says, however the other side spells it', async () => {
    const token = 'hunter2-hunter2/+"\\';
    const echo = [token, encodeURIComponent(token), JSON.stringify(token), Buffer.from(token).toString('base64')];
    const there = await otherSide({
      status: 403,
      body: `${echo.join(' ')} /services/T0AAAA/B0BBBB/c0ffee00c0ffee ${token}`,
    });
    const failure = await failureOf(post(`${there.url}/services/T0AAAA/B0BBBB/c0ffee00c0ffee`, { secrets: [token] }));
    expect(failure.message).not.toMatch(/hunter2|c0ffee|T0AAAA|B0BBBB/);
    expect(failure.message).not.toContain(echo[3]);
    expect(failure.cause).toBeUndefined();
  });

  it('cuts what the other side says, and reads no more than it needs', async () => {
    const there = await otherSide({ status: 500, body: `a\r\nb\u001b[31m${'x'.repeat(5_000_000)}` });
    const { message } = await failureOf(post(there.url));
    expect(message.length).toBeLessThan(400);
    expect(message).toMatch(/HTTP 500: a b \[31mxxx/);
  });

  it('gives up on one that says nothing, or that is not there', async () => {
    const silent = await otherSide({ status: 200, silent: true });
    const late = await failureOf(post(silent.url, {}, { timeout: milliseconds(150) }));
    expect(late).toMatchObject({ retryable: true, message: `${silent.host} does not answer within 150 ms` });
    await closeOtherSides();
    const gone = await failureOf(post(silent.url));
    expect(gone.retryable).toBe(true);
    expect(gone.message).toMatch(/cannot be reached: .*ECONNREFUSED/);
  });

  it('ends when it is told to', async () => {
    const silent = await otherSide({ status: 200, silent: true });
    const stop = new AbortController();
    const sent = failureOf(post(silent.url, { signal: stop.signal }));
    stop.abort();
    expect(await sent).toMatchObject({ retryable: true, message: `${silent.host} was not waited for` });
  });

  it('survives one that speaks no HTTP', async () => {
    const server = createTcp((socket) => {
      socket
        .on('error', () => undefined)
        .resume()
        .end('220 smtp.example ESMTP\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect((await failureOf(post(`http://127.0.0.1:${port}/`))).retryable).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(['ftp://h/x', 'hooks.slack.com/services/hunter2', ''])('refuses an address that is none: %s', async (url) => {
    expect((await failureOf(post(url))).message).toBe('the address is not an http or https address');
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://0xa9fea9fe/',
  ])('asks no address of the own link: %s', async (url) => {
    const { message, retryable } = await failureOf(post(url));
    expect(message).toMatch(/ was not asked: .*own link \(GV-SEC-007\)$/);
    expect(retryable).toBe(false);
  });

  it('asks it where that is allowed', async () => {
    const there = await otherSide({ status: 200 }, { status: 200 });
    // A guarded address that leads here.
    const url = there.url.replace('127.0.0.1', '0.0.0.0');
    expect((await failureOf(post(url))).message).toContain('GV-SEC-007');
    expect(there.asked).toHaveLength(0);
    expect((await post(url, {}, { allow_link_local: true })).status).toBe(200);
  });

  it('asks nobody under a name that means such an address', async () => {
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
    const { httpPost: anew } = await import('./http-post.ts');
    const there = await otherSide({ status: 200 });
    const url = there.url.replace('127.0.0.1', 'hooks.test');
    const sent = anew({ url, body: '{}', signal: signal() }, testParts());
    await expect(sent).rejects.toThrow(/ was not asked: hooks\.test is an address .*own link \(GV-SEC-007\)$/);
    expect(there.asked).toHaveLength(0);
  });

  it('sends nothing that is too large', async () => {
    const there = await otherSide();
    expect(await failureOf(post(there.url, { body: 'x'.repeat(600_000) }))).toMatchObject({ retryable: false });
    expect(there.asked).toHaveLength(0);
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  it.skipIf(!openssl)('trusts the authority that it is given (needs openssl)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'alerts-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', key, '-out', cert, '-subj', '/CN=hooks', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ]);
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
      response.end('ok'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect((await failureOf(post(url))).message).toMatch(/certificate/);
    expect((await post(url, {}, { ca_file: cert })).said).toBe('HTTP 200: ok');
    expect((await failureOf(post(url, {}, { ca_file: join(folder, 'none') }))).message).toMatch(
      /none cannot be read: ENOENT/,
    );
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
});
