import { causeId } from '../../contract/ids.ts';
import type { Scrape } from '../../contract/scrape.ts';

const PER_NODE = 256;
/** 100,000 GPUs on as many nodes. */
const NODES_MAX = 131_072;
/** A name in DNS is shorter; of longer ones a hash is kept. */
const NAME_CHARS_MAX = 253;

/**
 * Which instants of a node were told lately, so that none is told twice: a row replaces the one of its instant whole. State:
 * the last 256 instants of each node that was heard within the hour of event time before the newest; of 131,072 nodes, those
 * that were heard last.
 */
export class ToldInstants {
  readonly #nodes = new Map<string, number[]>();

  /** The scrape at the first free millisecond of its node from its own on, which is taken from then on. */
  place(scrape: Scrape): Scrape {
    const ts = this.#take(scrape.node, scrape.ts);
    return ts === scrape.ts ? scrape : { ...scrape, ts, gpus: scrape.gpus.map((gpu) => ({ ...gpu, ts })) };
  }

  /** Forgets nodes whose newest instant lies before `ts`. */
  forget(ts: number): void {
    for (const [node, told] of this.#nodes) if (Math.max(...told) < ts) this.#nodes.delete(node);
  }

  #take(node: string, ts: number): number {
    const key = node.length > NAME_CHARS_MAX ? causeId(node) : node;
    const told = this.#nodes.get(key) ?? [];
    this.#nodes.delete(key);
    this.#nodes.set(key, told);
    if (this.#nodes.size > NODES_MAX) this.#nodes.delete(this.#nodes.keys().next().value as string);
    let free = ts;
    while (told.includes(free)) free++;
    if (told.push(free) > PER_NODE) told.shift();
    return free;
  }
}
