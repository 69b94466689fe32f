import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { findNats } from '../../deploy/services/find-nats.ts';
import { freePort } from '../../deploy/services/free-port.ts';
import { probeTcp } from '../../deploy/services/probe.ts';
import { until } from './bus.fixture.ts';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const servers = new Set<{ readonly child: ChildProcess; readonly folder: string }>();

/** The program; throws when there is none. */
export async function cachedNats(): Promise<string> {
  const { XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env;
  const found = await findNats({
    env: process.env,
    cache: join(XDG_CACHE_HOME, 'gpu-vitals'),
    platform: `${process.platform}-${process.arch}`,
    report: () => undefined,
    tried: [],
  });
  if (found === null) throw new Error('there is no nats-server');
  return found.program;
}

/** A nats-server with JetStream and whatever else its configuration says; `host:port` of loopback. */
export async function securedNats(config: string): Promise<string> {
  const program = await cachedNats();
  const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-nats-'));
  const port = await freePort(0, new Set());
  const file = join(folder, 'nats.conf');
  const jetstream = `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`;
  writeFileSync(file, [`listen: "127.0.0.1:${port}"`, 'server_name: test', jetstream, config].join('\n'));
  const child = spawn(program, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  servers.add({ child, folder });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nats-server ended: ${said}`);
    return probeTcp('127.0.0.1', port, 500);
  });
  return `127.0.0.1:${port}`;
}

/** `afterAll(stopSecuredNats)`. */
export async function stopSecuredNats(): Promise<void> {
  for (const { child, folder } of servers) {
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  servers.clear();
}

export interface UserKey {
  readonly public: string;
  readonly seed: string;
}

export const newUserKey = (): UserKey => keyOf(nkeys.createUser());

const keyOf = (pair: KeyPair): UserKey => ({
  public: pair.getPublicKey(),
  seed: Buffer.from(pair.getSeed()).toString('utf8'),
});

/** An operator with one account and one user of it, as `nsc` would make them: the server's configuration and the user's file. */
export function decentralised(): { readonly config: string; readonly creds: string } {
  const [operator, system, account, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const any = { subs: -1, data: -1, payload: -1 };
  const limits = {
    ...any,
    ...{ imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
    ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
  };
  const accountOf = (pair: KeyPair, name: string, more: object): string =>
    jwt(operator, pair, { name, nats: { type: 'account', version: 2, limits: { ...any, ...more } } });
  const preload = [
    `${system.getPublicKey()}: ${accountOf(system, 'SYS', { imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 })}`,
    `${account.getPublicKey()}: ${accountOf(account, 'VITALS', limits)}`,
  ];
  const userJwt = jwt(account, user, {
    name: 'gpu-vitals',
    nats: { type: 'user', version: 2, pub: {}, sub: {}, ...any },
  });
  return {
    config: [
      `operator: ${jwt(operator, operator, { name: 'test', nats: { type: 'operator', version: 2 } })}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      `resolver_preload: {\n${preload.join('\n')}\n}`,
    ].join('\n'),
    creds: [
      ...['-----BEGIN NATS USER JWT-----', userJwt, '------END NATS USER JWT------', ''],
      ...['-----BEGIN USER NKEY SEED-----', keyOf(user).seed, '------END USER NKEY SEED------', ''],
    ].join('\n'),
  };
}

/** Signed claims as NATS has them. */
function jwt(issuer: KeyPair, subject: KeyPair, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = {
    jti: subject.getPublicKey(),
    iat: 1_767_225_600,
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
  };
  const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ ...body, ...claims })}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}
