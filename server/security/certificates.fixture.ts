import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether certificates can be made here: Node alone cannot. */
export const hasOpenssl = /^OpenSSL 3/.test(spawnSync('openssl', ['version']).stdout?.toString() ?? '');

export interface Certificate {
  readonly cert_file: string;
  readonly key_file: string;
}

export interface Authority {
  readonly ca_file: string;
  /** A certificate for loopback under a name, for servers and clients. */
  issue(name: string): Certificate;
  remove(): void;
}

const NEW_KEY = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });

/** An authority of its own, in a folder of its own. */
export function authority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'vitals-certificates-'));
  const files = (name: string): Certificate => ({
    cert_file: join(folder, `${name}.pem`),
    key_file: join(folder, `${name}.key`),
  });
  const ca = files('ca');
  openssl(...NEW_KEY, '-subj', '/CN=test authority', '-keyout', ca.key_file, '-out', ca.cert_file);
  return {
    ca_file: ca.cert_file,
    issue(name) {
      const { cert_file, key_file } = files(name);
      openssl(
        ...NEW_KEY,
        ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
        ...['-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-addext', 'basicConstraints=CA:FALSE'],
        ...['-CA', ca.cert_file, '-CAkey', ca.key_file, '-keyout', key_file, '-out', cert_file],
      );
      return { cert_file, key_file };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
