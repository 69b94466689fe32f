import type { GroupReader } from './group-reader.ts';

export interface MessagesAheadOptions {
  /** Begins to read a group's messages behind a position. */
  readonly open: (group: number, position: number, onFailure: (error: unknown) => void) => GroupReader;
  /** Of a reader that was taken: whoever has it. */
  readonly onFailure: (error: unknown) => void;
  /** Monotonic time, ms. */
  readonly now: () => number;
}

interface Opened {
  readonly position: number;
  readonly reader: GroupReader;
  wanted_at: number;
  taken: boolean;
}

/** As `ReadAhead`: until it is known whether somebody is dead. */
const KEEP_MS = 5_000;

/**
 * Messages behind the states of groups whose owner has not been heard of for some time: asked for while it is waited for, since
 * a server takes longer to begin than to deliver. Memory: what readers hold (512 messages each), for as long as states are kept.
 */
export class MessagesAhead {
  private readonly options: MessagesAheadOptions;
  private readonly opened = new Map<number, Opened>();

  constructor(options: MessagesAheadOptions) {
    this.options = options;
  }

  /** Groups, and where their states stand. To be called every now and then, also without any. */
  want(groups: ReadonlyMap<number, number>): void {
    const now = this.options.now();
    for (const [group, position] of groups) {
      const there = this.opened.get(group);
      if (there?.position === position) there.wanted_at = now;
      else {
        if (there !== undefined) this.forget(group, there);
        this.opened.set(group, this.open(group, position, now));
      }
    }
    for (const [group, one] of this.opened) if (now - one.wanted_at > KEEP_MS) this.forget(group, one);
  }

  /** What reads on from there, which is whoever's takes it; null where nobody wanted it, or it has failed. */
  take(group: number, position: number): GroupReader | null {
    const there = this.opened.get(group);
    if (there === undefined) return null;
    if (there.position !== position) {
      this.forget(group, there);
      return null;
    }
    this.opened.delete(group);
    there.taken = true;
    return there.reader;
  }

  close(): void {
    for (const [group, one] of this.opened) this.forget(group, one);
  }

  private open(group: number, position: number, now: number): Opened {
    const onFailure = (error: unknown): void => {
      if (one.taken) this.options.onFailure(error);
      else if (this.opened.get(group) === one) this.opened.delete(group);
    };
    const one: Opened = {
      position,
      reader: this.options.open(group, position, onFailure),
      wanted_at: now,
      taken: false,
    };
    return one;
  }

  private forget(group: number, one: Opened): void {
    this.opened.delete(group);
    void one.reader.stop();
  }
}
