interface BusAddress {
  /** Without credentials, so that they can be shown. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/**
 * Splits `nats://user:password@host:port,nats://host2`: the library does not look for credentials in addresses. Those of the
 * first address that has some count for all; a name without password is a token, as other NATS clients have it.
 */
export function readAddress(text: string): BusAddress {
  let credentials: string | null = null;
  const servers = text
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
    .map((server) => {
      const match = /^([a-z]+:\/\/)?(?:(.*)@)?([^@]*)$/i.exec(server);
      credentials ??= match?.[2] ?? null;
      return `${match?.[1] ?? ''}${match?.[3] ?? server}`;
    });
  if (credentials === null) return { servers };
  const [name = '', ...rest] = (credentials as string).split(':');
  if (rest.length === 0) return { servers, token: decode(name) };
  return { servers, user: decode(name), password: decode(rest.join(':')) };
}

/** A stray percent sign is taken as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
