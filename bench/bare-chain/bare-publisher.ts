import { workerData } from 'node:worker_threads';
import { connect, createInbox } from '@nats-io/transport-node';
import { systemClock } from '../../pipeline/clock.ts';
import { chainBoard } from '../chain-board.ts';
import { type ChainFleet, nodeName, nodesOf, readingMover, scrapeTime, usualReadings } from '../chain-fleet.ts';
import { NODES_IN_FLIGHT, type PublishOrder, publishLoop } from '../chain-publishing.ts';
import { serveCalls } from '../chain-thread.ts';
import { BARE_BYTES, BARE_NODE_AT, BARE_TIME_AT, BARE_VALUES_AT } from './bare-message.ts';

/** Thread: publishes node after node with raw publishes, one inbox for all acks and a window of 1024. */
const { nats_url, fleet, shared } = workerData as { nats_url: string; fleet: ChainFleet; shared: SharedArrayBuffer };

const WINDOW = 1_024;
const ROOM_AGAIN = 768;
/** A refusal begins `{"error"`, an acknowledgement `{"stream"`. */
const LETTER_E = 0x65;

const connection = await connect({ servers: nats_url, name: 'bench bare publisher' });
const board = chainBoard(shared);
const move = readingMover(fleet);
const nodes = nodesOf(fleet);
const messages = Array.from({ length: nodes }, (_, node) => {
  const data = new Uint8Array(BARE_BYTES);
  const view = new DataView(data.buffer);
  view.setUint32(BARE_NODE_AT, node, true);
  const usual = usualReadings(fleet, node);
  const values = new Float64Array(data.buffer, BARE_VALUES_AT);
  values.set(usual);
  return { subject: `bench.bare.${nodeName(node)}`, data, view, values, usual };
});

const inPlace = nodes > NODES_IN_FLIGHT;
const inbox = createInbox();
let inflight = 0;
let refused = '';
let wake: { readonly until: number; readonly resolve: () => void } | null = null;
connection.subscribe(inbox, {
  callback(error, message) {
    inflight--;
    if (error) refused ||= error.message;
    else if (message.data[2] === LETTER_E || message.data.length === 0) refused ||= message.string() || 'no stream';
    if (wake !== null && inflight <= wake.until) {
      wake.resolve();
      wake = null;
    }
  },
});
const whenAtMost = (until: number): Promise<void> =>
  new Promise((resolve) => {
    wake = { until, resolve };
  });

let sent = 0;
const reply = { reply: inbox };
serveCalls({
  async publish(order: PublishOrder) {
    const report = await publishLoop(order, board, systemClock, {
      send() {
        const node = sent % nodes;
        const round = (sent - node) / nodes;
        const { subject, data, view, values, usual } = messages[node] as (typeof messages)[number];
        view.setUint32(4, round, true);
        view.setFloat64(BARE_TIME_AT, scrapeTime(fleet, round, node), true);
        move(values, usual);
        connection.publish(subject, inPlace ? data : data.slice(), reply);
        sent++;
        inflight++;
      },
      room: () => (inflight < WINDOW ? null : whenAtMost(ROOM_AGAIN)),
      settled: () => (inflight === 0 ? Promise.resolve() : whenAtMost(0)),
    });
    if (refused !== '') throw new Error(`the stream refused: ${refused}`);
    return report;
  },
  close: () => connection.close(),
});
