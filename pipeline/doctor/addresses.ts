import { servicesStatus } from '../../deploy/services/detached.ts';
import { addressOf } from '../../deploy/services/probe.ts';
import { PREFERRED_PORTS } from '../../deploy/services/services-options.ts';
import type { Config } from '../config-schema.ts';
import { type RunningAddresses, readAddresses } from '../roles/addresses.ts';

/** Where parts should be, and whether anything says that they are there. */
export interface KnownAddresses {
  /** Of the `up` that runs in the data folder; null when none is ready. */
  readonly running: RunningAddresses | null;
  readonly nats: { readonly url: string; readonly expected: boolean };
  readonly questdb: { readonly http: string; readonly pg: string; readonly expected: boolean };
}

/** As other commands find them (given, running, left running, usual), but nobody is asked whether he is there. Throws GV-CFG-001. */
export async function knownAddresses(
  config: Pick<Config, 'data' | 'nats' | 'questdb' | 'questdb-pg'>,
): Promise<KnownAddresses> {
  const running = await readAddresses(config.data);
  const services = (await servicesStatus(config.data)).filter(({ state }) => state !== 'stopped');
  const left = {
    nats: services.find(({ service }) => service === 'nats'),
    questdb: services.find(({ service }) => service === 'questdb'),
  };
  const nats = config.nats || running?.nats || left.nats?.url;
  const http = config.questdb || config['questdb-pg'] ? config.questdb : (running?.questdb ?? left.questdb?.url ?? '');
  const pg =
    config.questdb || config['questdb-pg'] ? config['questdb-pg'] : (running?.questdb_pg ?? left.questdb?.pg_url ?? '');
  return {
    running,
    nats: { url: nats || `nats://127.0.0.1:${PREFERRED_PORTS.nats}`, expected: Boolean(nats) },
    questdb: { ...completed(http, pg), expected: http !== '' || pg !== '' },
  };
}

/** Each address from the other where only one is known, on the usual ports. */
function completed(http: string, pg: string): { http: string; pg: string } {
  const known = http || pg;
  const { host } = known
    ? addressOf(known, ['http', 'https', 'postgres', 'postgresql'], 0, http ? '--questdb' : '--questdb-pg')
    : { host: '127.0.0.1' };
  const named = host.includes(':') ? `[${host}]` : host;
  return {
    http: http || `http://${named}:${PREFERRED_PORTS.questdb_http}`,
    pg: pg || `postgres://admin:quest@${named}:${PREFERRED_PORTS.questdb_pg}/qdb`,
  };
}
