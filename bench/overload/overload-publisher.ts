import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { StreamPublisher } from '../../pipeline/contract/bus.ts';
import { encodeScrape } from '../../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../../pipeline/contract/ids.ts';
import type { Scrape, XidReport } from '../../pipeline/contract/scrape.ts';
import { readHeader } from '../../pipeline/contract/wire.ts';
import {
  CHAIN_VALUES,
  type ChainFleet,
  GPUS_PER_NODE,
  nodeName,
  nodesOf,
  readingMover,
  usualReadings,
  usualScrape,
} from '../chain-fleet.ts';
import { answerCalls } from '../live/child-calls.ts';

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
const SEQUENCE_AT = 12;
const TIME_AT = 16;
const ALARM_EVERY_MS = 1_000;
/** Critical at once. */
const DOUBLE_BIT_ERROR: XidReport = { xid: 48, kind: 'event', count: 1 };
const SLICE = 64;

let fleet: ChainFleet;
let publisher: StreamPublisher;
let bulk: readonly ReturnType<typeof prepared>[] = [];
let move: ReturnType<typeof readingMover>;
let epoch = 0;
let sent = 0;
let stored = 0;
let worked_off = 0;
let refused: unknown = null;
let alarms_told = 0;

answerCalls({
  async start(order: { nats_url: string; gpus: number; seed: number }) {
    const bus = await connectBus({ servers: order.nats_url, name: 'overload publisher', clock: systemClock });
    publisher = bus.publisher();
    epoch = systemClock.now();
    fleet = { gpus: order.gpus, seed: order.seed, interval_ms: 10_000, start_ms: epoch };
    move = readingMover(fleet);
    bulk = Array.from({ length: nodesOf(fleet) }, (_, node) => prepared(node));
    return { alarm_nodes: Array.from({ length: ALARM_NODES }, (_, i) => nodeName(bulk.length + i)) };
  },
  publish,
  /** So many messages the engine has worked off. */
  worked_off(messages: number) {
    worked_off = messages;
  },
  figures: () => ({ sent, stored }),
});

function prepared(node: number) {
  const data = Buffer.from(encodeScrape(usualScrape(fleet, node, epoch)));
  return {
    name: nodeName(node),
    subject: rawSubject(nodeName(node)),
    data,
    values: readHeader(data).values_at,
    usual: usualReadings(fleet, node),
    sequence: 0,
    ts: 0,
  };
}

function send(subject: string, name: string, sequence: number, ts: number, data: Uint8Array): void {
  const headers = {
    'Content-Type': 'application/vnd.gpu-vitals.scrape',
    'Nats-Msg-Id': `${name}:${epoch}:${sequence}`,
    'Event-Time': String(ts),
  };
  sent++;
  publisher.publish({ subject, data, headers }).then(
    () => stored++,
    (error: unknown) => {
      refused ??= error;
    },
  );
}

function sendNext(): void {
  const node = bulk[sent % bulk.length] as (typeof bulk)[number];
  // Memory of its own: the one before may still be on its way.
  const data = Buffer.from(node.data);
  const view = new DataView(data.buffer, data.byteOffset);
  const aligned = new Float64Array(CHAIN_VALUES);
  const bytes = new Uint8Array(aligned.buffer);
  bytes.set(data.subarray(node.values, node.values + bytes.length));
  move(aligned, node.usual);
  data.set(bytes, node.values);
  node.data.set(bytes, node.values);
  node.sequence++;
  node.ts = Math.max(node.ts + 1, systemClock.now());
  view.setUint32(SEQUENCE_AT, node.sequence, true);
  view.setFloat64(TIME_AT, node.ts, true);
  send(node.subject, node.name, node.sequence, node.ts, data);
}

/** The next GPU fails. What is there when a GPU is seen first has not just happened, so all are well at first. */
function sendAlarm(): Alarm {
  if (alarms_told === 0) for (let i = 0; i < ALARM_NODES; i++) sendScrape(bulk.length + i, 1, null);
  const turn = alarms_told++;
  const slot = Math.floor(turn / ALARM_NODES) % GPUS_PER_NODE;
  return sendScrape(bulk.length + (turn % ALARM_NODES), turn + 2, slot);
}

/** One scrape of a node, with a double-bit error of one of its GPUs. */
function sendScrape(index: number, sequence: number, failing: number | null): Alarm {
  const ts = systemClock.now();
  const usual: Scrape = usualScrape(fleet, index, epoch);
  const gpus = usual.gpus.map((gpu, i) => ({ ...gpu, ts, xids: i === failing ? [DOUBLE_BIT_ERROR] : [] }));
  send(
    rawSubject(usual.node),
    usual.node,
    sequence,
    ts,
    Buffer.from(encodeScrape({ ...usual, ts, boot_epoch: epoch, sequence, gpus })),
  );
  return { gpu_uuid: gpus[failing ?? 0]?.uuid ?? '', node: usual.node, ts };
}

async function publish(pace: PublishPace): Promise<Published> {
  const started = systemClock.monotonic();
  const before = sent;
  const alarms: Alarm[] = [];
  for (;;) {
    const elapsed_ms = systemClock.monotonic() - started;
    if (elapsed_ms >= pace.seconds * 1_000 || refused !== null) break;
    if (alarms.length * ALARM_EVERY_MS <= elapsed_ms) alarms.push(sendAlarm());
    const allowed =
      pace.rows_per_s === null
        ? pace.window - (sent - worked_off)
        : Math.ceil(((elapsed_ms / 1_000) * pace.rows_per_s) / GPUS_PER_NODE) - (sent - before);
    if (allowed <= 0) {
      await sleep(1);
      continue;
    }
    for (let i = 0; i < Math.min(SLICE, allowed); i++) sendNext();
    const full = publisher.pressure();
    if (full !== null) await full;
    else await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (systemClock.monotonic() - started) / 1_000;
  while (stored < sent && refused === null) await sleep(1);
  if (refused !== null) throw refused;
  return { messages: sent - before, seconds, alarms };
}
