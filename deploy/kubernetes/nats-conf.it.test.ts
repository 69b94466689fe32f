import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cachedNats } from '../../pipeline/bus/secured-nats.fixture.ts';
import { type Authority, authority, hasOpenssl } from '../../server/security/certificates.fixture.ts';
import { expectClosed, NatsCluster } from '../services/nats-cluster.fixture.ts';

const DIR = fileURLToPath(new URL('.', import.meta.url));
let folder: string;
let ca: Authority;
let nats: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-nats-conf-'));
  nats = await cachedNats();
  if (hasOpenssl) ca = authority();
});
afterAll(() => {
  ca?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** The files of the config map, those of later folders over those of earlier ones, as they lie in the pod. */
function laidOut(name: string, ...from: readonly string[]): string {
  const into = join(folder, name);
  const { cert_file, key_file } = ca.issue(name);
  for (const one of from) {
    cpSync(join(DIR, one), into, {
      recursive: true,
      filter: (path) => !path.endsWith('.yaml') && !path.endsWith('.json'),
    });
  }
  for (const file of readdirSync(into)) {
    const text = readFileSync(join(into, file), 'utf8')
      .replaceAll('/etc/nats-tls/tls.crt', cert_file)
      .replaceAll('/etc/nats-tls/tls.key', key_file)
      .replaceAll('/etc/nats-tls/ca.crt', ca.ca_file)
      .replaceAll('/data', join(folder, 'data'));
    writeFileSync(join(into, file), text);
  }
  return join(into, 'nats.conf');
}

describe.skipIf(!hasOpenssl)('configuration of NATS', () => {
  it.each([
    ['alone', ['base']],
    ['cluster', ['base', 'overlays/cluster']],
    ['alone-tls', ['base', 'components/nats-tls']],
    ['cluster-tls', ['base', 'overlays/cluster', 'components/nats-tls']],
  ] as const)('%s is what the server takes', (name, from) => {
    const config = laidOut(name, ...from);
    const env = {
      ...process.env,
      NATS_PASSWORD: 'secret',
      NATS_ROUTES: '["nats://gpu-vitals:secret@nats-1.nats:6222"]',
    };
    const { status, stdout, stderr } = spawnSync(nats, ['-t', '-c', config], { env, encoding: 'utf8' });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('is valid')]);
    // A certificate that is not there is missed: so they are looked at.
    rmSync(ca.issue(name).cert_file);
    const again = spawnSync(nats, ['-t', '-c', config], { env, encoding: 'utf8' });
    expect(again.status === 0).toBe(!name.endsWith('tls'));
  });

  it.each([
    ['in clear text', ['base', 'overlays/cluster']],
    ['with TLS', ['base', 'overlays/cluster', 'components/nats-tls']],
  ] as const)('lets no server join that does not know the password, %s', async (name, from) => {
    const cluster = new NatsCluster(nats, laidOut(`joined ${name}`.replaceAll(' ', '-'), ...from));
    onTestFinished(() => cluster.stop());
    await expectClosed(cluster);
  });
});
