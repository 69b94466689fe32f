const PER_NODE = 256;

/**
 * Which instants of a node were told lately, so that none is told twice: a row replaces the one of its instant whole. State:
 * the last 256 instants of each node that was heard within the hour of event time before the newest.
 */
export class ToldInstants {
  readonly #nodes = new Map<string, number[]>();

  /** The first free millisecond from `ts` on, taken from then on. */
  take(node: string, ts: number): number {
    let told = this.#nodes.get(node);
    if (told === undefined) {
      told = [];
      this.#nodes.set(node, told);
    }
    let free = ts;
    while (told.includes(free)) free++;
    if (told.push(free) > PER_NODE) told.shift();
    return free;
  }

  /** Forgets nodes whose newest instant lies before `ts`. */
  forget(ts: number): void {
    for (const [node, told] of this.#nodes) if (Math.max(...told) < ts) this.#nodes.delete(node);
  }
}
