import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, vi } from 'vitest';
import { freePort } from './free-port.ts';

const PATIENCE = { timeout: 30_000, interval: 100 };

/** A server of a cluster, on ports of its own. */
interface Member {
  readonly routes_port: number;
  /** Names of the servers that it is connected with. */
  joined(): Promise<string[]>;
  said(): string;
}

/** Servers with the configuration of a deployment, ports and folders apart. */
export class NatsCluster {
  readonly #program: string;
  readonly #config: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-nats-cluster-'));
  readonly #children: ChildProcess[] = [];
  readonly #ports = new Set<number>();

  /** `config`: the file, whose ports are 4222, 8222 and 6222, and what it includes lies beside it. */
  constructor(program: string, config: string) {
    this.#program = program;
    this.#config = config;
  }

  /** Starts a server whose environment has this password and, in the addresses of the others, that login. */
  async start(name: string, env: { password: string; login: string; others: readonly Member[] }): Promise<Member> {
    const [client, monitor, routes] = [await this.#port(), await this.#port(), await this.#port()];
    const own = (text: string): string =>
      text
        .replaceAll(/\b4222\b/g, String(client))
        .replaceAll(/\b8222\b/g, String(monitor))
        .replaceAll(/\b6222\b/g, String(routes))
        .replace(/store_dir: [^,\s]+/, `store_dir: ${JSON.stringify(join(this.#folder, name))}`);
    const file = this.#copied(this.#config, name, own);
    // Its own too, as where all have the same list; that one it may ask.
    const addresses = [
      `nats://gpu-vitals:${env.password}@127.0.0.1:${routes}`,
      ...env.others.map((other) => `nats://${env.login}127.0.0.1:${other.routes_port}`),
    ];
    const child = spawn(this.#program, ['--config', file, '--name', name], {
      env: { ...process.env, NATS_PASSWORD: env.password, NATS_ROUTES: JSON.stringify(addresses) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#children.push(child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const joined = async (): Promise<string[]> => {
      const answer = await fetch(`http://127.0.0.1:${monitor}/routez`);
      const { routes: all } = (await answer.json()) as { routes: readonly { remote_name: string }[] };
      return [...new Set(all.map(({ remote_name }) => remote_name))].sort();
    };
    await vi.waitFor(async () => {
      expect(child.exitCode, said).toBeNull();
      expect(await joined()).toBeDefined();
    }, PATIENCE);
    return { routes_port: routes, joined, said: () => said };
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #port(): Promise<number> {
    const port = await freePort(0, this.#ports);
    this.#ports.add(port);
    return port;
  }

  /** The file and what it includes, under names of this server. */
  #copied(path: string, name: string, own: (text: string) => string): string {
    const text = readFileSync(path, 'utf8').replaceAll(
      /^( *)include (\S+)$/gm,
      (_, indent: string, included: string) => {
        const copy = this.#copied(join(dirname(path), included), name, own);
        return `${indent}include ${basename(copy)}`;
      },
    );
    const into = join(this.#folder, `${name}-${basename(path)}`);
    writeFileSync(into, own(text));
    return into;
  }
}

/** Only who knows the password joins: it is asked for, and brought along. */
export async function expectClosed(cluster: NatsCluster): Promise<void> {
  const password = 'secret';
  const login = `gpu-vitals:${password}@`;
  const first = await cluster.start('first', { password, login, others: [] });
  for (const [name, other] of [
    ['nobody', ''],
    ['somebody', 'gpu-vitals:guessed@'],
  ] as const) {
    const stranger = await cluster.start(name, { password: 'guessed', login: other, others: [first] });
    await vi.waitFor(() => expect(stranger.said()).toMatch(/authorization violation/i), PATIENCE);
    expect(await stranger.joined()).toEqual([]);
  }
  const second = await cluster.start('second', { password, login, others: [first] });
  await vi.waitFor(async () => expect(await second.joined()).toEqual(['first']), PATIENCE);
  expect(await first.joined()).toEqual(['second']);
}
