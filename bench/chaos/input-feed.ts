import { systemClock } from '../../pipeline/clock.ts';
import { ExpositionParser } from '../../pipeline/collect/exposition-parser.ts';
import type { Bus, BusSubscription, OutgoingMessage } from '../../pipeline/contract/bus.ts';
import { encodeScrape } from '../../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../../pipeline/contract/ids.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import { decodeScrape } from '../../pipeline/contract/wire.ts';
import type { ChaosInput, InputPage } from './chaos-input.ts';
import { type ScriptedExporter, scriptedExporter } from './scripted-exporter.ts';

export interface InputFeedOptions {
  readonly input: ChaosInput;
  /** A connection of our own, which nothing disturbs but the end of the server. */
  readonly bus: Bus;
  /** How often the collector was started so far. */
  readonly collectorLife: () => number;
  /** What people do before a tick; null when nothing. */
  readonly people: (tick: number) => (() => Promise<void>) | null;
}

export interface InputFeed {
  readonly exporter: ScriptedExporter;
  /** Scrapes that broke off with a process or a connection, as they may, and that were told again for it. */
  readonly broken_off: () => number;
  /** What is wrong with the stream: a scrape that is lost, doubled or in another place. */
  readonly problems: readonly string[];
  /** Everything that was told lies in the stream. */
  readonly complete: () => boolean;
  /** Where it stands, in words. */
  readonly state: () => string;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 20;
/** A collector reports once a second: what it reported before it was asked has come by then. */
const REPORT_SETTLES_MS = 1_300;
const PROBLEMS_MAX = 5;
const SCRAPE_TYPE = 'application/vnd.gpu-vitals.scrape';

/**
 * Serves the input to a collector, and watches that the stream gets each scrape once and in order. A scrape that breaks off
 * with its process or its connection is lost, as on any machine: such a one is put into its place from here, so that every run
 * has the same input. It is a problem when one is lost that the collector had taken before.
 */
export async function feedInput(options: InputFeedOptions): Promise<InputFeed> {
  const { input, bus } = options;
  const expected = input.ticks.flatMap(({ ts, pages }) => pages.map((page) => ({ ts, ...page })));
  const publisher = bus.publisher();
  const closing = new AbortController();
  const problems: string[] = [];
  let stored = 0;
  let position_read = 0;
  let broken_off = 0;
  let doing = 'nothing is waited for';
  let report = { at: 0, holds: 0 };

  const problem = (text: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(text);
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition() && !closing.signal.aborted) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  };

  const publish = async (message: OutgoingMessage): Promise<void> => {
    if (closing.signal.aborted) return;
    await publisher.publish(message).catch((error: unknown) => problem(`${message.subject}: ${String(error)}`));
  };

  const reports: BusSubscription = bus.subscribe('vitals.metrics.collector', ({ data }) => {
    const figures = JSON.parse(Buffer.from(data).toString()) as Record<string, number>;
    const { spooled_messages = 0, pending_messages = 0, dropped_messages = 0 } = figures;
    if (dropped_messages > 0) problem(`the collector dropped ${dropped_messages} messages`);
    report = { at: systemClock.monotonic(), holds: spooled_messages + pending_messages };
  });

  const follow = async (): Promise<void> => {
    for await (const batch of bus.read({ stream: 'DCGM_RAW', from: 1 }, closing.signal)) {
      for (const { content_type, data, position } of batch) {
        position_read = position;
        const scrape = content_type === SCRAPE_TYPE ? scrapeOf(data) : null;
        if (scrape === null || scrape.unanswered !== undefined) continue;
        const next = expected[stored];
        if (next?.ts === scrape.ts && next.node === scrape.node) {
          stored++;
          continue;
        }
        const wanted = next === undefined ? 'nothing' : `${next.node} at tick ${tickOf(next.ts)}`;
        problem(`position ${position} of DCGM_RAW holds ${scrape.node} at tick ${tickOf(scrape.ts)}, not ${wanted}`);
      }
    }
  };
  const tickOf = (ts: number): number => input.ticks.findIndex((tick) => tick.ts === ts);
  const following = follow().catch((error: unknown) => problem(`the stream cannot be read: ${String(error)}`));

  /** Resolves when a collector that is not killed meanwhile says that it holds nothing back. */
  const collectorIdle = async (): Promise<void> => {
    for (let life = -1; life !== options.collectorLife() && !closing.signal.aborted; ) {
      life = options.collectorLife();
      const began = systemClock.monotonic();
      await until(
        () => life !== options.collectorLife() || (report.at > began + REPORT_SETTLES_MS && report.holds === 0),
      );
    }
  };

  /** As soon as the server can tell. */
  const lastPosition = async (): Promise<number> => {
    for (;;) {
      try {
        return (await bus.streamState('DCGM_RAW')).last_position;
      } catch (error) {
        if (closing.signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    }
  };

  const unsure = async (pages: number, kept: number): Promise<void> => {
    if (stored >= pages) return;
    doing = `looking for ${pages} scrapes`;
    let idle = false;
    void collectorIdle().then(() => {
      idle = true;
    });
    await until(() => stored >= pages || idle);
    doing = 'nothing is waited for';
    if (stored >= pages || closing.signal.aborted) return;
    doing = 'putting scrapes into their place';
    let last = Number.POSITIVE_INFINITY;
    void lastPosition().then((position) => {
      last = position;
    });
    await until(() => position_read >= last);
    if (stored < kept) {
      problem(`${kept - stored} scrapes are lost that the collector had long before its connection broke, of ${pages}`);
    }
    for (const page of expected.slice(stored, pages)) {
      await publish(scrapeMessage(page, broken_off));
      broken_off++;
    }
    await until(() => stored >= pages);
    doing = 'nothing is waited for';
  };

  const exporter = await scriptedExporter({
    ticks: input.ticks,
    unsure,
    before(tick) {
      const foreign = input.ticks[tick]?.foreign ?? [];
      const people = options.people(tick);
      if (foreign.length === 0 && people === null) return null;
      const pages = input.ticks.slice(0, tick).reduce((sum, one) => sum + one.pages.length, 0);
      return (async () => {
        await until(() => stored >= pages);
        for (const message of foreign) await publish(message);
        await people?.().catch((error: unknown) => problem(String(error)));
      })();
    },
  });
  return {
    exporter,
    broken_off: () => broken_off,
    problems,
    complete: () => stored >= expected.length,
    state: () =>
      `${stored} of ${expected.length} scrapes are stored, tick ${exporter.tick()} is told next, ${doing}; the collector holds ${report.holds}`,
    async close() {
      closing.abort();
      reports.unsubscribe();
      await exporter.close();
      await following;
      await publisher.close();
    },
  };
}

/** Null for bytes that are none: what other publishers say is not looked at. */
function scrapeOf(data: Uint8Array): Scrape | null {
  try {
    return decodeScrape(data);
  } catch {
    return null;
  }
}

function scrapeMessage(page: InputPage & { readonly ts: number }, number: number): OutgoingMessage {
  const context = { fallback_node: page.node, ts: page.ts };
  const [scrape] = new ExpositionParser().parse(Buffer.from(page.text), context);
  if (scrape === undefined) throw new Error(`the page of ${page.node} tells nothing`);
  return {
    subject: rawSubject(page.node),
    data: encodeScrape({ ...scrape, boot_epoch: 1, sequence: number }),
    headers: {
      'Content-Type': SCRAPE_TYPE,
      'Nats-Msg-Id': `broken off:${page.node}:${page.ts}`,
      'Event-Time': String(page.ts),
    },
  };
}
