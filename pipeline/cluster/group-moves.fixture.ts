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
  /** Ends after the round that is under way; throws what kept a message from being stored before. */
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
  let failed: unknown = null;
  const feeding = (async () => {
    for (let round = 0; !stopped; round++) {
      const ts = start_ms + round * INTERVAL;
      for (const node of nodes.values()) {
        const scrape = fleet.scrape(node, ts);
        if (scrape === null) continue;
        const headers = { 'Content-Type': 'application/vnd.gpu-vitals.scrape', 'Event-Time': String(ts) };
        publisher
          .publish({ subject: rawSubject(node), data: Buffer.from(encodeScrape(scrape)), headers })
          .catch((error: unknown) => {
            // What was not stored when it was told to stop nobody waits for.
            if (!stopped) failed ??= error;
          });
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
      if (failed !== null) throw failed;
    },
  };
}

export interface GroupMove {
  /** From the last word of the one about messages to the first of the other, by the server's clock. Groups that get few wait for one. */
  readonly gap_ms: number;
  /** From when the message was stored that waited longest to when its group told of it. */
  readonly late_ms: number;
}

/** How long each group was without an owner that goes on, of the moves since positions in PICKED and DCGM_RAW. */
export async function groupMoves(
  bus: Bus,
  since: { readonly picked: number; readonly raw: number },
): Promise<GroupMove[]> {
  const stored: { readonly position: number; readonly group: number; readonly at: number }[] = [];
  for await (const { subject, position, arrived_at } of storedMessages(bus, 'DCGM_RAW', {
    ...{ subject: 'dcgm.raw.>', from: since.raw, headers_only: true },
  })) {
    stored.push({ position, group: Number(subject.split('.')[2]), at: arrived_at });
  }
  const last = new Map<number, { readonly epoch: number; readonly at: number }>();
  const gaps = new Map<number, number>();
  const late = new Map<number, number>();
  for await (const message of storedMessages(bus, PICKED_STREAM, { subject: 'vitals.picked.>', from: 1 })) {
    const part = decodePart(message.data);
    // A new owner's first word tells of no message.
    if (part === null || part.to === part.from) continue;
    const { group, epoch, from, to } = part;
    const before = last.get(group);
    last.set(group, { epoch, at: message.arrived_at });
    if (message.position <= since.picked) continue;
    for (const one of stored) {
      if (one.group !== group || one.position <= from || one.position > to) continue;
      late.set(group, Math.max(late.get(group) ?? 0, message.arrived_at - one.at));
    }
    if (before !== undefined && before.epoch < epoch) {
      gaps.set(group, Math.max(gaps.get(group) ?? 0, message.arrived_at - before.at));
    }
  }
  return [...gaps].map(([group, gap_ms]) => ({ gap_ms, late_ms: late.get(group) ?? 0 }));
}
