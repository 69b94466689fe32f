/** How much a commit survives; see `renderNatsConfig` and `renderQuestdbConfig` for what each means there. */
export type Durability = 'fast' | 'safe';

export interface NatsConfigOptions {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly monitor_port: number;
  readonly server_name: string;
  readonly store_dir: string;
  readonly durability: Durability;
  /** Most bytes that all file streams together may take. */
  readonly file_store_max_mib: number;
}

/**
 * A scrape of 64 GPUs with 100 metrics and Kubernetes labels is about 400 B a line, so 2.5 MB of text: over the server's
 * default of 1 MiB. 8 MiB is the largest that the NATS project recommends, and leaves room for MIG slices.
 */
const NATS_PAYLOAD_MAX_MIB = 8;

/**
 * Configuration file of nats-server for one machine. Keys that the given version does not know are left out.
 *
 * What a stored (acknowledged) message survives:
 * - `fast`: the end of nats-server by any signal, kill -9 too: the bytes are with the operating system. Not a power
 *   loss or a crash of the machine: up to two minutes of acknowledged messages can be lost, the collector's spool is past.
 * - `safe`: power loss too, as far as the disk keeps what it says it wrote; a few hundred to a few thousand messages a second.
 */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const sync =
    !natsHasSyncInterval(options.version) || options.durability === 'fast'
      ? []
      : ['  # every message is on the disk before it is acknowledged', '  sync_interval: always'];
  const quote = (text: string): string => JSON.stringify(text);
  return [
    `server_name: ${quote(options.server_name)}`,
    `host: ${quote(options.host)}`,
    `port: ${options.port}`,
    `http: ${quote(`${options.host}:${options.monitor_port}`)}`,
    `max_payload: ${NATS_PAYLOAD_MAX_MIB}MB`,
    '# a client that does not read is cut off here, so that it cannot take the server with it',
    'max_pending: 64MB',
    'write_deadline: "10s"',
    'max_connections: 1024',
    'jetstream {',
    `  store_dir: ${quote(options.store_dir)}`,
    '  max_memory_store: 64MB',
    `  max_file_store: ${options.file_store_max_mib}MB`,
    ...sync,
    '}',
    '',
  ].join('\n');
}

/** Servers before 2.10 flush every two minutes and cannot be told otherwise. */
export function natsHasSyncInterval(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}
