import type { Target } from './targets.ts';

export interface TargetChange {
  readonly added: readonly Target[];
  readonly removed: readonly Target[];
  /** Still on a list, but somebody else's now. */
  readonly handed: readonly Target[];
  /** Same URL, another node name. */
  readonly changed: readonly Target[];
}

/** What all sources together want scraped, as far as it is ours: tells what starts and what stops when one of them brings a new list. */
export class TargetSet {
  readonly #lists = new Map<string, readonly Target[]>();
  readonly #owns: (key: string) => boolean;
  #current = new Map<string, Target>();

  constructor(owns: (key: string) => boolean = () => true) {
    this.#owns = owns;
  }

  get size(): number {
    return this.#current.size;
  }

  /** Replaces the list of one source. A target that two sources name is scraped once, as the first source names it. */
  update(source: string, targets: readonly Target[]): TargetChange {
    this.#lists.set(source, targets);
    return this.refresh();
  }

  /** What starts and stops when others own what. */
  refresh(): TargetChange {
    const listed = new Map<string, Target>();
    for (const list of this.#lists.values()) {
      for (const target of list) if (!listed.has(target.key)) listed.set(target.key, target);
    }
    const wanted = new Map([...listed].filter(([key]) => this.#owns(key)));
    const before = this.#current;
    this.#current = wanted;
    const stopped = [...before.values()].filter(({ key }) => !wanted.has(key));
    return {
      added: [...wanted.values()].filter((target) => !before.has(target.key)),
      removed: stopped.filter(({ key }) => !listed.has(key)),
      handed: stopped.filter(({ key }) => listed.has(key)),
      changed: [...wanted.values()].filter((target) => {
        const old = before.get(target.key);
        return old !== undefined && old.node !== target.node;
      }),
    };
  }
}
