import { readFileSync } from 'node:fs';
import { type ConnectionOptions, credsAuthenticator, nkeyAuthenticator } from '@nats-io/transport-node';
import { VitalsError } from '../contract/errors.ts';
import type { BusAddress } from './read-address.ts';

/**
 * What an address says of encryption and of who connects, for the library. Files of keys are read anew at every connection,
 * so that they can be rotated. Throws VitalsError GV-SEC-006 when a file cannot be read.
 */
export function busLogin({ tls, creds_file, nkey_file }: BusAddress): Pick<ConnectionOptions, 'tls' | 'authenticator'> {
  for (const path of [tls?.ca_file, tls?.cert_file, tls?.key_file, creds_file, nkey_file]) {
    if (path !== undefined) readSecret(path);
  }
  return {
    ...(tls && {
      tls: {
        ...(tls.ca_file !== undefined && { caFile: tls.ca_file }),
        ...(tls.cert_file !== undefined && { certFile: tls.cert_file }),
        ...(tls.key_file !== undefined && { keyFile: tls.key_file }),
        ...(tls.handshake_first && { handshakeFirst: true }),
      },
    }),
    ...(creds_file !== undefined && { authenticator: credsAuthenticator(() => readSecret(creds_file)) }),
    ...(nkey_file !== undefined && { authenticator: nkeyAuthenticator(() => seedIn(nkey_file)) }),
  };
}

/** A line of the file is the seed; others are comments. */
function seedIn(path: string): Uint8Array {
  const seed = /^\s*(SU[A-Z2-7]{56})\s*$/m.exec(readSecret(path).toString('utf8'))?.[1];
  if (seed !== undefined) return Buffer.from(seed);
  throw new VitalsError('GV-SEC-006', "the file of nkey has no seed of a user's key", path);
}

function readSecret(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'not readable';
    throw new VitalsError('GV-SEC-006', `a file of the NATS address cannot be read (${why})`, path, { cause });
  }
}
