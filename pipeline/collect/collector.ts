import type { Clock } from '../clock.ts';
import type { OutgoingMessage, StreamPublisher } from '../contract/bus.ts';
import type { Scrape } from '../contract/scrape.ts';
import { type CollectorEvent, type CollectorLog, eventTeller } from './collector-events.ts';
import { MessageMaker } from './collector-messages.ts';
import { Scraper } from './scraper.ts';
import { accessFinder, type TargetAccess } from './scraper-access.ts';
import { ScrapeLoop } from './scraper-loop.ts';
import { Spool } from './spool.ts';
import type { Safety } from './spool-sender.ts';
import { parseTargetList, type Target } from './targets.ts';
import { type TargetSource, watchTargetFiles } from './targets-file.ts';
import { pollTargetUrl } from './targets-http.ts';
import { TargetSet } from './targets-set.ts';

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
  /** `host:port,...`; also whole URLs. */
  readonly targets?: string;
  /** Prometheus file_sd paths, wildcards allowed in the last segment. */
  readonly targets_files?: readonly string[];
  /** Prometheus http_sd address. */
  readonly targets_url?: string;
  readonly targets_url_bearer_token?: string;
  /** Lists are read again this often. Default 60 s; files also when they change. */
  readonly targets_refresh_ms?: number;
  readonly access?: readonly TargetAccess[];
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
  readonly log?: CollectorLog;
  readonly on_event?: (event: CollectorEvent) => void;
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
}

export interface Collector {
  /** Settles when every source of targets was asked once. */
  readonly ready: Promise<void>;
  readonly counters: CollectorCounters;
  /**
   * Sends a scrape of another producer (history, imports) the same way; its epoch and sequence are set here. Resolves when
   * it is safe. A producer that can wait asks `pressure` first.
   */
  publishScrape(scrape: Scrape): Promise<Safety>;
  /** Null while there is room, else resolves when there is. */
  pressure(): Promise<void> | null;
  /** Stops scraping, waits up to `drain_ms` (default 3 s) for acks, puts the rest onto disk. The publisher stays open. */
  stop(options?: { readonly drain_ms?: number }): Promise<void>;
}

interface Running {
  target: Target;
  readonly scraper: Scraper;
  readonly parser: BodyParser;
  failures: number;
  since: number;
}

const INTERVAL_MS = 10_000;
const TIMEOUT_MAX_MS = 10_000;
const SCRAPE_BYTES_MAX = 16 * 1024 * 1024;
const MESSAGE_BYTES_MAX = 960 * 1024;
const DRAIN_MS = 3_000;

/**
 * Scrapes dcgm-exporters and publishes what they say to `dcgm.raw...`, one message per node and scrape, through a spool.
 * Throws VitalsError GV-COL-005 when `targets` or `targets_url` is wrong; everything later is an event.
 */
export function startCollector(options: CollectorOptions): Collector {
  const { clock } = options;
  const interval_ms = options.interval_ms ?? INTERVAL_MS;
  const timeout_ms = options.timeout_ms ?? Math.min(interval_ms, TIMEOUT_MAX_MS);
  const fixed = parseTargetList(options.targets ?? '');
  const tell = eventTeller(options);
  const spool = new Spool({
    directory: options.spool_directory,
    publisher: options.publisher,
    clock,
    on_event: tell,
    ...(options.connected === undefined ? {} : { connected: options.connected }),
    ...(options.spool_size_max_bytes === undefined ? {} : { size_max_bytes: options.spool_size_max_bytes }),
    ...(options.spool_after_ms === undefined ? {} : { spool_after_ms: options.spool_after_ms }),
  });
  const messages = new MessageMaker({
    boot_epoch: clock.now(),
    size_max_bytes: options.message_size_max_bytes ?? MESSAGE_BYTES_MAX,
  });
  const accessOf = accessFinder(options.access ?? [], clock);
  const set = new TargetSet();
  const running = new Map<string, Running>();
  const problems = new Map<string, string>();
  const count = {
    scrapes: 0,
    failures: 0,
    unreadable: 0,
    empty: 0,
    rows: 0,
    samples: 0,
    refusals: 0,
    bytes: 0,
    out: 0,
  };
  let stopping: Promise<void> | null = null;

  const loop = new ScrapeLoop({
    clock,
    interval_ms,
    seed: options.seed ?? 1,
    concurrency_max: options.concurrency_max ?? 2048,
    failing_max: options.failing_concurrency_max ?? 256,
    run: scrapeOnce,
  });

  async function scrapeOnce(key: string): Promise<boolean> {
    const one = running.get(key);
    if (one === undefined) return true;
    const ts = clock.now();
    const outcome = await one.scraper.fetch();
    if (stopping !== null || running.get(key) !== one) return true;
    if (!outcome.ok) {
      count.failures++;
      if (one.failures++ === 0) one.since = ts;
      const { code, detail } = outcome;
      tell({ kind: 'target_failed', target: key, code, detail, since: one.since, failures: one.failures });
      return false;
    }
    if (one.failures > 0) {
      tell({ kind: 'target_recovered', target: key, since: one.since, failures: one.failures });
      one.failures = 0;
    }
    count.bytes += outcome.body.length;
    // Nobody waits here for NATS: the spool takes everything at once, and the place is free for the next target.
    void Promise.all(publishBody(one, outcome.body, ts)).then((safeties) => {
      if (!safeties.includes('dropped')) count.scrapes++;
    });
    return true;
  }

  function publishBody(one: Running, body: Uint8Array, ts: number): Promise<Safety>[] {
    const fallback_node = one.target.node;
    let encoded: OutgoingMessage[];
    try {
      const scrapes = one.parser.parse(body, { fallback_node, ts });
      encoded = scrapes.flatMap((scrape) => messages.ofScrape(scrape));
      if (scrapes.every((scrape) => scrape.gpus.length === 0)) count.empty++;
      for (const scrape of scrapes) tally(scrape);
    } catch {
      count.unreadable++;
      encoded = [messages.ofText(fallback_node, ts, body)];
    }
    return encoded.map(send);
  }

  function tally(scrape: Scrape): void {
    count.rows += scrape.gpus.length;
    count.refusals += scrape.refusals.length;
    for (const { values } of scrape.gpus) {
      for (let m = 0; m < values.length; m++) if (!Number.isNaN(values[m])) count.samples++;
    }
  }

  function send(message: OutgoingMessage): Promise<Safety> {
    count.out += message.data.length;
    return spool.push(message);
  }

  function take(source: string, targets: readonly Target[]): void {
    if (stopping !== null) return;
    const { added, removed, changed } = set.update(source, targets);
    for (const target of removed) {
      loop.remove(target.key);
      running.get(target.key)?.scraper.close();
      running.delete(target.key);
    }
    for (const target of changed) {
      const one = running.get(target.key);
      if (one !== undefined) one.target = target;
    }
    for (const target of added) {
      const scraper = new Scraper({
        target,
        access: accessOf(target),
        timeout_ms,
        size_max_bytes: options.scrape_size_max_bytes ?? SCRAPE_BYTES_MAX,
        keep_alive_ms: interval_ms * 6,
      });
      running.set(target.key, { target, scraper, parser: options.create_parser(), failures: 0, since: 0 });
      loop.add(target.key);
    }
    if (added.length + removed.length + changed.length === 0) return;
    const detail = `${set.size} targets: ${added.length} new, ${removed.length} gone, ${changed.length} renamed`;
    tell({ kind: 'targets_changed', code: null, where: source, detail });
  }

  function judge(where: string, detail: string | null): void {
    if ((problems.get(where) ?? null) === detail) return;
    if (detail === null) {
      problems.delete(where);
      tell({ kind: 'targets_mended', code: null, where, detail: `${where} is readable again` });
    } else {
      problems.set(where, detail);
      tell({ kind: 'targets_refused', code: 'GV-COL-005', where, detail: `${where}: ${detail}` });
    }
  }

  const refresh = options.targets_refresh_ms === undefined ? {} : { refresh_ms: options.targets_refresh_ms };
  const sources: TargetSource[] = [];
  take('targets', fixed);
  if (options.targets_url !== undefined) {
    const on_targets = (targets: Target[]): void => take('targets-url', targets);
    const token = options.targets_url_bearer_token;
    const bearer = token === undefined ? {} : { bearer_token: token };
    sources.push(pollTargetUrl({ url: options.targets_url, on_targets, on_problem: judge, ...refresh, ...bearer }));
  }
  if (options.targets_files !== undefined && options.targets_files.length > 0) {
    const on_targets = (targets: Target[]): void => take('targets-file', targets);
    sources.push(watchTargetFiles({ patterns: options.targets_files, on_targets, on_problem: judge, ...refresh }));
  }

  async function stop(drain_ms: number): Promise<void> {
    loop.stop();
    for (const source of sources) source.stop();
    for (const one of running.values()) one.scraper.close();
    await spool.close({ timeout_ms: drain_ms });
  }

  return {
    ready: Promise.all(sources.map((source) => source.ready)).then(() => {}),
    get counters() {
      let targets_failing = 0;
      for (const one of running.values()) if (one.failures > 0) targets_failing++;
      const { out, ...counted } = count;
      return {
        targets: running.size,
        targets_failing,
        ...counted,
        message_bytes: out,
        ...loop.counters,
        ...spool.counters,
      };
    },
    publishScrape: async (scrape) => {
      const encoded = messages.ofScrape(scrape);
      tally(scrape);
      const safeties = await Promise.all(encoded.map(send));
      return safeties.includes('dropped') ? 'dropped' : safeties.includes('spooled') ? 'spooled' : 'stored';
    },
    pressure: () => spool.pressure(),
    stop(stop_options) {
      stopping ??= stop(stop_options?.drain_ms ?? DRAIN_MS);
      return stopping;
    },
  };
}
