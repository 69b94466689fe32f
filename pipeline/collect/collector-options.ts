import type { Clock } from '../clock.ts';
import type { StreamPublisher } from '../contract/bus.ts';
import type { Scrape } from '../contract/scrape.ts';
import type { Spans } from '../contract/tracing.ts';
import type { CollectorEvent } from './collector-events.ts';
import type { TargetAccess } from './scraper-access.ts';
import type { TargetShare } from './target-share.ts';

/** Turns a body into scrapes, one per node in it; throws when nothing in it can be read. One per target. */
export interface BodyParser {
  parse(body: Uint8Array, context: { readonly fallback_node: string; readonly ts: number }): readonly Scrape[];
}

export interface CollectorOptions {
  readonly clock: Clock;
  readonly publisher: StreamPublisher;
  readonly create_parser: () => BodyParser;
  /** Folder of the spool. */
  readonly spool_directory: string;
  /** `host:port,...`; also whole URLs, and `dns+http://name:port/path` for an exporter at each address of a name. */
  readonly targets?: string;
  /** Prometheus file_sd paths, wildcards allowed in the last segment. */
  readonly targets_files?: readonly string[];
  /** Prometheus http_sd address. */
  readonly targets_url?: string;
  /** How that address is reached; its `match` is not looked at. */
  readonly targets_url_access?: TargetAccess;
  /** Targets and that address may be on the machine's own link; refused when absent. */
  readonly allow_link_local?: boolean;
  /** Lists are read again this often. Default 60 s, 30 s for names; files also when they change. */
  readonly targets_refresh_ms?: number;
  readonly access?: readonly TargetAccess[];
  /** Which of the targets are scraped here; all when null or absent. */
  readonly share?: TargetShare | null;
  /** Default 10 s. By the clock's monotonic time; a fleet whose clock runs faster needs a shorter one. */
  readonly interval_ms?: number;
  /** Default: the interval, at most 10 s. */
  readonly timeout_ms?: number;
  /** Of one body. Default 16 MiB. */
  readonly scrape_size_max_bytes?: number;
  /** Of one message. Default 960 KiB: NATS takes 1 MiB with headers. */
  readonly message_size_max_bytes?: number;
  /** Default 1 GiB. */
  readonly spool_size_max_bytes?: number;
  /** Default 250. */
  readonly spool_after_ms?: number;
  /** Whether NATS is there; without it the spool learns that from missing acks. */
  readonly connected?: () => boolean;
  /** Scrapes at a time of targets that answer, and of failing ones. Defaults 2048 and 256. */
  readonly concurrency_max?: number;
  readonly failing_concurrency_max?: number;
  /** For the back-off's jitter. Default 1. */
  readonly seed?: number;
  readonly on_event?: (event: CollectorEvent) => void;
  /** Traces of scrapes; none when null or absent. */
  readonly spans?: Spans | null;
}

/** Since the start, except where it says now. */
export interface CollectorCounters {
  /** Now: all, and those whose last scrape failed. */
  readonly targets: number;
  readonly targets_failing: number;
  /** Bodies that are safe: stored by NATS or on our disk. */
  readonly scrapes: number;
  readonly failures: number;
  /** Bodies that could not be read and went on as text. */
  readonly unreadable: number;
  /** Bodies without any GPU. */
  readonly empty: number;
  /** Ticks left out because the last scrape still ran. */
  readonly ticks_skipped: number;
  /** One GPU or instance at one instant; its values that were present; refused values, lines and rows. */
  readonly rows: number;
  readonly samples: number;
  readonly refusals: number;
  /** Values that were said to be none, and samples of metrics that the catalogue does not have. */
  readonly blanks: number;
  readonly unknown_metrics: number;
  /** Unpacked text received, and messages' data sent. */
  readonly bytes: number;
  readonly message_bytes: number;
  readonly stored_messages: number;
  /** Now on disk. */
  readonly spooled_messages: number;
  readonly spooled_bytes: number;
  readonly dropped_messages: number;
  /** Now running, waiting for a place, and in flight to NATS. */
  readonly running: number;
  readonly queued: number;
  readonly pending_messages: number;
  /** Now: those of which lately a quarter of the ticks were left out, because the last scrape still ran. */
  readonly targets_slow: number;
}
