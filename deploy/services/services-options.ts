import type { Clock } from '../../pipeline/clock.ts';
import type { Durability } from './nats-config.ts';
import type { Report, ServiceName } from './report.ts';
import type { UnexpectedExit } from './supervise.ts';

export interface ServicesOptions {
  /** Data folder; made when it is not there. The services' data, logs and state live in it. */
  readonly data: string;
  /** Which services are wanted; both by default. */
  readonly services?: readonly ServiceName[];
  /** Address of a NATS server to use instead of one of our own: `nats://HOST:4222`. */
  readonly nats?: string;
  /** Address of QuestDB's HTTP side, and of its PostgreSQL side; each is guessed from the other when only one is given. */
  readonly questdb?: string;
  readonly questdb_pg?: string;
  /** Folder for downloaded programs; `$XDG_CACHE_HOME/gpu-vitals` by default. */
  readonly cache?: string;
  /** What a commit survives: `fast` the end of any process, `safe` (the default is `fast`) power loss too. */
  readonly durability?: Durability;
  /** Most heap of QuestDB's Java; its columns live outside of it. */
  readonly questdb_heap_max_mib?: number;
  /** For tests and short runs: QuestDB starts with half the CPU, and is slower under load. False by default. */
  readonly questdb_quick_start?: boolean;
  /** Most disk that all JetStream streams may take together. */
  readonly jetstream_max_mib?: number;
  readonly pg_user?: string;
  /** Its HTTP side asks for it too; `quest`, and nothing asked over HTTP, by default. */
  readonly pg_password?: string;
  /** Of the user `reader`, who may only read over PostgreSQL; there is none by default. */
  readonly reader_password?: string;
  /** Preferred ports of loopback, replaced by free ones when taken; 0 is any free one. */
  readonly ports?: Partial<ServicePorts>;
  readonly report?: Report;
  /** Told when a child of ours ends by itself; it is started again without further doing. */
  readonly onExit?: (exit: UnexpectedExit) => void;
  /** Start children again when they end by themselves; true by default. */
  readonly restart?: boolean;
  readonly ready_timeout_ms?: number;
  readonly clock?: Clock;
  readonly env?: NodeJS.ProcessEnv;
}

export interface ServicePorts {
  readonly nats: number;
  readonly nats_monitor: number;
  readonly questdb_http: number;
  readonly questdb_pg: number;
}

export const PREFERRED_PORTS: ServicePorts = { nats: 4222, nats_monitor: 8222, questdb_http: 9000, questdb_pg: 8812 };

export interface NatsAddress {
  readonly url: string;
  readonly version: string;
  /** Where it was found: `address`, `PATH`, `cache`, `PyPI`, `Go`, `Debian`, `Docker`, `services start`. */
  readonly source: string;
  /** Whether it is a child of ours, which ends with us. */
  readonly owned: boolean;
}

export interface QuestdbAddress {
  readonly http_url: string;
  readonly pg_url: string;
  readonly version: string;
  readonly source: string;
  readonly owned: boolean;
}

/** A service that is ready to be launched: everything found, written and chosen. */
export interface PreparedService {
  readonly service: ServiceName;
  readonly source: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log_path: string;
  readonly stop_grace_ms: number;
  /** NATS: its url. QuestDB: HTTP and PostgreSQL. */
  readonly urls: { readonly url: string; readonly pg_url: string };
  /** Version when the service answers and is the one that was launched, else null; never throws. */
  readonly probe: () => Promise<string | null>;
  /** Clears away what an earlier run may have left, before a start and after a stop. */
  readonly clear: () => Promise<void>;
}
