import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { StreamPublisher } from '../../pipeline/contract/bus.ts';
import { encodeScrape } from '../../pipeline/contract/encode-scrape.ts';
import type { Scrape, XidReport } from '../../pipeline/contract/scrape.ts';
import { type ChainFleet, GPUS_PER_NODE, nodeName, usualScrape } from '../chain-fleet.ts';
import { answerCalls } from '../live/child-calls.ts';
import { ScrapeSender } from '../scrape-sender.ts';

/**
 * Process: publishes scrapes of now at a given pace, or as fast as the engine keeps up, with one scrape a second from nodes whose
 * GPUs fail one after the other.
 */
export interface PublishPace {
  readonly seconds: number;
  /** Null: as fast as `window` messages beyond what the engine has worked off allow. */
  readonly rows_per_s: number | null;
  readonly window: number;
}

/** A GPU that failed: which, and when its scrape was made and handed over, epoch ms. */
export interface Alarm {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly ts: number;
}

export interface Published {
  readonly messages: number;
  readonly seconds: number;
  readonly alarms: readonly Alarm[];
}

export const ALARM_NODES = 32;
const ALARM_EVERY_MS = 1_000;
/** Critical at once. */
const DOUBLE_BIT_ERROR: XidReport = { xid: 48, kind: 'event', count: 1 };
const SLICE = 64;

let fleet: ChainFleet;
let publisher: StreamPublisher;
let sender: ScrapeSender;
let worked_off = 0;
let alarms_told = 0;

answerCalls({
  async start(order: { nats_url: string; gpus: number; seed: number; atomic?: boolean }) {
    const bus = await connectBus({ servers: order.nats_url, name: 'overload publisher', clock: systemClock });
    publisher = bus.publisher({ atomic: order.atomic ?? false });
    fleet = { gpus: order.gpus, seed: order.seed, interval_ms: 10_000, start_ms: systemClock.now() };
    sender = new ScrapeSender(publisher, fleet);
    return { alarm_nodes: Array.from({ length: ALARM_NODES }, (_, i) => nodeName(sender.nodes + i)) };
  },
  publish,
  /** So many messages the engine has worked off. */
  worked_off(messages: number) {
    worked_off = messages;
  },
  figures: () => ({ sent: sender.sent, stored: sender.stored }),
});

/** The next GPU fails. What is there when a GPU is seen first has not just happened, so all are well at first. */
function sendAlarm(): Alarm {
  if (alarms_told === 0) for (let i = 0; i < ALARM_NODES; i++) sendScrape(sender.nodes + i, 1, null);
  const turn = alarms_told++;
  const slot = Math.floor(turn / ALARM_NODES) % GPUS_PER_NODE;
  return sendScrape(sender.nodes + (turn % ALARM_NODES), turn + 2, slot);
}

/** One scrape of a node, with a double-bit error of one of its GPUs. */
function sendScrape(index: number, sequence: number, failing: number | null): Alarm {
  const ts = systemClock.now();
  const usual: Scrape = usualScrape(fleet, index, sender.epoch);
  const gpus = usual.gpus.map((gpu, i) => ({ ...gpu, ts, xids: i === failing ? [DOUBLE_BIT_ERROR] : [] }));
  const data = Buffer.from(encodeScrape({ ...usual, ts, boot_epoch: sender.epoch, sequence, gpus }));
  sender.send(usual.node, sequence, ts, data);
  return { gpu_uuid: gpus[failing ?? 0]?.uuid ?? '', node: usual.node, ts };
}

async function publish(pace: PublishPace): Promise<Published> {
  const started = systemClock.monotonic();
  const before = sender.sent;
  const alarms: Alarm[] = [];
  for (;;) {
    const elapsed_ms = systemClock.monotonic() - started;
    if (elapsed_ms >= pace.seconds * 1_000 || sender.refused !== null) break;
    if (alarms.length * ALARM_EVERY_MS <= elapsed_ms) alarms.push(sendAlarm());
    const allowed =
      pace.rows_per_s === null
        ? pace.window - (sender.sent - worked_off)
        : Math.ceil(((elapsed_ms / 1_000) * pace.rows_per_s) / GPUS_PER_NODE) - (sender.sent - before);
    if (allowed <= 0) {
      await sleep(1);
      continue;
    }
    for (let i = 0; i < Math.min(SLICE, allowed); i++) sender.sendNext();
    const full = publisher.pressure();
    if (full !== null) await full;
    else await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (systemClock.monotonic() - started) / 1_000;
  while (sender.stored < sender.sent && sender.refused === null) await sleep(1);
  if (sender.refused !== null) throw sender.refused;
  return { messages: sender.sent - before, seconds, alarms };
}
