import type { OutgoingMessage } from '../contract/bus.ts';
import { encodeScrape } from '../contract/encode-scrape.ts';
import type { Refusal } from '../contract/events.ts';
import { causeId, rawSubject } from '../contract/ids.ts';
import type { ContentType } from '../contract/message.ts';
import type { Scrape } from '../contract/scrape.ts';
import { WIRE_ROWS_MAX } from '../contract/wire-format.ts';

const REFUSED_TEXT_MAX = 4_096;
/** A longer name, which only nonsense has, would not fit into a header. */
const NODE_CHARS_MAX = 256;

/**
 * Turns scrapes into messages for `dcgm.raw...`, numbered per node since `boot_epoch`: node, epoch and number together are
 * the `Nats-Msg-Id`. State: one number per node.
 */
export class MessageMaker {
  readonly #boot_epoch: number;
  readonly #size_max_bytes: number;
  readonly #sequences = new Map<string, number>();

  /** `size_max_bytes` of one message's data: below NATS' max_payload, with room for headers. */
  constructor(options: { readonly boot_epoch: number; readonly size_max_bytes: number }) {
    this.#boot_epoch = options.boot_epoch;
    this.#size_max_bytes = options.size_max_bytes;
  }

  /**
   * One message, or several where one would be too large: then rows and refusals are shared out in order, each part a
   * scrape of the same instant. The scrape's own epoch and sequence are replaced. `id` is the message id of a scrape that may
   * be sent again by another run of ours; its parts have numbers behind it.
   */
  ofScrape(scrape: Scrape, id: string | null = null): OutgoingMessage[] {
    if (scrape.gpus.length <= WIRE_ROWS_MAX) {
      const sequence = this.#next(scrape.node);
      const data = encodeScrape({ ...scrape, boot_epoch: this.#boot_epoch, sequence });
      if (data.length <= this.#size_max_bytes) {
        const message_id = id ?? this.#id(scrape.node, sequence);
        return [this.#message(scrape.node, message_id, scrape.ts, 'application/vnd.gpu-vitals.scrape', data)];
      }
    }
    return split(scrape).flatMap((part, i) => this.ofScrape(part, id === null ? null : `${id}.${i}`));
  }

  /** A body that could not be read, as it came: the topology makes the dead letter. Cut off where it is too large. */
  ofText(node: string, ts: number, body: Uint8Array): OutgoingMessage {
    const id = this.#id(node, this.#next(node));
    return this.#message(node, id, ts, 'text/plain', body.subarray(0, this.#size_max_bytes));
  }

  #id(node: string, sequence: number): string {
    return `${node.length > NODE_CHARS_MAX ? causeId(node) : node}:${this.#boot_epoch}:${sequence}`;
  }

  #next(node: string): number {
    const sequence = (this.#sequences.get(node) ?? 0) + 1;
    this.#sequences.set(node, sequence);
    return sequence;
  }

  #message(node: string, id: string, ts: number, type: ContentType, data: Uint8Array): OutgoingMessage {
    return {
      subject: rawSubject(node),
      data,
      headers: {
        'Content-Type': type,
        'Nats-Msg-Id': id,
        'Event-Time': String(ts),
      },
    };
  }
}

/** Two halves; when nothing is left to halve, the refused texts are cut, then the message may be as large as it is. */
function split(scrape: Scrape): Scrape[] {
  const { gpus, refusals } = scrape;
  if (gpus.length <= 1 && refusals.length <= 1) {
    const cut = (refusal: Refusal): Refusal => ({ ...refusal, original: refusal.original.slice(0, REFUSED_TEXT_MAX) });
    if (refusals.some((one) => one.original.length > REFUSED_TEXT_MAX))
      return [{ ...scrape, refusals: refusals.map(cut) }];
    throw new Error(`one row of node ${scrape.node} is larger than a message may be`);
  }
  const rows = Math.ceil(gpus.length / 2);
  const half = Math.ceil(refusals.length / 2);
  return [
    { ...scrape, gpus: gpus.slice(0, rows), refusals: refusals.slice(0, half) },
    { ...scrape, gpus: gpus.slice(rows), refusals: refusals.slice(half), blanks: 0, unknown_metrics: 0 },
  ].filter((part) => part.gpus.length + part.refusals.length > 0);
}
