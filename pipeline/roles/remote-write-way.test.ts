import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, authority, hasOpenssl } from '../../server/security/certificates.fixture.ts';
import { type RemoteWriteConfig, remoteWriteOf } from './collector-role.ts';

let ca: Authority;
beforeAll(() => {
  if (hasOpenssl) ca = authority();
});
afterAll(() => ca?.remove());

const options = (changes: Partial<RemoteWriteConfig> = {}): RemoteWriteConfig => ({
  'remote-write': '127.0.0.1:9201',
  'remote-write-bearer-token-file': '',
  'tls-cert': '',
  'tls-key': '',
  'behind-proxy': false,
  data: 'data',
  ...changes,
});
const WIDE = { 'remote-write': '0.0.0.0:9201' };
const TOKEN = { 'remote-write-bearer-token-file': '/run/secrets/token' };

describe('where Prometheus writes to', () => {
  it.each([
    ['a token', WIDE],
    ['a token', { ...WIDE, 'behind-proxy': true }],
    ['TLS', { ...WIDE, ...TOKEN }],
    ['TLS', { 'remote-write': '[::]:9201', ...TOKEN }],
    ['TLS', { 'remote-write': 'localhost.example.com:9201', ...TOKEN }],
  ])('is not beyond loopback without %s: %j', (missing, changes) => {
    expect(() => remoteWriteOf(options(changes))).toThrowError(
      expect.objectContaining({ code: 'GV-SVC-007', message: expect.stringMatching(`without ${missing}$`) }),
    );
  });

  it('needs nothing on loopback, and a proxy may do TLS', () => {
    expect(remoteWriteOf(options({ 'remote-write': '' }))).toBeNull();
    expect(remoteWriteOf(options())).toEqual({
      host: '127.0.0.1',
      port: 9201,
      bearer_token_file: '',
      tls: null,
      directory: join('data', 'remote-write'),
    });
    expect(remoteWriteOf(options({ ...WIDE, ...TOKEN, 'behind-proxy': true }))).toMatchObject({ tls: null });
  });

  it.skipIf(!hasOpenssl)('has the certificate of API and live server, and still needs a token (needs openssl)', () => {
    const tls = ca.issue('collector');
    const files = { 'tls-cert': tls.cert_file, 'tls-key': tls.key_file };
    expect(remoteWriteOf(options(files))).toMatchObject({ tls });
    expect(remoteWriteOf(options({ ...WIDE, ...TOKEN, ...files }))).toMatchObject({ host: '0.0.0.0', tls });
    expect(() => remoteWriteOf(options({ ...WIDE, ...files }))).toThrowError(
      expect.objectContaining({ code: 'GV-SVC-007', message: expect.stringContaining('without a token') }),
    );
  });

  it('refuses a certificate that is not there', () => {
    const files = { 'tls-cert': '/nowhere/tls.crt', 'tls-key': '/nowhere/tls.key' };
    expect(() => remoteWriteOf(options({ ...WIDE, ...TOKEN, ...files }))).toThrowError(
      expect.objectContaining({ code: 'GV-SEC-006' }),
    );
  });
});
