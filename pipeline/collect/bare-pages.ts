import type { Scrape } from '../contract/scrape.ts';
import type { BodyParser } from './collector-options.ts';
import type { ExpositionContext } from './exposition-parser.ts';

/**
 * Reads the pages of one target. One that has lost all GPUs becomes a scrape without any, of the node whose GPUs the target
 * showed before, since such a page names no host or that of something else: so that the GPUs are missed, and not the node. Other
 * scrapes without GPUs are left out, as those of switches and CPUs, which say nothing of the GPUs beside them, and of what
 * a page of several nodes lacks, which says nothing of the nodes.
 */
export class BarePages implements BodyParser {
  readonly #parser: BodyParser;
  readonly #leftOut: (scrape: Scrape) => void;
  /** Node of the last page with GPUs; null where there was none yet, or that told of several. */
  #home: string | null = null;
  /** All nodes with GPUs of that page. */
  #nodes: readonly string[] = [];

  constructor(parser: BodyParser, leftOut: (scrape: Scrape) => void) {
    this.#parser = parser;
    this.#leftOut = leftOut;
  }

  /** Throws what its parser throws, but for a blank page of a known node. */
  parse(body: Uint8Array, context: ExpositionContext): readonly Scrape[] {
    const scrapes = this.#read(body, context);
    const nodes = scrapes.filter(({ gpus }) => gpus.length > 0).map(({ node }) => node);
    const telling = scrapes.filter(({ gpus, refusals }) => gpus.length + refusals.length > 0);
    const [first] = nodes;
    if (first !== undefined) {
      this.#nodes = nodes;
      this.#home = scrapes.every(({ node }) => node === first) ? first : null;
    }
    for (const scrape of scrapes) if (!telling.includes(scrape)) this.#leftOut(scrape);
    if (telling.length > 0 || this.#home === null) return telling;
    return [{ ...NOTHING, node: this.#home, ts: context.ts }];
  }

  /** What a scrape with this error for an answer says of the nodes of the last page, or while there was none, of `given`. */
  unanswered(code: string, ts: number, given: readonly string[]): readonly Scrape[] {
    const nodes = this.#nodes.length > 0 ? this.#nodes : given;
    return nodes.map((node) => ({ ...NOTHING, node, ts, unanswered: code }));
  }

  #read(body: Uint8Array, context: ExpositionContext): readonly Scrape[] {
    try {
      return this.#parser.parse(body, context);
    } catch (error) {
      if (this.#home !== null && isBlank(body)) return [];
      throw error;
    }
  }
}

/** Nothing but comments: the exporter answers, and knows no GPU any more. */
const isBlank = (body: Uint8Array): boolean =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString('latin1')
    .split('\n')
    .every((line) => line.trim() === '' || line.startsWith('#'));

const NOTHING = { boot_epoch: 0, sequence: 0, gpus: [], refusals: [], blanks: 0, unknown_metrics: 0 } as const;
