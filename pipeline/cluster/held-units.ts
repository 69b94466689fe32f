import { setImmediate as turn } from 'node:timers/promises';
import { fleetStateSpecs, type StepCounters, topologyStateSpecs } from '../run-topology.ts';
import { splitTopology } from '../shards/split-topology.ts';
import { FLEET_UNIT } from './assign-units.ts';
import type { ClusterWorkerOptions } from './cluster-options.ts';
import type { SeenUnit } from './cluster-view.ts';
import { eachOf } from './each-of.ts';
import { FleetWork } from './fleet-work.ts';
import { flushTogether } from './flush-together.ts';
import { type GroupReader, groupReader } from './group-reader.ts';
import { GroupWork } from './group-work.ts';
import { inOtherHands } from './lost-unit.ts';
import { MessagesAhead } from './messages-ahead.ts';
import type { RunningFleet, RunningGroup } from './running-units.ts';
import { strayRelay } from './stray-relay.ts';
import { sumSteps } from './sum-steps.ts';
import { takeLog } from './take-log.ts';
import { tellFleet } from './tell-fleet.ts';
import type { OwnedUnit, UnitStore } from './unit-store.ts';

export interface HeldUnitsOptions<SinkItems> {
  readonly worker: ClusterWorkerOptions<SinkItems>;
  readonly store: UnitStore;
  /** Aborts when nothing may go on. */
  readonly stopping: AbortSignal;
  readonly onFailure: (error: unknown) => void;
  /** Resolves when somebody has taken a unit that we have let go of, or nobody seems to. */
  readonly taken: (unit: number) => Promise<void>;
}

/** The stream that is read, by the time at which it was made, and where it ends. */
export interface StreamPlace {
  readonly created: string;
  readonly last_position: number;
}

const PUSH_MAX = 128;
/** Items that a group may find before the fleet has been told. */
const UNTOLD_MAX = 5_000;
const GIVEN_AT_ONCE = 4;
/** A round of snapshots goes over all groups in so many slices. */
export const SLICES = 8;

/** The units that a worker has, at work: what goes into them, what the fleet is told, what is stored of them. */
export class HeldUnits<SinkItems> {
  readonly groups = new Map<number, RunningGroup<SinkItems>>();
  fleet: RunningFleet<SinkItems> | null = null;
  /** Units that are coming or going. */
  readonly moving = new Set<number>();
  private readonly options: HeldUnitsOptions<SinkItems>;
  /** Resolves when no state is being stored. */
  private saving: Promise<unknown> = Promise.resolve();
  private wake: () => void = () => undefined;
  /** Resolves when everything written up to now is durable. */
  private readonly flush: () => Promise<void>;
  private readonly ahead: MessagesAhead;

  constructor(options: HeldUnitsOptions<SinkItems>) {
    this.options = options;
    this.flush = flushTogether(Object.values(options.worker.sinks) as readonly { flush(): Promise<void> }[]);
    const { clock } = options.worker;
    const open: typeof this.open = (...what) => this.open(...what);
    this.ahead = new MessagesAhead({ open, onFailure: options.onFailure, now: () => clock.monotonic() });
    const stop = (): void => {
      this.ahead.close();
      this.wake();
    };
    options.stopping.addEventListener('abort', stop, { once: true });
  }

  has(unit: number): boolean {
    return unit === FLEET_UNIT ? this.fleet !== null : this.groups.has(unit);
  }

  /** Of all that is here. */
  get owned(): OwnedUnit[] {
    const works = [...this.groups.values(), ...(this.fleet === null ? [] : [this.fleet])];
    return works.map(({ work }) => work.owned);
  }

  /** Position of the oldest message that waits for a group; null when none does. */
  get waits_from(): number | null {
    const waiting = [...this.groups.values()].flatMap(({ reader }) => reader.waits_from ?? []);
    return waiting.length === 0 ? null : Math.min(...waiting);
  }

  /** Stops all reading; what waits is let go of. */
  drop(): void {
    for (const { reader } of this.groups.values()) void reader.stop();
    void this.fleet?.work.stop();
  }

  /** Reads what units need that may be ours soon; to be called every now and then, also without any. */
  readAhead(units: readonly number[]): void {
    const { store, stopping } = this.options;
    if (stopping.aborted) return;
    const missing = units.filter((unit) => !this.has(unit) && !this.moving.has(unit));
    store.readAhead(missing);
    this.ahead.want(new Map(missing.flatMap((unit) => (unit === FLEET_UNIT ? [] : [[unit, store.newest(unit)]]))));
  }

  /** Takes a unit as it was seen, and goes on with it; or does not, when somebody else was faster. */
  async claim(unit: number, seen: SeenUnit, place: StreamPlace): Promise<void> {
    const owned = await this.options.store.claim(unit, seen);
    if (owned === null) return;
    const fenced = this.fence(owned);
    fenced.catch(() => undefined);
    if (unit === FLEET_UNIT) await this.startFleet(owned, place, fenced);
    else await this.startGroup(owned, place, fenced);
    this.wake();
  }

  /**
   * Stops units, makes everything durable, stores their states, lets go of them. A few at a time, as fast as they are taken: the
   * others work on until it is their turn.
   */
  async handOver(units: readonly number[]): Promise<void> {
    // None of these is stored by anybody else from here on: they are moving.
    await this.saving;
    const going = units.flatMap((unit) => this.groups.get(unit) ?? []);
    await eachOf(going, GIVEN_AT_ONCE, (running) => this.handGroupOver(running));
    const { fleet } = this;
    const { store } = this.options;
    if (fleet === null || !units.includes(FLEET_UNIT)) return store.sweep();
    await fleet.work.stop();
    this.fleet = null;
    if (!(await this.saveFleet(fleet))) throw inOtherHands(FLEET_UNIT);
    await fleet.close();
    await store.release(fleet.work.owned);
    await store.sweep();
  }

  private async handGroupOver(running: RunningGroup<SinkItems>): Promise<void> {
    const { work, stream, saved } = running;
    const { group } = work;
    const { store } = this.options;
    await running.reader.stop();
    this.groups.delete(group);
    await Promise.all([this.flush(), this.tellFleet(running)]);
    const left =
      work.position === saved
        ? await store.release(work.owned)
        : await store.save(work.owned, work.state.save(), { stream, read_from: 0, release: true });
    if (!left) throw inOtherHands(group);
    await this.options.taken(group);
  }

  /** Stores the state of some groups, and the fleet's; returns the bytes. Throws LostUnit, and VitalsError as the object store. */
  async saveSlice(slice: number): Promise<number> {
    const saving = this.saveSome(slice);
    this.saving = saving.catch(() => undefined);
    return saving;
  }

  /** Lets groups take what has come for them, until all is over. */
  async pump(): Promise<void> {
    const { stopping } = this.options;
    while (!stopping.aborted) {
      let idle = true;
      for (const running of [...this.groups.values()]) {
        const { work, reader } = running;
        if (!reader.ready || this.groups.get(work.group) !== running || stopping.aborted) continue;
        idle = false;
        work.push(reader.take(PUSH_MAX));
        const full = work.wired.pressure();
        if (full !== null) await full;
        if (work.untold_entries > UNTOLD_MAX) await this.tellFleet(running);
        await turn();
      }
      if (!idle) continue;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Tells the fleet what it has not been told. */
  async tellAll(): Promise<void> {
    await Promise.all([...this.groups.values()].map((running) => this.tellFleet(running)));
  }

  counters(): StepCounters[] {
    const works = [...this.groups.values(), ...(this.fleet === null ? [] : [this.fleet])];
    return sumSteps(works.flatMap(({ work }) => work.wired.counters));
  }

  /** Resolves when nobody who had it before can do anything in its name. */
  private async fence({ unit, epoch }: OwnedUnit): Promise<void> {
    const { beforeUnit } = this.options.worker;
    if (beforeUnit !== undefined && !(await beforeUnit(unit, epoch))) throw inOtherHands(unit);
  }

  private async startGroup(
    owned: OwnedUnit,
    { created: stream, last_position }: StreamPlace,
    fenced: Promise<void>,
  ): Promise<void> {
    const { worker, store, stopping, onFailure } = this.options;
    const { log, clock, own, future_max, groupSinks } = worker;
    const sinks = groupSinks?.(owned.unit) ?? worker.sinks;
    const topology = splitTopology(worker.topology()).groups;
    const [loaded, told] = await Promise.all([
      store.load(owned, { created: stream, last_position }, topologyStateSpecs(topology)),
      takeLog(log, owned, stream, () => own.held()),
      fenced,
    ]);
    if (!own.held() || stopping.aborted) return;
    const state = loaded?.state ?? null;
    const work = new GroupWork<SinkItems>({ owned, topology, sinks, state, stream, told, future_max, clock });
    const { group, position } = work;
    const reader = this.ahead.take(group, position) ?? this.open(group, position, onFailure);
    this.groups.set(group, { work, reader, stream, telling: Promise.resolve(), saved: position });
  }

  private open(group: number, position: number, onFailure: (error: unknown) => void): GroupReader {
    const { bus, silence_max_ms } = this.options.worker;
    return groupReader({ bus, group, position, silence_max_ms, onReady: () => this.wake(), onFailure });
  }

  private async startFleet(
    owned: OwnedUnit,
    { created: stream, last_position }: StreamPlace,
    fenced: Promise<void>,
  ): Promise<void> {
    const { worker, store, onFailure } = this.options;
    const { log, bus, clock, tell, silence_max_ms } = worker;
    const whole = worker.topology();
    const loaded = await store.load(owned, { created: stream, last_position }, fleetStateSpecs(whole));
    await fenced;
    const strays = strayRelay({ bus, stream, tell });
    const work = new FleetWork<SinkItems>({
      ...{ owned, bus, log, stream, strays, silence_max_ms, clock, tell },
      topology: splitTopology(whole).fleet,
      sinks: worker.fleetSinks(),
      state: loaded?.state ?? null,
      read_from: loaded?.snapshot.read_from ?? 1,
    });
    work.done.catch(onFailure);
    const close = async (): Promise<void> => {
      await work.wired.close();
      await strays.close();
    };
    this.fleet = { work, stream, close, saved: work.position };
  }

  private tellFleet(running: RunningGroup<SinkItems>): Promise<void> {
    const telling = running.telling.then(() => tellFleet(running.work, this.options.worker));
    // What was taken out to be told would be missing from then on.
    running.telling = telling.catch((error: unknown) => this.options.onFailure(error));
    return telling;
  }

  private async saveGroup(running: RunningGroup<SinkItems>, saved = running.work.state.save()): Promise<boolean> {
    if (saved.position === running.saved) return true;
    const { stream, work } = running;
    if (!(await this.options.store.save(work.owned, saved, { stream, read_from: 0 }))) return false;
    running.saved = saved.position;
    return true;
  }

  private async saveFleet(running: RunningFleet<SinkItems>): Promise<boolean> {
    const { saved, read_from } = running.work.save();
    if (saved.position === running.saved) return true;
    await running.work.wired.flush();
    const { stream, work } = running;
    if (!(await this.options.store.save(work.owned, saved, { stream, read_from }))) return false;
    running.saved = saved.position;
    return true;
  }

  private async saveSome(slice: number): Promise<number> {
    const { groups, moving } = this;
    let bytes = 0;
    const copies = [...groups.values()]
      .filter(({ work, saved }) => work.group % SLICES === slice && work.position !== saved && !moving.has(work.group))
      .map((running) => ({ running, saved: running.work.state.save() }));
    if (copies.length > 0) await Promise.all([this.flush(), ...copies.map(({ running }) => this.tellFleet(running))]);
    for (const { running, saved } of copies) {
      const { group } = running.work;
      if (moving.has(group) || groups.get(group) !== running) continue;
      bytes += saved.columns.reduce((sum, { data }) => sum + data.byteLength, 0);
      if (!(await this.saveGroup(running, saved))) throw inOtherHands(group);
    }
    const { fleet } = this;
    if (fleet !== null && !moving.has(FLEET_UNIT) && !(await this.saveFleet(fleet))) throw inOtherHands(FLEET_UNIT);
    await this.options.store.sweep();
    return bytes;
  }
}
