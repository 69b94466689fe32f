import { systemClock } from '../pipeline/clock.ts';
import type { StreamPublisher } from '../pipeline/contract/bus.ts';
import { encodeScrape } from '../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../pipeline/contract/ids.ts';
import { readHeader } from '../pipeline/contract/wire.ts';
import {
  CHAIN_VALUES,
  type ChainFleet,
  nodeName,
  nodesOf,
  readingMover,
  usualReadings,
  usualScrape,
} from './chain-fleet.ts';

const SEQUENCE_AT = 12;
const TIME_AT = 16;

/** Publishes a fleet's scrapes node by node, each made of the node's last one in place. */
export class ScrapeSender {
  sent = 0;
  /** Messages that the server has. */
  stored = 0;
  /** Why the first message was refused. */
  refused: unknown = null;
  readonly epoch: number;
  /** Told of every scrape just before it is published; nobody when null. */
  onSend: ((node: string, ts: number) => void) | null = null;
  private readonly bulk: readonly ReturnType<typeof prepared>[];
  private readonly move: ReturnType<typeof readingMover>;
  private readonly publisher: StreamPublisher;
  private readonly now: () => number;
  private turn = 0;

  constructor(publisher: StreamPublisher, fleet: ChainFleet, now: () => number = () => systemClock.now()) {
    this.publisher = publisher;
    this.now = now;
    this.epoch = fleet.start_ms;
    this.move = readingMover(fleet);
    this.bulk = Array.from({ length: nodesOf(fleet) }, (_, node) => prepared(fleet, node));
  }

  get nodes(): number {
    return this.bulk.length;
  }

  /** The next node's scrape, of now. */
  sendNext(): void {
    const node = this.bulk[this.turn++ % this.bulk.length] as (typeof this.bulk)[number];
    // Memory of its own: the one before may still be on its way.
    const data = Buffer.from(node.data);
    const view = new DataView(data.buffer, data.byteOffset);
    const aligned = new Float64Array(CHAIN_VALUES);
    const bytes = new Uint8Array(aligned.buffer);
    bytes.set(data.subarray(node.values, node.values + bytes.length));
    this.move(aligned, node.usual);
    data.set(bytes, node.values);
    node.data.set(bytes, node.values);
    node.sequence++;
    node.ts = Math.max(node.ts + 1, this.now());
    view.setUint32(SEQUENCE_AT, node.sequence, true);
    view.setFloat64(TIME_AT, node.ts, true);
    this.send(node.name, node.sequence, node.ts, data);
  }

  send(node: string, sequence: number, ts: number, data: Uint8Array): void {
    const headers = {
      'Content-Type': 'application/vnd.gpu-vitals.scrape',
      'Nats-Msg-Id': `${node}:${this.epoch}:${sequence}`,
      'Event-Time': String(ts),
    };
    this.sent++;
    this.onSend?.(node, ts);
    this.publisher.publish({ subject: rawSubject(node), data, headers }).then(
      () => this.stored++,
      (error: unknown) => {
        this.refused ??= error;
      },
    );
  }
}

function prepared(fleet: ChainFleet, node: number) {
  const data = Buffer.from(encodeScrape(usualScrape(fleet, node, fleet.start_ms)));
  return {
    name: nodeName(node),
    data,
    values: readHeader(data).values_at,
    usual: usualReadings(fleet, node),
    sequence: 0,
    ts: 0,
  };
}
