import type { KeyValue } from '../bus/key-value.ts';
import type { Clock } from '../clock.ts';
import { readMember } from './unit-record.ts';

export interface DatabaseReachOptions {
  /** Whether the database answers from here, in a time that says so. Never rejects. */
  readonly ask: () => Promise<boolean>;
  readonly keys: Pick<KeyValue, 'matching'>;
  readonly worker: string;
  readonly clock: Clock;
}

/** Longer than a database is away that is started again, shorter than anybody waits for a verdict. */
const CUT_OFF_MS = 10_000;
/** As long must it be back before groups come here again: a way that comes and goes moves nobody's groups each time. */
const BACK_MS = 10_000;

/**
 * Whether this worker reaches the database, and whether others do while it does not. When nobody reaches it, it is away, and all
 * wait for it where they are. A worker that alone does not reach it would keep its groups, and perhaps the fleet's work, waiting for
 * a cable of its own: it is better to have none.
 */
export class DatabaseReach {
  private readonly options: DatabaseReachOptions;
  private readonly beats = new Map<string, number>();
  /** Monotonic instants since when, without a break; null: not so. */
  private reached_since: number | null = null;
  private alone_since: number | null = null;
  private asked = false;
  private cut = false;

  constructor(options: DatabaseReachOptions) {
    this.options = options;
  }

  /** Null: it was not asked yet. */
  get reached(): boolean | null {
    return this.asked ? this.reached_since !== null : null;
  }

  /** Whether groups are better elsewhere. */
  get cut_off(): boolean {
    return this.cut;
  }

  /** To be called about once a second; costs others nothing while the database answers. */
  async look(): Promise<void> {
    const { ask, clock } = this.options;
    const answers = await ask();
    this.asked = true;
    const now = clock.monotonic();
    if (answers) {
      this.reached_since ??= now;
      this.alone_since = null;
      if (now - this.reached_since >= BACK_MS) this.cut = false;
      return;
    }
    this.reached_since = null;
    if (!(await this.othersReach())) {
      this.alone_since = null;
      this.cut = false;
      return;
    }
    this.alone_since ??= now;
    if (now - this.alone_since >= CUT_OFF_MS) this.cut = true;
  }

  /** Somebody who has said so since the last look. False as well when the bus does not tell. */
  private async othersReach(): Promise<boolean> {
    const { keys, worker } = this.options;
    const members = await keys.matching('member.*').catch(() => []);
    let some = false;
    for (const { value } of members) {
      const record = readMember(value);
      if (record === null || record.worker === worker) continue;
      const before = this.beats.get(record.worker);
      this.beats.set(record.worker, record.beat);
      const lives = record.state === 'here' && before !== undefined && before !== record.beat;
      if (lives && record.reaches_database === true) some = true;
    }
    return some;
  }
}
