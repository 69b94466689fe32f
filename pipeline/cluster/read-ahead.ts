import type { SavedGroup } from '../../operators/core/group-state.ts';
import { eachOf } from './each-of.ts';

export interface ReadAheadOptions {
  /** A stored state by its name, which never means another; a text says why it cannot be read. */
  readonly read: (name: string) => Promise<SavedGroup | string>;
  /** Monotonic time, ms. */
  readonly now: () => number;
}

/** As long as it takes to find out whether somebody is dead, and to take over what it had. */
const KEEP_MS = 5_000;
const AT_ONCE = 8;

/**
 * States of units whose owner has not been heard of for some time: read while it is waited for, so that they are here when
 * its lease is over. Memory: these states, until they are taken or nobody has wanted them for five seconds.
 */
export class ReadAhead {
  private readonly options: ReadAheadOptions;
  private readonly states = new Map<string, { wanted_at: number; readonly state: Promise<SavedGroup | string> }>();

  constructor(options: ReadAheadOptions) {
    this.options = options;
  }

  /** To be called every now and then, also without names. */
  want(names: readonly string[]): void {
    const now = this.options.now();
    const fresh = names.filter((name) => !this.states.has(name));
    const found = new Map<string, (state: SavedGroup | string) => void>();
    for (const name of fresh) {
      const state = new Promise<SavedGroup | string>((resolve) => found.set(name, resolve));
      this.states.set(name, { wanted_at: now, state });
    }
    for (const name of names) (this.states.get(name) as { wanted_at: number }).wanted_at = now;
    for (const [name, { wanted_at }] of this.states) if (now - wanted_at > KEEP_MS) this.states.delete(name);
    void eachOf(fresh, AT_ONCE, async (name) => {
      found.get(name)?.(await this.options.read(name).catch(String));
    });
  }

  /** What was read of it, which is whoever's takes it; null where nobody wanted it, or it could not be read. */
  async take(name: string): Promise<SavedGroup | null> {
    const wanted = this.states.get(name);
    if (wanted === undefined) return null;
    this.states.delete(name);
    const state = await wanted.state;
    return typeof state === 'string' ? null : state;
  }
}
