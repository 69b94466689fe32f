import { GroupState, type SavedGroup } from '../../operators/core/group-state.ts';
import type { KeyValue } from '../bus/key-value.ts';
import type { ObjectStore } from '../bus/object-store.ts';
import type { Clock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import type { StateSpec } from '../contract/operator.ts';
import { damagedSnapshot, encodeSnapshot, readSnapshot, type UnreadSnapshot } from '../snapshot-format.ts';
import { unitName } from './assign-units.ts';
import { unitKey } from './cluster-keys.ts';
import type { ClusterView, SeenUnit } from './cluster-view.ts';
import { ReadAhead } from './read-ahead.ts';
import { type UnitRecord, type UnitSnapshot, writeUnit } from './unit-record.ts';

export interface UnitStoreOptions {
  readonly keys: KeyValue;
  readonly objects: ObjectStore;
  readonly view: ClusterView;
  readonly worker: string;
  readonly incarnation: string;
  readonly clock: Clock;
  readonly tell: (error: VitalsError) => void;
}

/** A unit that is ours until its key changes under our hands. */
export interface OwnedUnit {
  readonly unit: number;
  readonly epoch: number;
  record: UnitRecord;
  revision: number;
}

const GENERATIONS = 2;
/** A server that has just taken over may not know yet what the one before has stored. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 250;

/** Owning units, and their states. Everything that counts is written by compare-and-set over what was read. */
export class UnitStore {
  private readonly options: UnitStoreOptions;
  private saves = 0;
  /** Objects that no record names any more. */
  private dropped: string[] = [];
  private readonly ahead: ReadAhead;

  constructor(options: UnitStoreOptions) {
    this.options = options;
    this.ahead = new ReadAhead({
      read: async (name) => {
        const found = await this.readOnce(name);
        return 'why' in found ? found.why : found;
      },
      now: () => options.clock.monotonic(),
    });
  }

  /** Takes a unit; null when somebody else was faster. */
  async claim(unit: number, seen: SeenUnit): Promise<OwnedUnit | null> {
    const { worker: holder, incarnation } = this.options;
    const epoch = seen.record.epoch + 1;
    const record: UnitRecord = { ...seen.record, holder, incarnation, epoch };
    const owned: OwnedUnit = { unit, epoch, record: seen.record, revision: seen.revision };
    return (await this.write(owned, record)) ? owned : null;
  }

  /** Reads the newest states of units that may be ours soon; to be called every now and then, also without any. */
  readAhead(units: readonly number[]): void {
    this.ahead.want(units.flatMap((unit) => this.options.view.unit(unit).record.snapshots[0]?.name ?? []));
  }

  /** Up to where a unit's newest state has read; 0 where there is none. */
  newest(unit: number): number {
    return this.options.view.unit(unit).record.snapshots[0]?.position ?? 0;
  }

  /** Gives a unit up; whoever is to have it may begin. False: it was not ours any more. */
  release(owned: OwnedUnit): Promise<boolean> {
    return this.write(owned, { ...owned.record, holder: '', incarnation: '' });
  }

  /**
   * A unit's newest state that can be read, of this stream; null when there is none: it then begins with the stream's first
   * message. What is damaged, or of another version or stream, is told.
   */
  async load(
    owned: OwnedUnit,
    stream: { readonly created: string; readonly last_position: number },
    specs: ReadonlyMap<string, StateSpec>,
  ): Promise<{ readonly state: GroupState; readonly snapshot: UnitSnapshot } | null> {
    const { record } = owned;
    const [newest] = record.snapshots;
    if (newest === undefined) return null;
    if (record.stream !== stream.created || newest.position > stream.last_position) {
      const detail = `the snapshot knows position ${newest.position}, the stream ends at ${stream.last_position}`;
      this.tell('GV-SNP-002', `${detail}: it is another stream`, owned.unit);
      return null;
    }
    for (const snapshot of record.snapshots) {
      const saved = (await this.ahead.take(snapshot.name)) ?? (await this.read(snapshot.name));
      if (!('why' in saved)) return { state: GroupState.restore(saved, specs), snapshot };
      this.tell(saved.code, `snapshot ${snapshot.name}: ${saved.why}`, owned.unit);
    }
    return null;
  }

  /**
   * Stores a state and puts it in the unit's record; false: the unit is not ours any more, and nothing of its owner's was
   * touched. `read_from`: as in `UnitSnapshot`. What it takes the place of stays until `sweep`. `release`: gives the unit up with it.
   */
  async save(
    owned: OwnedUnit,
    saved: SavedGroup,
    { stream, read_from, release = false }: { stream: string; read_from: number; release?: boolean },
  ): Promise<boolean> {
    const { objects, clock } = this.options;
    const name = `${unitName(owned.unit)}.${owned.epoch}.${++this.saves}`;
    await objects.put(name, Buffer.concat(encodeSnapshot(saved)));
    const before = owned.record.stream === stream ? owned.record.snapshots : [];
    const snapshot: UnitSnapshot = { name, position: saved.position, read_from, saved_at: clock.now() };
    const known = new Set(owned.record.snapshots.map((one) => one.name));
    const snapshots = [snapshot, ...before].slice(0, GENERATIONS);
    const nobodys = release ? { holder: '', incarnation: '' } : {};
    const written = await this.write(owned, { ...owned.record, ...nobodys, stream, snapshots });
    this.dropped.push(...(written ? [...known].filter((one) => !snapshots.some((kept) => kept.name === one)) : [name]));
    return written;
  }

  /** Removes what newer states have taken the place of. */
  async sweep(): Promise<void> {
    for (const name of this.dropped.splice(0)) await this.options.objects.remove(name);
  }

  /** Removes what lies in the object store and none of these units names: left by owners that died between two steps. */
  async clear(units: readonly OwnedUnit[]): Promise<void> {
    const { objects } = this.options;
    const epochs = new Map(units.map(({ unit, epoch }) => [unitName(unit), epoch]));
    const names = await objects.names();
    const named = new Set(units.flatMap(({ record }) => record.snapshots.map(({ name }) => name)));
    for (const name of names) {
      const [unit = '', epoch] = name.split('.');
      if (Number(epoch) < (epochs.get(unit) ?? 0) && !named.has(name)) await objects.remove(name);
    }
  }

  private async read(name: string): Promise<SavedGroup | UnreadSnapshot> {
    for (let look = 1; ; look++) {
      const saved = await this.readOnce(name);
      // Another version's is whole: it is the same at the next look.
      if (!('why' in saved) || saved.code === 'GV-SNP-002' || look === LOOKS) return saved;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  private async readOnce(name: string): Promise<SavedGroup | UnreadSnapshot> {
    const bytes = await this.options.objects.get(name);
    if (bytes === null) return damagedSnapshot('it is not there');
    return typeof bytes === 'string' ? damagedSnapshot(bytes) : readSnapshot(bytes);
  }

  private async write(owned: OwnedUnit, record: UnitRecord): Promise<boolean> {
    const { keys, view } = this.options;
    const key = unitKey(owned.unit);
    const value = writeUnit(record);
    const revision = await keys.exchange(key, value, owned.revision);
    if (revision === null) return false;
    owned.record = record;
    owned.revision = revision;
    view.take({ key, value, revision });
    return true;
  }

  private tell(code: UnreadSnapshot['code'], what: string, unit: number): void {
    this.options.tell(new VitalsError(code, what, `cluster, ${unitName(unit)}`));
  }
}
