import type { Target } from './targets.ts';

export interface TargetChange {
  readonly added: readonly Target[];
  readonly removed: readonly Target[];
  /** Same URL, another node name. */
  readonly changed: readonly Target[];
}

/** What all sources together want scraped: tells what starts and what stops when one of them brings a new list. */
export class TargetSet {
  readonly #lists = new Map<string, readonly Target[]>();
  #current = new Map<string, Target>();

  get size(): number {
    return this.#current.size;
  }

  /** Replaces the list of one source. A target that two sources name is scraped once, as the first source names it. */
  update(source: string, targets: readonly Target[]): TargetChange {
    this.#lists.set(source, targets);
    const wanted = new Map<string, Target>();
    for (const list of this.#lists.values()) {
      for (const target of list) if (!wanted.has(target.key)) wanted.set(target.key, target);
    }
    const before = this.#current;
    this.#current = wanted;
    return {
      added: [...wanted.values()].filter((target) => !before.has(target.key)),
      removed: [...before.values()].filter((target) => !wanted.has(target.key)),
      changed: [...wanted.values()].filter((target) => {
        const old = before.get(target.key);
        return old !== undefined && old.node !== target.node;
      }),
    };
  }
}
