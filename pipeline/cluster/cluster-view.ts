import type { KeyValue, KeyValueEntry } from '../bus/key-value.ts';
import type { Clock } from '../clock.ts';
import { isMemberKey, isUnitKey, unitKey } from './cluster-keys.ts';
import { type MemberRecord, NOBODYS, readMember, readUnit, type UnitRecord } from './unit-record.ts';

export interface SeenMember {
  readonly key: string;
  readonly record: MemberRecord;
  readonly revision: number;
  /** Monotonic instant at which this word of it was heard here. */
  readonly heard_at: number;
}

export interface SeenUnit {
  readonly record: UnitRecord;
  readonly revision: number;
}

/**
 * The cluster's keys as they were heard last. It may be behind: whatever is decided from it is written by compare-and-set.
 * Memory: a record a worker and a unit.
 */
export class ClusterView {
  private readonly members = new Map<string, SeenMember>();
  private readonly units = new Map<string, SeenUnit>();
  private readonly clock: Clock;
  /** Monotonic instant of the last word heard. */
  heard_at: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.heard_at = clock.monotonic();
  }

  take({ key, value, revision }: KeyValueEntry): void {
    this.heard_at = this.clock.monotonic();
    if (isMemberKey(key)) {
      const record = readMember(value);
      const before = this.members.get(key);
      if (before !== undefined && before.revision >= revision) return;
      if (record === null) this.members.delete(key);
      else this.members.set(key, { key, record, revision, heard_at: this.clock.monotonic() });
    } else if (isUnitKey(key)) {
      if ((this.units.get(key)?.revision ?? 0) >= revision) return;
      this.units.set(key, { record: readUnit(value), revision });
    }
  }

  /** Everything as it stands. */
  async load(keys: KeyValue): Promise<void> {
    for (const entry of await keys.matching('>')) this.take(entry);
  }

  /** Everything as it stands, then every change until the signal aborts. `onChange` after each. */
  async follow(keys: KeyValue, signal: AbortSignal, onChange: () => void): Promise<void> {
    for await (const entry of keys.follow('>', signal)) {
      this.take(entry);
      onChange();
    }
  }

  unit(unit: number): SeenUnit {
    return this.units.get(unitKey(unit)) ?? { record: NOBODYS, revision: 0 };
  }

  all(): readonly SeenMember[] {
    return [...this.members.values()];
  }

  member(worker: string): SeenMember | undefined {
    return this.all().find(({ record }) => record.worker === worker);
  }
}
