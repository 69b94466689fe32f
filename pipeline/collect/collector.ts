import type { OutgoingMessage } from '../contract/bus.ts';
import type { ErrorCode } from '../contract/error-catalogue.ts';
import type { Scrape } from '../contract/scrape.ts';
import { type OpenSpan, TRACE_HEADER } from '../contract/tracing.ts';
import { BarePages } from './bare-pages.ts';
import { type CollectorEvent, paceEvent } from './collector-events.ts';
import { MessageMaker } from './collector-messages.ts';
import type { CollectorCounters, CollectorOptions } from './collector-options.ts';
import { underGivenNode } from './given-node.ts';
import { ScrapeTally } from './scrape-tally.ts';
import { Scraper } from './scraper.ts';
import { accessFinder } from './scraper-access.ts';
import { ScrapeLoop } from './scraper-loop.ts';
import { Spool } from './spool.ts';
import type { Safety } from './spool-sender.ts';
import { followTargets } from './target-sources.ts';
import type { Target } from './targets.ts';
import { parseTargets } from './targets-dns.ts';
import { type TargetChange, TargetSet } from './targets-set.ts';

export interface Collector {
  /** Settles when every source of targets was asked once. */
  readonly ready: Promise<void>;
  readonly counters: CollectorCounters;
  /**
   * Sends a scrape of another producer (history, imports, remote write) the same way; its epoch and sequence are set here.
   * Resolves when it is safe. A producer that can wait asks `pressure` first; one that may send the same scrape again, also
   * after a restart, gives it an `id`.
   */
  publishScrape(scrape: Scrape, id?: string): Promise<Safety>;
  /** Null while there is room, else resolves when there is. */
  pressure(): Promise<void> | null;
  /** Stops scraping, waits up to `drain_ms` (default 3 s) for acks, puts the rest onto disk. The publisher stays open. */
  stop(options?: { readonly drain_ms?: number }): Promise<void>;
}

interface Running {
  target: Target;
  readonly scraper: Scraper;
  readonly pages: BarePages;
  failures: number;
  since: number;
  scraping: boolean;
  /** `handed`: what is being fetched still counts, and is the last. */
  state: 'ours' | 'handed' | 'dropped';
}

const INTERVAL_MS = 10_000;
const TIMEOUT_MAX_MS = 10_000;
const SCRAPE_BYTES_MAX = 16 * 1024 * 1024;
const MESSAGE_BYTES_MAX = 960 * 1024;
const DRAIN_MS = 3_000;
/** Answers that are under way when it stops are still taken for so long: on a machine that is full they lie there for a second and more. */
const LAST_ANSWERS_MS = 2_000;

/**
 * Scrapes dcgm-exporters and publishes what they say to `dcgm.raw...`, one message per node and scrape, through a spool.
 * Throws VitalsError GV-COL-005 when `targets` or `targets_url` is wrong; everything later is an event.
 */
export function startCollector(options: CollectorOptions): Collector {
  const { clock, spans = null, share = null } = options;
  const interval_ms = options.interval_ms ?? INTERVAL_MS;
  const timeout_ms = options.timeout_ms ?? Math.min(interval_ms, TIMEOUT_MAX_MS);
  const { fixed, names } = parseTargets(options.targets ?? '');
  const allow_link_local = options.allow_link_local === true;
  const tell = (event: CollectorEvent): void => options.on_event?.(event);
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
  const set = new TargetSet((key) => share === null || share.owns(key));
  const mayScrape = (): boolean => share === null || share.allowed();
  const running = new Map<string, Running>();
  const problems = new Map<string, string>();
  const count = {
    scrapes: 0,
    failures: 0,
    unreadable: 0,
    empty: 0,
    bytes: 0,
    out: 0,
  };
  const tally = new ScrapeTally();
  let stopping: Promise<void> | null = null;
  let ended = false;

  const loop = new ScrapeLoop({
    clock,
    interval_ms,
    seed: options.seed ?? 1,
    concurrency_max: options.concurrency_max ?? 2048,
    failing_max: options.failing_concurrency_max ?? 256,
    run: scrapeOnce,
    on_slow: (target, slow) => tell(paceEvent(target, slow)),
  });

  async function scrapeOnce(key: string): Promise<boolean> {
    const one = running.get(key);
    if (one === undefined || !mayScrape()) return true;
    const ts = clock.now();
    const span = spans?.begin('scrape', { kind: 'client', attributes: { 'server.address': key } }) ?? null;
    one.scraping = true;
    const outcome = await one.scraper.fetch();
    one.scraping = false;
    if (one.state === 'handed') one.scraper.close();
    // Who was paused during the scrape may have lost the target meanwhile.
    if (ended || one.state === 'dropped' || !mayScrape()) return true;
    if (one.state === 'handed' && !outcome.ok) return true;
    if (!outcome.ok) {
      span?.end({ failure: outcome.code });
      count.failures++;
      if (one.failures++ === 0) one.since = ts;
      const { code, detail } = outcome;
      tell({ kind: 'target_failed', target: key, code, detail, since: one.since, failures: one.failures });
      for (const message of unanswered(one, code, ts)) void send(message);
      return false;
    }
    if (one.failures > 0) {
      tell({ kind: 'target_recovered', target: key, since: one.since, failures: one.failures });
      one.failures = 0;
    }
    count.bytes += outcome.body.length;
    // Nobody waits here for NATS: the spool takes everything at once, and the place is free for the next target.
    void Promise.all(publishBody(one, outcome.body, ts, span)).then((safeties) => {
      if (!safeties.includes('dropped')) count.scrapes++;
    });
    span?.end({ attributes: { 'http.response.body.size': outcome.body.length } });
    return true;
  }

  function publishBody(one: Running, body: Uint8Array, ts: number, above: OpenSpan | null): Promise<Safety>[] {
    const fallback_node = one.target.node;
    let encoded: OutgoingMessage[];
    try {
      const scrapes = underGivenNode(one.pages.parse(body, { fallback_node, ts }), one.target);
      encoded = scrapes.flatMap((scrape) => messages.ofScrape(scrape));
      if (scrapes.every((scrape) => scrape.gpus.length === 0)) count.empty++;
      for (const scrape of scrapes) tally.add(scrape);
    } catch {
      count.unreadable++;
      encoded = [messages.ofText(fallback_node, ts, body), ...unanswered(one, 'GV-PRS-001', ts)];
    }
    return encoded.map((message) => (above === null ? send(message) : sendTraced(message, above.traceparent)));
  }

  /** So that a node can be told as silent when nobody else goes on. */
  const unanswered = ({ pages, target }: Running, code: ErrorCode, ts: number): OutgoingMessage[] =>
    underGivenNode(pages.unanswered(code, ts, target.node_given ? [target.node] : []), target).flatMap((scrape) =>
      messages.ofScrape(scrape),
    );

  function send(message: OutgoingMessage): Promise<Safety> {
    count.out += message.data.length;
    return spool.push(message);
  }

  /** With a span until the message is safe, which the message names as the one above whatever becomes of it. */
  function sendTraced(message: OutgoingMessage, parent?: string): Promise<Safety> {
    const { subject, data, headers } = message;
    const span = spans?.begin('publish', {
      kind: 'producer',
      ...(parent === undefined ? {} : { parent }),
      attributes: {
        'messaging.system': 'nats',
        'messaging.operation.type': 'send',
        'messaging.destination.name': subject,
        'messaging.message.body.size': data.length,
      },
    });
    if (!span) return send(message);
    const sent = send({ subject, data, headers: { ...headers, [TRACE_HEADER]: span.traceparent } });
    void sent.then((safety) => span.end({ attributes: { 'gpu_vitals.safety': safety } }));
    return sent;
  }

  function take(source: string, targets: readonly Target[]): void {
    if (stopping !== null) return;
    apply(source, set.update(source, targets));
  }

  function end({ key }: Target, state: 'handed' | 'dropped'): void {
    loop.remove(key);
    const one = running.get(key);
    running.delete(key);
    if (one === undefined) return;
    one.state = state;
    if (state === 'dropped' || !one.scraping) one.scraper.close();
    if (one.failures === 0) return;
    const why = state === 'handed' ? 'is scraped by another collector' : 'is on no list any more';
    tell({
      kind: 'target_dropped',
      target: key,
      code: null,
      detail: `target ${key} ${why}, after ${one.failures} failures`,
    });
  }

  function apply(source: string, { added, removed, handed, changed }: TargetChange): void {
    for (const target of removed) end(target, 'dropped');
    for (const target of handed) end(target, 'handed');
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
        allow_link_local,
      });
      const pages = new BarePages(options.create_parser(), (scrape) => tally.add(scrape));
      running.set(target.key, { target, scraper, pages, failures: 0, since: 0, scraping: false, state: 'ours' });
      loop.add(target.key);
    }
    if (added.length + removed.length + handed.length + changed.length === 0) return;
    const over = share === null ? '' : `, ${handed.length} handed over`;
    const detail = `${set.size} targets: ${added.length} new, ${removed.length} gone, ${changed.length} renamed${over}`;
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

  take('targets', fixed);
  share?.onChange(() => {
    if (stopping === null) apply('collector-cluster', set.refresh());
  });
  const sources = followTargets(options, names, { take, judge });

  async function stop(drain_ms: number): Promise<void> {
    const answered = loop.stop(LAST_ANSWERS_MS);
    for (const source of sources) source.stop();
    await answered;
    ended = true;
    for (const one of running.values()) one.scraper.close();
    await Promise.all([spool.close({ timeout_ms: drain_ms }), share?.end()]);
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
        ...tally,
        message_bytes: out,
        ...loop.counters,
        ...spool.counters,
      };
    },
    publishScrape: async (scrape, id) => {
      const encoded = messages.ofScrape(scrape, id);
      tally.add(scrape);
      const safeties = await Promise.all(encoded.map((message) => sendTraced(message)));
      return safeties.includes('dropped') ? 'dropped' : safeties.includes('spooled') ? 'spooled' : 'stored';
    },
    pressure: () => spool.pressure(),
    stop(stop_options) {
      stopping ??= stop(stop_options?.drain_ms ?? DRAIN_MS);
      return stopping;
    },
  };
}
