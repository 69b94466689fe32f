import type { Config } from '../config-schema.ts';
import { listenAddress } from './listen-address.ts';

/** The console's own pages may open the live socket, under either name of loopback and under those that a proxy gives them. */
export function liveOrigins(config: Pick<Config, 'api' | 'alert-link' | 'live-url'>): string[] {
  const { host, port } = listenAddress(config.api);
  const here = [...new Set([host, '127.0.0.1', 'localhost'])].flatMap((name) => [
    `http://${name}:${port}`,
    `https://${name}:${port}`,
  ]);
  const outside = [config['alert-link'], config['live-url'].replace(/^ws/, 'http')].filter((one) => one !== '');
  return [...here, ...outside.map((one) => new URL(one).origin)];
}
