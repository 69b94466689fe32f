import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';

const connections = new WeakMap<Bus, NatsConnection>();
const copies = new WeakMap<Bus, number>();

/**
 * Remembers the connection behind a bus, so that `Bus` itself shows nothing of the library; and on how many servers what is
 * made over it is kept.
 */
export function registerConnection(bus: Bus, connection: NatsConnection, replicas: number): void {
  connections.set(bus, connection);
  copies.set(bus, replicas);
}

/** On how many servers a stream or bucket that is made over this bus is kept. */
export const replicasOf = (bus: Bus): number => copies.get(bus) ?? 1;

/** The connection behind a bus made by connectBus. */
export function connectionOf(bus: Bus): NatsConnection {
  const connection = connections.get(bus);
  if (!connection) throw new VitalsError('GV-BUS-001', 'this bus was not made by connectBus', '');
  return connection;
}

/** JetStream's management calls for a bus made by connectBus. No round trip. */
export const managerOf = (bus: Bus): Promise<JetStreamManager> => manager(connectionOf(bus));

export const manager = (connection: NatsConnection): Promise<JetStreamManager> =>
  jetstreamManager(connection, { checkAPI: false });

export const isMissing = (error: unknown): boolean => error instanceof JetStreamApiError && error.status === 404;

/** What went wrong with JetStream, for a person. */
export function streamError(cause: unknown, what: string, where: string): VitalsError {
  if (cause instanceof VitalsError) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const refused = cause instanceof JetStreamApiError;
  return new VitalsError(refused ? 'GV-BUS-002' : 'GV-BUS-001', `${what}: ${detail}`, where, { cause });
}
