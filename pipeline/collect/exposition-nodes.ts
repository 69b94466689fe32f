/** The node of what names no host: it is told with the first node of the body. */
export const ANY_NODE = -1;

interface NodeCount {
  readonly slot: number;
  readonly node: string;
  blanks: number;
  unknown_metrics: number;
}

/** The hosts that one body names (several when it is federated), and what is counted per host. */
export class ExpositionNodes {
  #names: string[] = [];
  #index = new Map<string, number>();
  #touched = new Map<number, NodeCount>();
  #unknownAnywhere = 0;

  begin(): void {
    this.#touched = new Map();
    this.#unknownAnywhere = 0;
  }

  forget(): void {
    this.#names = [];
    this.#index = new Map();
  }

  /** Slot of a host, for as long as nothing is forgotten. */
  slot(host: string): number {
    const known = this.#index.get(host);
    if (known !== undefined) return known;
    const slot = this.#names.push(host) - 1;
    this.#index.set(host, slot);
    return slot;
  }

  /** Has this scrape tell of the node. */
  touch(slot: number): void {
    if (slot === ANY_NODE || this.#touched.has(slot)) return;
    this.#touched.set(slot, { slot, node: this.#names[slot] ?? '', blanks: 0, unknown_metrics: 0 });
  }

  countBlank(slot: number): void {
    const count = this.#touched.get(slot);
    if (count !== undefined) count.blanks++;
  }

  countUnknown(slot: number): void {
    const count = this.#touched.get(slot);
    if (count !== undefined) count.unknown_metrics++;
    else this.#unknownAnywhere++;
  }

  /** Nodes in the order of their first samples; the fallback alone when the body names none. */
  finish(fallback: string): NodeCount[] {
    if (this.#touched.size === 0) this.touch(this.slot(fallback));
    const counts = [...this.#touched.values()];
    const first = counts[0];
    if (first !== undefined) first.unknown_metrics += this.#unknownAnywhere;
    return counts;
  }
}
