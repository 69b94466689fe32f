import type { Config } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[::1]:port`; the schema has checked the form. */
export function listenAddress(text: string): ListenAddress {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** There are no keys yet, so nothing may listen wider than this machine. Throws GV-SVC-007. */
export function requireLoopback(config: Pick<Config, 'api' | 'live'>): void {
  for (const option of ['api', 'live'] as const) {
    const { host } = listenAddress(config[option]);
    if (isLoopback(host)) continue;
    throw new VitalsError('GV-SVC-007', `--${option} ${config[option]} would listen beyond loopback without keys`, '', {
      action: `Bind to 127.0.0.1 and put an authenticating proxy in front of it.`,
    });
  }
}
