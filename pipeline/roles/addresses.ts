import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataLockHolder } from '../../deploy/services/data-lock.ts';
import { servicesStatus } from '../../deploy/services/detached.ts';
import { givenQuestdb } from '../../deploy/services/given-address.ts';
import type { Config } from '../config-schema.ts';

/** Where the parts of a running system are: noted in the data folder for commands that come later. */
export interface RunningAddresses {
  readonly nats: string;
  readonly questdb: string;
  readonly questdb_pg: string;
  readonly api: string;
  readonly live: string;
  /** Of the simulated fleet; null when targets were given. */
  readonly fleet: string | null;
}

const fileOf = (data: string): string => join(data, 'run', 'up.json');

/** Notes the addresses; the returned function takes the note back. */
export function noteAddresses(data: string, addresses: RunningAddresses): () => void {
  mkdirSync(join(data, 'run'), { recursive: true });
  // Addresses hold passwords.
  writeFileSync(fileOf(data), `${JSON.stringify(addresses)}\n`, { mode: 0o600 });
  return () => rmSync(fileOf(data), { force: true });
}

/** Null when nothing runs in the data folder: one that was killed leaves its note behind. */
export async function readAddresses(data: string): Promise<RunningAddresses | null> {
  if ((await dataLockHolder(data)) === null) return null;
  try {
    return JSON.parse(readFileSync(fileOf(data), 'utf8')) as RunningAddresses;
  } catch {
    return null;
  }
}

/** NATS for a command: the address given, else what runs in the data folder, else the usual one. */
export async function natsAddress(config: Pick<Config, 'nats' | 'data'>): Promise<string> {
  if (config.nats !== '') return config.nats;
  const up = await readAddresses(config.data);
  if (up) return up.nats;
  const left = (await servicesStatus(config.data)).find(
    ({ service, state }) => service === 'nats' && state === 'running',
  );
  return left?.url ?? 'nats://127.0.0.1:4222';
}

/** QuestDB for a command, by the same rule. Throws GV-SNK-001 when a given one does not answer. */
export async function questdbAddress(
  config: Pick<Config, 'questdb' | 'questdb-pg' | 'data'>,
): Promise<{ readonly http: string; readonly pg: string }> {
  const given = await givenQuestdb(config.questdb, config['questdb-pg']);
  if (given) return { http: given.url, pg: given.pg_url };
  const up = await readAddresses(config.data);
  if (up) return { http: up.questdb, pg: up.questdb_pg };
  const left = (await servicesStatus(config.data)).find(
    ({ service, state }) => service === 'questdb' && state === 'running',
  );
  return left
    ? { http: left.url, pg: left.pg_url }
    : { http: 'http://127.0.0.1:9000', pg: 'postgres://admin:quest@127.0.0.1:8812/qdb' };
}
