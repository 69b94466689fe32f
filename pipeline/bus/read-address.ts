import { VitalsError } from '../contract/errors.ts';

export interface BusAddress {
  /** Without credentials and parameters, so that they can be shown. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Connections are encrypted, or there are none. */
  readonly tls?: {
    readonly ca_file?: string;
    readonly cert_file?: string;
    readonly key_file?: string;
    /** The server is configured so: nothing at all is said in the clear. */
    readonly handshake_first?: true;
  };
  /** Credentials of a user as `nsc` writes them, or the seed of a user's key; files. */
  readonly creds_file?: string;
  readonly nkey_file?: string;
}

const PARAMETERS = ['ca', 'cert', 'key', 'creds', 'nkey', 'handshake'] as const;
type Parameters = { readonly [K in (typeof PARAMETERS)[number]]?: string };

/**
 * Splits `tls://user:password@host:port?ca=FILE,tls://host2`: the library does not look for credentials in addresses. They end
 * at an address' last @, so that in a password only a comma (%2C), a question mark (%3F) and a percent sign are written otherwise;
 * those of the first address that has some count for all; a name without password is a token, as other NATS clients have it.
 * Parameters, those of the first address that has some: `ca`, `cert`, `key` (PEM files; any of them means TLS, as `tls://`
 * does), `creds` or `nkey` (files), `handshake=first`. Throws VitalsError GV-CFG-001 for others.
 */
export function readAddress(text: string): BusAddress {
  let credentials: string | null = null;
  let query: string | null = null;
  const servers = text
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
    .map((server) => {
      const at = server.indexOf('?');
      const [address, parameters] = at < 0 ? [server, null] : [server.slice(0, at), server.slice(at + 1)];
      query ??= parameters;
      const match = /^([a-z]+:\/\/)?(?:(.*)@)?([^@]*)$/is.exec(address);
      credentials ??= match?.[2] ?? null;
      return `${match?.[1] ?? ''}${match?.[3] ?? address}`;
    });
  return { servers, ...loginOf(credentials), ...protectionOf(servers, parametersOf(query ?? '')) };
}

function loginOf(credentials: string | null): Pick<BusAddress, 'user' | 'password' | 'token'> {
  if (credentials === null) return {};
  const [name = '', ...rest] = credentials.split(':');
  if (rest.length === 0) return { token: decode(name) };
  return { user: decode(name), password: decode(rest.join(':')) };
}

function parametersOf(query: string): Parameters {
  const found: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (!PARAMETERS.some((known) => known === name) || (name === 'handshake' && value !== 'first')) {
      const action = `There are ${PARAMETERS.slice(0, -1).join(', ')} and handshake=first.`;
      // What stands before an @ may be the rest of a password.
      const which = query.includes('@') ? ' like that; in a password ? is written %3F' : ` ${name.slice(0, 40)}`;
      throw new VitalsError('GV-CFG-001', `a NATS address has no parameter${which}`, 'nats', { action });
    }
    found[name] = value;
  }
  return found;
}

function protectionOf(
  servers: readonly string[],
  { ca, cert, key, creds, nkey, handshake }: Parameters,
): Pick<BusAddress, 'tls' | 'creds_file' | 'nkey_file'> {
  const wanted = servers.some((server) => /^tls:\/\//i.test(server));
  const tls = {
    ...(ca !== undefined && { ca_file: ca }),
    ...(cert !== undefined && { cert_file: cert }),
    ...(key !== undefined && { key_file: key }),
    ...(handshake !== undefined && { handshake_first: true as const }),
  };
  return {
    ...((wanted || Object.keys(tls).length > 0) && { tls }),
    ...(creds !== undefined && { creds_file: creds }),
    ...(nkey !== undefined && { nkey_file: nkey }),
  };
}

/** A stray percent sign is taken as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
