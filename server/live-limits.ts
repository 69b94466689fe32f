export interface LiveLimits {
  readonly topics_per_socket_max: number;
  /** Messages that a socket may send at once, and per second after that. */
  readonly message_burst: number;
  readonly messages_per_s: number;
  /** A socket with more than this waiting gets no deltas until it has drained; then a gap and the state. */
  readonly slow_bytes: number;
  /** Bytes of snapshots and missed deltas that may wait in all sockets together; further ones wait their turn. */
  readonly snapshot_bytes: number;
  /** Where keys are needed: a socket that has not shown one by then is closed. */
  readonly auth_within_ms: number;
  /** And of those from one address no more than so many at once. */
  readonly strangers_per_address_max: number;
}

export const LIVE_LIMITS: LiveLimits = {
  topics_per_socket_max: 256,
  message_burst: 200,
  messages_per_s: 50,
  slow_bytes: 1_048_576,
  snapshot_bytes: 134_217_728,
  auth_within_ms: 10_000,
  strangers_per_address_max: 64,
};
