import type { KeyValue } from '../bus/key-value.ts';
import type { Clock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import type { DurationMs } from '../contract/time.ts';
import { memberKey } from './cluster-keys.ts';
import { type MemberRecord, readMember, silenceOf, writeMember } from './unit-record.ts';

export interface OwnLeaseOptions {
  readonly keys: KeyValue;
  readonly worker: string;
  /** Unique among all lives of all workers. */
  readonly incarnation: string;
  /** Who has said nothing for so long is taken for dead. */
  readonly lease: DurationMs;
  readonly clock: Clock;
  /** What it says with each word of its way to the database; null: nothing. */
  readonly reached?: () => boolean | null;
}

/** Share of the lease within which a worker has to have renewed, to believe that it lives. */
const OWN_SHARE = 2 / 3;
/** So many times a worker says that it is there within its own share. */
const BEATS = 4;
/** A word without an answer is said again after so many beats: a server that chooses another leader never answers it. */
const ANSWER_BEATS = 2;
const ANSWER_MIN_MS = 200;

/**
 * One worker's lease: a key that it renews by compare-and-set, and under which it owns all its units.
 *
 * Nobody's wall clock counts. Others take a worker for dead when its key has not changed for the whole lease by their own
 * monotonic clock; they write so into its key, over the very word that they had heard last, before they touch what it owns.
 * A worker stops by itself when it could not renew for two thirds of the lease, counted from before it asked: so it stops
 * before anybody else may begin, whoever was paused or cut off, as long as no two clocks run apart by a third. One whose next
 * word is taken behind its last one was buried by nobody meanwhile, however long that was: it may go on as if nothing had been.
 */
export class OwnLease {
  private readonly options: OwnLeaseOptions;
  /** Monotonic instant up to which it is ours. */
  until = Number.NEGATIVE_INFINITY;
  private revision = 0;
  private beat = 0;
  private state: MemberRecord['state'] = 'here';
  private seen = { revision: 0, at: 0 };
  private since = Number.POSITIVE_INFINITY;
  private readonly started_at: number;

  constructor(options: OwnLeaseOptions) {
    this.options = options;
    this.started_at = options.clock.now();
  }

  /** Time between two calls of `renew`. */
  get every(): number {
    return (this.options.lease * OWN_SHARE) / BEATS;
  }

  /** Whether we own what is ours, as far as that can be known here and now. */
  held(): boolean {
    return this.options.clock.monotonic() < this.until;
  }

  /** Since when it was held without a break; 0 when it is not. Whoever was cut off itself has not heard the others either. */
  steady_ms(): number {
    return this.held() ? this.options.clock.monotonic() - this.since : 0;
  }

  /**
   * Enters, or does not because another life of this name may still be alive: to be called until it is true. A clean end, and
   * a life that was taken for dead, are followed at once.
   */
  async join(): Promise<boolean> {
    const { keys, worker, lease, clock } = this.options;
    const now = await keys.get(memberKey(worker));
    if (now === null) return this.write(0);
    const last = readMember(now.value);
    // Our own word, whose answer did not come.
    if (last?.incarnation !== this.options.incarnation && last?.state !== 'gone') {
      if (now.revision !== this.seen.revision) this.seen = { revision: now.revision, at: clock.monotonic() };
      if (clock.monotonic() - this.seen.at < (last === null ? lease : silenceOf(last, lease))) return false;
    }
    return this.write(now.revision);
  }

  /** Says that we are there. False: others have taken us for dead. Throws when the bus is away: then `held` ends by itself. */
  renew(): Promise<boolean> {
    return this.write(this.revision);
  }

  /** Tells others to take over what we hand them. False: they have taken us for dead. */
  leave(): Promise<boolean> {
    this.state = 'leaving';
    return this.renew();
  }

  /** Owns nothing any more. */
  async end(): Promise<void> {
    this.state = 'gone';
    await this.renew();
    this.until = Number.NEGATIVE_INFINITY;
  }

  private async write(after: number): Promise<boolean> {
    const { clock, lease } = this.options;
    const asked_at = clock.monotonic();
    const revision = await soon(this.exchange(after), Math.max(ANSWER_MIN_MS, this.every * ANSWER_BEATS));
    if (revision === null) {
      this.until = Number.NEGATIVE_INFINITY;
      return false;
    }
    // What comes late may have been followed by a newer word.
    this.revision = Math.max(this.revision, revision);
    if (!this.held()) this.since = clock.monotonic();
    this.until = asked_at + lease * OWN_SHARE;
    return true;
  }

  /** The revision of our word; null: somebody else has the last one. */
  private async exchange(after: number): Promise<number | null> {
    const { keys, worker, incarnation, lease: lease_ms, reached } = this.options;
    const { state, started_at } = this;
    const reaches = reached?.() ?? null;
    const key = memberKey(worker);
    const beat = ++this.beat;
    const told = reaches === null ? {} : { reaches_database: reaches };
    const value = writeMember({ worker, incarnation, beat, state, started_at, lease_ms, ...told });
    for (let last = after; ; ) {
      const revision = await keys.exchange(key, value, last);
      if (revision !== null) return revision;
      // A word of ours to which no answer came may have been stored all the same.
      const now = await keys.get(key);
      const record = now === null ? null : readMember(now.value);
      if (now === null || record?.incarnation !== incarnation || record.state === 'gone') return null;
      if (beat !== this.beat) throw new VitalsError('GV-BUS-001', 'a later word was said meanwhile', 'cluster');
      last = now.revision;
    }
  }
}

async function soon<T>(answer: Promise<T>, limit_ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new VitalsError('GV-BUS-001', `no answer within ${limit_ms.toFixed(0)} ms`, 'cluster');
    timer = setTimeout(() => reject(error), limit_ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
