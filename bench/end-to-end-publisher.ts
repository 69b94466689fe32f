import { workerData } from 'node:worker_threads';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { systemClock } from '../pipeline/clock.ts';
import { encodeScrape } from '../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../pipeline/contract/ids.ts';
import { readHeader } from '../pipeline/contract/wire.ts';
import { chainBoard } from './chain-board.ts';
import {
  CHAIN_VALUES,
  type ChainFleet,
  nodeName,
  nodesOf,
  readingMover,
  scrapeTime,
  usualReadings,
  usualScrape,
} from './chain-fleet.ts';
import { NODES_IN_FLIGHT, type PublishOrder, publishLoop } from './chain-publishing.ts';
import { serveCalls } from './chain-thread.ts';

/**
 * Thread: publishes what the collector would, through the collector's publisher and with its headers. The scrapes are
 * encoded once; sequence, time and the moving readings are written into the bytes.
 */
const { nats_url, fleet, shared } = workerData as { nats_url: string; fleet: ChainFleet; shared: SharedArrayBuffer };

const SEQUENCE_AT = 12;
const TIME_AT = 16;

const bus = await connectBus({ servers: nats_url, name: 'bench publisher', clock: systemClock });
const publisher = bus.publisher();
const board = chainBoard(shared);
const move = readingMover(fleet);
const nodes = nodesOf(fleet);
const epoch = systemClock.now();
const messages = Array.from({ length: nodes }, (_, node) => {
  const data = encodeScrape(usualScrape(fleet, node, epoch));
  const name = nodeName(node);
  return {
    name,
    subject: rawSubject(name),
    data,
    view: new DataView(data.buffer, data.byteOffset),
    values: new Float64Array(data.buffer, data.byteOffset + readHeader(data).values_at, CHAIN_VALUES),
    usual: usualReadings(fleet, node),
  };
});

/** A message's bytes may be written again only when the server has them; a small fleet comes round too soon. */
const inPlace = nodes > NODES_IN_FLIGHT;

let sent = 0;
let stored = 0;
let refused: unknown = null;
let settled: (() => void) | null = null;
const onStored = (): void => {
  stored++;
  if (stored === sent) settled?.();
};
const onRefused = (error: unknown): void => {
  refused ??= error;
  onStored();
};
serveCalls({
  async publish(order: PublishOrder) {
    const report = await publishLoop(order, board, systemClock, {
      send() {
        const node = sent % nodes;
        const round = (sent - node) / nodes;
        const { name, subject, data, view, values, usual } = messages[node] as (typeof messages)[number];
        const ts = scrapeTime(fleet, round, node);
        view.setUint32(SEQUENCE_AT, round + 1, true);
        view.setFloat64(TIME_AT, ts, true);
        move(values, usual);
        const headers = {
          'Content-Type': 'application/vnd.gpu-vitals.scrape',
          'Nats-Msg-Id': `${name}:${epoch}:${round + 1}`,
          'Event-Time': String(ts),
        };
        sent++;
        publisher.publish({ subject, data: inPlace ? data : data.slice(), headers }).then(onStored, onRefused);
      },
      room: () => publisher.pressure(),
      settled: () =>
        stored === sent
          ? Promise.resolve()
          : new Promise((resolve) => {
              settled = resolve;
            }),
    });
    if (refused !== null) throw refused;
    return report;
  },
  async close() {
    await publisher.close();
    await bus.close();
  },
});
