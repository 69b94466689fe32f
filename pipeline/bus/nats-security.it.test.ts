import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenNats } from '../../deploy/services/given-address.ts';
import { type Authority, authority, type Certificate, hasOpenssl } from '../../server/security/certificates.fixture.ts';
import { endCliRuns, runCli } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { connectBus } from './connect-bus.ts';
import { ensureStreams } from './ensure-streams.ts';
import { decentralised, newUserKey, securedNats, stopSecuredNats } from './secured-nats.fixture.ts';

const PASSWORD = 'PLANTED-NATS-PASSWORD-41';
const open: Bus[] = [];
let folder: string;
let trusted: Authority;
let stranger: Authority;
let client: Certificate;

const to = async (servers: string): Promise<Bus> => {
  const bus = await connectBus({ servers, name: 'test', clock: systemClock, connect_timeout_ms: 3_000 });
  open.push(bus);
  return bus;
};
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const tlsBlock = (of: Authority, more = ''): string => {
  const { cert_file, key_file } = of.issue('nats');
  return `tls { cert_file: "${cert_file}", key_file: "${key_file}", ca_file: "${of.ca_file}" ${more} }`;
};
/** Streams are made and a message is stored. */
async function works(bus: Bus): Promise<void> {
  await ensureStreams(bus);
  const publisher = bus.publisher();
  expect((await publisher.publish({ subject: 'dcgm.raw.00.n', data: Buffer.from('{}') })).position).toBe(1);
}

// Skipped without openssl, which makes the certificates.
describe.skipIf(!hasOpenssl)('NATS with TLS and its own users', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-nats-files-'));
    trusted = authority();
    stranger = authority();
    client = trusted.issue('gpu-vitals');
  });
  afterAll(async () => {
    await endCliRuns();
    for (const bus of open) await bus.close();
    await stopSecuredNats();
    trusted?.remove();
    stranger?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('over TLS with a password: works with its authority, and neither without nor in the clear', async () => {
    const server = await securedNats(`${tlsBlock(trusted)}\nauthorization { user: vitals, password: "${PASSWORD}" }`);
    const login = `vitals:${PASSWORD}@${server}`;
    await works(await to(`tls://${login}?ca=${trusted.ca_file}`));
    for (const servers of [`tls://${login}`, `tls://${login}?ca=${stranger.ca_file}`]) {
      const refused = to(servers);
      await expect(refused).rejects.toMatchObject({ code: 'GV-BUS-001' });
      await refused.catch((error: Error) => expect(JSON.stringify(error) + error.message).not.toContain(PASSWORD));
    }
    await expect(to(`tls://vitals:wrong@${server}?ca=${trusted.ca_file}`)).rejects.toMatchObject({
      code: 'GV-BUS-001',
      message: 'NATS refuses our credentials',
    });
    const given = `tls://${login}?ca=${trusted.ca_file}`;
    expect(await givenNats(given)).toMatchObject({ url: given });
  });

  it('asked for TLS, it does not go on in the clear', async () => {
    const server = await securedNats('');
    await expect(to(`tls://${server}`)).rejects.toMatchObject({
      code: 'GV-BUS-001',
      message: /does not offer the TLS/,
    });
    await expect(to(`nats://${server}?ca=${trusted.ca_file}`)).rejects.toMatchObject({
      message: /does not offer the TLS/,
    });
    expect((await to(`nats://${server}`)).connected).toBe(true);
  });

  it('with certificates on both sides and nkeys: who has the key and a certificate gets in, with all commands', async () => {
    const [mine, other] = [newUserKey(), newUserKey()];
    const server = await securedNats(
      `${tlsBlock(trusted, ', verify: true')}\nauthorization { users: [{ nkey: ${mine.public} }] }`,
    );
    const seed = fileOf('seed.nk', `# of gpu-vitals\n${mine.seed}\n`);
    const certificate = `cert=${client.cert_file}&key=${client.key_file}`;
    const address = `tls://${server}?ca=${trusted.ca_file}&${certificate}&nkey=${seed}`;
    await works(await to(address));
    const wrong = fileOf('other.nk', other.seed);
    await expect(to(address.replace(seed, wrong))).rejects.toMatchObject({ message: 'NATS refuses our credentials' });
    await expect(to(address.replace(`&${certificate}`, ''))).rejects.toMatchObject({ code: 'GV-BUS-001' });
    await expect(to(address.replace(seed, fileOf('none.nk', 'no seed')))).rejects.toMatchObject({ code: 'GV-SEC-006' });
    await expect(to(address.replace(seed, join(folder, 'absent')))).rejects.toMatchObject({
      code: 'GV-SEC-006',
      message: /cannot be read \(ENOENT\)/,
    });
    const made = await runCli(['keys', 'create', '--name', 'ci', '--role', 'viewer', '--json', '--nats', address]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const listed = await runCli(['keys', 'list', '--json', '--nats', address]);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ name: 'ci', role: 'viewer' }]);
  });

  it('with accounts and a file of credentials, TLS from the first byte', async () => {
    const { config, creds } = decentralised();
    const server = await securedNats(`${tlsBlock(trusted, ', handshake_first: true')}\n${config}`);
    const file = fileOf('user.creds', creds);
    const address = `tls://${server}?ca=${trusted.ca_file}&creds=${file}&handshake=first`;
    expect(await givenNats(address)).toMatchObject({ url: address });
    await works(await to(address));
    const forged = creds.replace(
      /(eyJ[\w-]+\.)([\w-])/,
      (_, head: string, first: string) => head + (first === 'e' ? 'f' : 'e'),
    );
    await expect(to(address.replace(file, fileOf('forged.creds', forged)))).rejects.toMatchObject({
      code: 'GV-BUS-001',
    });
  });
});
