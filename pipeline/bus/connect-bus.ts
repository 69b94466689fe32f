import { setMaxListeners } from 'node:events';
import { type ConnectionOptions, connect, errors, type NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../clock.ts';
import type { Bus, BusMessage, OutgoingMessage } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { batchPublisher, takesBatches } from './batch-publisher.ts';
import { busLogin } from './bus-login.ts';
import type { BusEvent, Link } from './link.ts';
import { oncePossible } from './once-possible.ts';
import { type BusAddress, readAddress } from './read-address.ts';
import { readStream } from './read-stream.ts';
import { reconnectPause } from './reconnect-pause.ts';
import { streamInfo } from './stream-info.ts';
import { manager, registerConnection, streamError } from './stream-manager.ts';
import { streamPublisher } from './stream-publisher.ts';
import { encodeHeaders, readHeaders } from './wire-headers.ts';

export interface BusOptions {
  /** One or more `nats://host:port`, separated by commas; credentials and files may be inside, see readAddress. */
  readonly servers: string;
  /** Shown by the server for this connection. */
  readonly name: string;
  readonly clock: Clock;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** How long the first connection may take, ms. */
  readonly connect_timeout_ms?: number;
  readonly onEvent?: (event: BusEvent) => void;
  /** On how many servers of a NATS cluster streams and buckets are kept that are made over this connection: 1, 3 or 5. */
  readonly stream_replicas?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const ATTEMPT_TIMEOUT_MS = 5_000;
const RETRY_MS = 200;
const PING_MS = 10_000;

/**
 * Connects to NATS. The first connection must come within `connect_timeout_ms` (GV-BUS-001 else); after that it is kept for
 * ever, with publishers and readers going on where they were. Events come through `onEvent`, never as exceptions.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { clock } = options;
  const connection = await firstConnection(options);
  const closing = new AbortController();
  // A reader each: a worker of a cluster has one for every group.
  setMaxListeners(0, closing.signal);
  const watchers = new Set<(up: boolean) => void>();
  const publishers = new Set<{ close(): Promise<void> }>();
  let connected = true;
  let losses = 0;
  let serverVersion = connection.info?.version ?? '';
  const report = (event: BusEvent): void => options.onEvent?.(event);

  const link: Link = {
    connection,
    clock,
    connected: () => connected && !connection.isClosed(),
    report,
    watch(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    closing: closing.signal,
  };

  const follow = async (): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        connected = false;
        losses++;
        report({ type: 'disconnected', server: status.server });
        for (const watcher of [...watchers]) watcher(false);
      } else if (status.type === 'reconnect') {
        connected = true;
        serverVersion = connection.info?.version ?? serverVersion;
        report({ type: 'reconnected', server: status.server });
        for (const watcher of [...watchers]) watcher(true);
      } else if (status.type === 'error') {
        report({ type: 'error', detail: status.error.message });
      }
    }
  };
  follow().catch((cause: unknown) => report({ type: 'error', detail: `status: ${String(cause)}` }));
  report({ type: 'connected', server: connection.getServer() });

  const unreachable = (cause: unknown, where: string): VitalsError =>
    new VitalsError('GV-BUS-001', cause instanceof Error ? cause.message : String(cause), where, { cause });

  const bus: Bus = {
    publish(message: OutgoingMessage & { readonly reply?: string }) {
      if (!link.connected()) return;
      try {
        connection.publish(message.subject, message.data, {
          ...(message.headers && { headers: encodeHeaders(message.headers) }),
          ...(message.reply && { reply: message.reply }),
        });
      } catch (cause) {
        report({ type: 'error', detail: `${message.subject}: ${cause instanceof Error ? cause.message : cause}` });
      }
    },
    subscribe(subject, handler) {
      const subscription = connection.subscribe(subject, {
        callback(error, message) {
          if (error) {
            report({ type: 'error', detail: `${subject}: ${error.message}` });
            return;
          }
          // A throw here would end the library's reading of the socket.
          try {
            handler({
              subject: message.subject,
              data: message.data,
              headers: readHeaders(message),
              reply: message.reply ?? '',
            });
          } catch (cause) {
            report({
              type: 'error',
              detail: `handler of ${subject}: ${cause instanceof Error ? cause.message : cause}`,
            });
          }
        },
      });
      return {
        unsubscribe() {
          if (!connection.isClosed() && !subscription.isClosed()) subscription.unsubscribe();
        },
      };
    },
    async request(message: OutgoingMessage, timeoutMs: number): Promise<BusMessage> {
      if (!link.connected()) throw unreachable('not connected', message.subject);
      try {
        const answer = await connection.request(message.subject, message.data, {
          timeout: timeoutMs,
          ...(message.headers && { headers: encodeHeaders(message.headers) }),
        });
        return {
          subject: answer.subject,
          data: answer.data,
          headers: readHeaders(answer),
          reply: answer.reply ?? '',
        };
      } catch (cause) {
        throw unreachable(cause, message.subject);
      }
    },
    publisher(publisherOptions) {
      const single = streamPublisher(link, publisherOptions);
      const publisher =
        publisherOptions?.atomic === true && takesBatches(serverVersion) ? batchPublisher(link, single) : single;
      publishers.add(publisher);
      return {
        ...publisher,
        async close() {
          publishers.delete(publisher);
          await publisher.close();
        },
      };
    },
    read: (readOptions, signal) => readStream(link, readOptions, signal),
    async streamState(stream, seen) {
      try {
        const jsm = await manager(connection);
        const asked = { ...(seen !== undefined && { seen }), wanted: () => !connection.isClosed() };
        const { state, created } = await oncePossible(() => streamInfo(jsm, stream, asked), { unanswered: false });
        return {
          created,
          messages: state.messages,
          bytes: state.bytes,
          first_position: state.first_seq,
          last_position: state.last_seq,
        };
      } catch (cause) {
        throw streamError(cause, 'no state', stream);
      }
    },
    get connected() {
      return link.connected();
    },
    get losses() {
      return losses;
    },
    get server_version() {
      return serverVersion;
    },
    async flush() {
      if (!link.connected()) throw unreachable('not connected', connection.getServer());
      try {
        await connection.flush();
      } catch (cause) {
        throw unreachable(cause, connection.getServer());
      }
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      for (const publisher of publishers) await publisher.close();
      // What was published without acks is still in our buffers; a dead connection has nothing to wait for.
      if (link.connected()) await Promise.race([connection.flush(), connection.closed()]).catch(() => {});
      connected = false;
      await connection.close();
      report({ type: 'closed' });
    },
  };
  registerConnection(bus, connection, options.stream_replicas ?? 1);
  return bus;
}

async function firstConnection(options: BusOptions): Promise<NatsConnection> {
  const { clock } = options;
  const address = readAddress(options.servers);
  const user = options.user ?? address.user;
  const token = options.token ?? address.token;
  const limit = options.connect_timeout_ms ?? CONNECT_TIMEOUT_MS;
  const login = busLogin(address);
  const started = clock.monotonic();
  for (;;) {
    const left = limit - (clock.monotonic() - started);
    const settings: ConnectionOptions = {
      servers: [...address.servers],
      name: options.name,
      timeout: Math.max(1, Math.min(ATTEMPT_TIMEOUT_MS, left)),
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: reconnectPause({ clock, servers: address.servers.length, pause_ms: RETRY_MS }),
      // Rotated credentials must not end a connection that is meant to last for ever.
      ignoreAuthErrorAbort: true,
      pingInterval: PING_MS,
      ...(user !== undefined && { user, pass: options.password ?? address.password ?? '' }),
      ...(token !== undefined && { token }),
      ...login,
    };
    try {
      return await encrypted(await connect(settings), address);
    } catch (cause) {
      if (cause instanceof VitalsError) throw cause;
      const refused = cause instanceof errors.AuthorizationError;
      if (refused || clock.monotonic() - started + RETRY_MS >= limit) {
        throw new VitalsError(
          'GV-BUS-001',
          refused
            ? 'NATS refuses our credentials'
            : `no connection within ${limit} ms: ${cause instanceof Error ? cause.message : String(cause)}`,
          address.servers.join(','),
          { cause, ...(refused && { action: 'Check user, password, token or key file of the NATS address.' }) },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** The library goes on in the clear where a server offers no encryption; who asked for it must not. */
async function encrypted(connection: NatsConnection, { tls, servers }: BusAddress): Promise<NatsConnection> {
  const { tls_required, tls_available } = connection.info ?? {};
  if (tls === undefined || tls.handshake_first || tls_required || tls_available) return connection;
  await connection.close();
  throw new VitalsError('GV-BUS-001', 'NATS does not offer the TLS that is asked for', servers.join(','), {
    action: 'Configure the server with a certificate, or ask for nats:// on a network that nobody else is on.',
  });
}
