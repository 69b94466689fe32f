import { type ConnectionOptions, connect } from '@nats-io/transport-node';
import { busLogin } from './bus-login.ts';
import { readAddress } from './read-address.ts';

/** `unreachable`: none of the servers could be asked. */
type Heard = 'heard' | 'silent' | 'unreachable';

/**
 * Whether anything comes under a subject within a time. All servers of an address are asked at once: the first one may be
 * down, and one that is cut off from the others hears nobody of theirs. Throws as readAddress and busLogin.
 */
export function heardOnBus(options: {
  /** As for connectBus. */
  readonly servers: string;
  readonly subject: string;
  readonly connect_timeout_ms: number;
  readonly silence_max_ms: number;
}): Promise<Heard> {
  const { subject, connect_timeout_ms, silence_max_ms } = options;
  const address = readAddress(options.servers);
  const { user, password = '', token } = address;
  const login: ConnectionOptions = {
    ...(user !== undefined && { user, pass: password }),
    ...(token !== undefined && { token }),
    ...busLogin(address),
  };

  async function listen(server: string): Promise<Heard> {
    try {
      const connection = await connect({ servers: [server], timeout: connect_timeout_ms, reconnect: false, ...login });
      const heard = new Promise<Heard>((resolve) => {
        setTimeout(resolve, silence_max_ms, 'silent').unref();
        connection.subscribe(subject, { max: 1, callback: (error) => resolve(error ? 'unreachable' : 'heard') });
        void connection.closed().then(() => resolve('unreachable'));
      });
      return await heard.finally(() => connection.close());
    } catch {
      return 'unreachable';
    }
  }

  return new Promise((resolve) => {
    const all = address.servers.map(listen);
    for (const one of all) void one.then((told) => told === 'heard' && resolve(told));
    void Promise.all(all).then((told) => resolve(told.includes('silent') ? 'silent' : 'unreachable'));
  });
}
