import type { KeyValue } from '../bus/key-value.ts';
import type { Clock } from '../clock.ts';
import type { DurationMs } from '../contract/time.ts';
import { assignUnits } from './assign-units.ts';
import { memberKey } from './cluster-keys.ts';
import type { ClusterView, SeenMember } from './cluster-view.ts';
import { readMember, silenceOf, writeMember } from './unit-record.ts';

export interface MembershipOptions {
  readonly keys: KeyValue;
  readonly view: ClusterView;
  /** Who looks. */
  readonly worker: string;
  /** As for `OwnLease`. */
  readonly lease: DurationMs;
  readonly clock: Clock;
}

/** Who is there, as one worker sees it. */
export class Membership {
  private readonly options: MembershipOptions;

  constructor(options: MembershipOptions) {
    this.options = options;
  }

  /** Workers that can own something. */
  names(): string[] {
    return this.options.view.all().flatMap(({ record }) => (record.state === 'here' ? [record.worker] : []));
  }

  /** Whether this life of a worker may own something, as far as was heard. */
  alive(worker: string, incarnation: string): boolean {
    const seen = this.options.view.member(worker);
    return seen !== undefined && seen.record.incarnation === incarnation && seen.record.state !== 'gone';
  }

  /** Units that will be ours when those are dead of whom nothing was heard for half their lease. */
  likelyOurs(): readonly number[] {
    const { view, worker } = this.options;
    const silent = new Set(this.silentFor(1 / 2).map(({ record }) => record.worker));
    if (silent.size === 0) return [];
    const plan = assignUnits(this.names().filter((name) => !silent.has(name)));
    return plan.flatMap((owner, unit) => (owner === worker && silent.has(view.unit(unit).record.holder) ? [unit] : []));
  }

  /** Whether a life of a worker is over, as it is written: what is heard of units may be ahead of what is heard of workers. */
  async isOver(worker: string, incarnation: string): Promise<boolean> {
    const { keys, view } = this.options;
    const now = await keys.get(memberKey(worker));
    if (now === null) return true;
    view.take(now);
    const record = readMember(now.value);
    // What cannot be read is a newer release's word, which lives.
    if (record === null) return now.value.length === 0;
    return record.incarnation !== incarnation || record.state === 'gone';
  }

  /** Takes for dead whoever has said nothing for its whole lease. */
  async bury(): Promise<readonly string[]> {
    const buried: string[] = [];
    for (const seen of this.silentFor(1)) if (await this.buryOne(seen)) buried.push(seen.record.worker);
    return buried;
  }

  private silentFor(leases: number): readonly SeenMember[] {
    const { view, worker, clock, lease } = this.options;
    return view
      .all()
      .filter((seen) => seen.record.worker !== worker && seen.record.state !== 'gone')
      .filter((seen) => clock.monotonic() - seen.heard_at >= leases * silenceOf(seen.record, lease));
  }

  private async buryOne({ key, record, revision }: SeenMember): Promise<boolean> {
    const { keys, view } = this.options;
    const value = writeMember({ ...record, state: 'gone' });
    const now = await keys.exchange(key, value, revision);
    if (now !== null) view.take({ key, value, revision: now });
    else {
      // It lives: its later words have not come here yet.
      const last = await keys.get(key);
      if (last !== null) view.take(last);
    }
    return now !== null;
  }
}
