import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { isLoopback } from '../contract/loopback.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[::1]:port`; the schema has checked the form. */
export function listenAddress(text: string): ListenAddress {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

/** What protects calls on their way, when they come from other machines. */
export type WayOptions = Pick<Config, 'api' | 'live' | 'tls-cert' | 'tls-key' | 'behind-proxy'>;

export interface CertificateFiles {
  readonly cert_file: string;
  readonly key_file: string;
}

/**
 * The certificate that is configured, if any. Throws GV-SVC-007 when `api` or `live` would listen beyond this machine without one
 * (keys would be readable on the way) unless something else takes care of that; GV-SEC-006 when it cannot be used. Whether
 * there are keys is looked at where they are read.
 */
export function requireSafeWay(config: WayOptions): CertificateFiles | null {
  const tls = certificateOf(config);
  if (tls !== null || config['behind-proxy']) return tls;
  for (const option of ['api', 'live'] as const) {
    if (isLoopback(listenAddress(config[option]).host)) continue;
    throw new VitalsError('GV-SVC-007', `--${option} ${config[option]} would listen beyond loopback without TLS`, '', {
      action:
        'Bind to 127.0.0.1; or give --tls-cert and --tls-key, or --behind-proxy when a proxy in front does TLS, and create a key with `gpu-vitals keys create`.',
    });
  }
  return null;
}

/** The certificate that is configured; null when there is none. Throws GV-SEC-006 when it cannot be used. */
export function certificateOf(config: Pick<Config, 'tls-cert' | 'tls-key'>): CertificateFiles | null {
  const { 'tls-cert': cert_file, 'tls-key': key_file } = config;
  if (cert_file === '' && key_file === '') return null;
  try {
    createSecureContext({ cert: readFileSync(cert_file), key: readFileSync(key_file) });
  } catch (cause) {
    // Without the text of the failure: it may quote what lies in the files.
    const why = (cause as NodeJS.ErrnoException).code ?? 'not usable';
    throw new VitalsError('GV-SEC-006', `tls-cert and tls-key are no certificate and its key (${why})`, '', { cause });
  }
  return { cert_file, key_file };
}
