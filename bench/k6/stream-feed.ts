import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { systemClock } from '../../pipeline/clock.ts';
import { type ChainFleet, nodesOf } from '../chain-fleet.ts';
import { answerCalls } from '../live/child-calls.ts';
import { sharedInstant } from '../live/shared-instant.ts';
import { ScrapeSender } from '../scrape-sender.ts';
import type { PublishedScrape } from './push-latency.ts';

/** Process: a fleet's scrapes as its collectors publish them, first those of a past, then as time passes. */
export interface FeedOrder {
  readonly nats_url: string;
  readonly gpus: number;
  readonly seed: number;
  /** Event time between two scrapes of a node, in the past and from now on. */
  readonly past_interval_ms: number;
  readonly interval_ms: number;
  readonly past_ms: number;
}

const SLICE = 64;
/** Of each node, when its last scrapes were published: those of ten minutes. */
const REMEMBERED = 60;
const published = new Map<string, PublishedScrape[]>();

answerCalls({
  /** Ends when the past is stored; what comes after it goes on. Tells how many messages the past was. */
  async feed(order: FeedOrder): Promise<number> {
    const bus = await connectBus({ servers: order.nats_url, name: 'k6 feed', clock: systemClock });
    const publisher = bus.publisher();
    const start_ms = systemClock.now() - order.past_ms;
    const fleet: ChainFleet = { ...order, start_ms };
    const nodes = nodesOf(fleet);
    let event_ms: number | null = start_ms;
    const sender = new ScrapeSender(publisher, fleet, () => event_ms ?? systemClock.now());
    const breathe = async (): Promise<void> => {
      if (sender.refused !== null) throw sender.refused;
      const full = publisher.pressure();
      if (full !== null) await full;
      else await new Promise((resolve) => setImmediate(resolve));
    };
    while (event_ms < systemClock.now()) {
      for (let i = 0; i < SLICE; i++) {
        sender.sendNext();
        event_ms += order.past_interval_ms / nodes;
      }
      await breathe();
    }
    event_ms = null;
    while (sender.stored < sender.sent && sender.refused === null) await sleep(5);
    if (sender.refused !== null) throw sender.refused;
    const past = sender.sent;
    sender.onSend = (node, ts) => {
      const last = published.get(node) ?? [];
      published.set(node, last);
      if (last.push({ node, ts, published_ms: sharedInstant() }) > REMEMBERED) last.shift();
    };
    void goOn(sender, nodes / order.interval_ms, breathe);
    return past;
  },
  published: (nodes: readonly string[]): PublishedScrape[] => nodes.flatMap((node) => published.get(node) ?? []),
});

async function goOn(sender: ScrapeSender, messages_per_ms: number, breathe: () => Promise<void>): Promise<never> {
  const [began, before] = [systemClock.monotonic(), sender.sent];
  for (;;) {
    const due = Math.floor((systemClock.monotonic() - began) * messages_per_ms) - (sender.sent - before);
    for (let i = 0; i < due; i++) sender.sendNext();
    await breathe();
    await sleep(2);
  }
}
