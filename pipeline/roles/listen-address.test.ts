import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireSafeWay, type WayOptions } from './listen-address.ts';

const openssl = spawnSync('openssl', ['version']).status === 0;
const SECRET = 'PLANTED-IN-A-KEY-FILE';
let folder = '';
let cert = '';
let key = '';
let broken = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitals-tls-'));
  [cert, key, broken] = ['cert.pem', 'key.pem', 'broken.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(broken, `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`);
  if (!openssl) return;
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...made, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = (changes: Partial<WayOptions> = {}): WayOptions => ({
  api: '127.0.0.1:8080',
  live: '[::1]:8081',
  'tls-cert': '',
  'tls-key': '',
  'behind-proxy': false,
  ...changes,
});

describe('listening', () => {
  it.each([
    ['0.0.0.0:8080', '127.0.0.1:8081'],
    ['127.0.0.1:8080', '[::]:8081'],
    ['192.168.0.1:80', '192.168.0.1:81'],
    ['127.0.0.1.example.com:80', '127.0.0.1:81'],
    ['localhost.example.com:80', '127.0.0.1:81'],
  ])('beyond loopback without TLS is refused: %s %s', (api, live) => {
    expect(() => requireSafeWay(options({ api, live }))).toThrowError(expect.objectContaining({ code: 'GV-SVC-007' }));
  });

  it('on loopback needs nothing, and a proxy may do TLS', () => {
    expect(requireSafeWay(options())).toBeNull();
    expect(requireSafeWay(options({ api: '0.0.0.0:80', 'behind-proxy': true }))).toBeNull();
  });

  it.skipIf(!openssl)('takes a certificate and its key (needs openssl)', () => {
    const files = { 'tls-cert': cert, 'tls-key': key };
    expect(requireSafeWay(options({ api: '0.0.0.0:80', ...files }))).toEqual({ cert_file: cert, key_file: key });
  });

  it('refuses certificates that are not usable, without telling what is in the files', () => {
    for (const files of [
      { 'tls-cert': cert, 'tls-key': broken },
      { 'tls-cert': cert, 'tls-key': '' },
      { 'tls-cert': join(folder, 'missing'), 'tls-key': key },
      { 'tls-cert': key, 'tls-key': cert },
    ]) {
      try {
        requireSafeWay(options(files));
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'GV-SEC-006' });
        expect((error as { line(): string }).line()).not.toContain(SECRET);
      }
    }
  });
});
