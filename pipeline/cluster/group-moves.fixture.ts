import { createFleet } from '../../bench/fleet/fleet.ts';
import { PICKED_STREAM } from '../bus/ensure-streams.ts';
import { storedMessages } from '../bus/stored-messages.ts';
import type { Bus } from '../contract/bus.ts';
import { encodeScrape } from '../contract/encode-scrape.ts';
import { GROUPS, groupOf, rawSubject } from '../contract/ids.ts';
import { hours, seconds } from '../contract/time.ts';
import { decodePart } from './picked-parts.ts';

const INTERVAL = seconds(10);
const GPUS = 4_096;

export interface SteadyFeed {
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

/** Publishes a scrape of eight GPUs for every group, again and again; their event time runs faster. */
export function feedSteadily(bus: Bus, every_ms: number, now: number): SteadyFeed {
  const start_ms = Math.floor(now / hours(1)) * hours(1) - hours(12);
  const fleet = createFleet({ gpus: GPUS, seed: 3, start_ms, interval_ms: INTERVAL, stories: 'none' });
  const nodes = new Map(fleet.node_names.map((node) => [groupOf(node), node]));
  if (nodes.size < GROUPS) throw new Error(`the fleet has nodes in ${nodes.size} groups only`);
  const publisher = bus.publisher();
  let stopped = false;
  const feeding = (async () => {
    for (let round = 0; !stopped; round++) {
      const ts = start_ms + round * INTERVAL;
      for (const node of nodes.values()) {
        const scrape = fleet.scrape(node, ts);
        if (scrape === null) continue;
        const headers = { 'Content-Type': 'application/vnd.gpu-vitals.scrape', 'Event-Time': String(ts) };
        void publisher.publish({ subject: rawSubject(node), data: Buffer.from(encodeScrape(scrape)), headers });
      }
      await publisher.pressure();
      await new Promise((resolve) => setTimeout(resolve, every_ms));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await feeding;
      await publisher.close();
    },
  };
}

/**
 * How long each group was without an owner that goes on, of the moves since a position in PICKED: from the last word of the one about
 * messages to the first of the other, by the server's clock, ms.
 */
export async function groupMoves(bus: Bus, since: number): Promise<number[]> {
  const last = new Map<number, { readonly epoch: number; readonly at: number }>();
  const moves: number[] = [];
  for await (const message of storedMessages(bus, PICKED_STREAM, { subject: 'vitals.picked.>', from: 1 })) {
    const part = decodePart(message.data);
    // A new owner's first word tells of no message.
    if (part === null || part.to === part.from) continue;
    const before = last.get(part.group);
    if (before !== undefined && before.epoch < part.epoch && message.position > since) {
      moves.push(message.arrived_at - before.at);
    }
    last.set(part.group, { epoch: part.epoch, at: message.arrived_at });
  }
  return moves.sort((a, b) => a - b);
}
