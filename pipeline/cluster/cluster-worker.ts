import { setImmediate as turn } from 'node:timers/promises';
import type { KeyValue } from '../bus/key-value.ts';
import type { ObjectStore } from '../bus/object-store.ts';
import type { PickedLog } from '../bus/picked-log.ts';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { DurationMs } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import { fleetStateSpecs, type Sinks, type StepCounters, topologyStateSpecs } from '../run-topology.ts';
import { splitTopology } from '../shards/split-topology.ts';
import { assignUnits, FLEET_UNIT, unitName } from './assign-units.ts';
import { ClusterView, type SeenUnit } from './cluster-view.ts';
import { FleetWork } from './fleet-work.ts';
import { type GroupReader, groupReader } from './group-reader.ts';
import { GroupWork } from './group-work.ts';
import { Membership } from './membership.ts';
import type { OwnLease } from './own-lease.ts';
import { decodePart, encodePart } from './picked-parts.ts';
import { strayRelay } from './stray-relay.ts';
import { type OwnedUnit, UnitStore } from './unit-store.ts';

export interface ClusterWorkerOptions<SinkItems> {
  readonly bus: Bus;
  readonly log: PickedLog;
  readonly keys: KeyValue;
  readonly objects: ObjectStore;
  /** Its name, of which there is one at a time; and one of this life alone. */
  readonly worker: string;
  readonly incarnation: string;
  /** Ours, which somebody else renews. */
  readonly own: Pick<OwnLease, 'held'>;
  /** As for `OwnLease`. */
  readonly lease: DurationMs;
  /** A topology of its own for whoever asks. */
  readonly topology: () => Topology;
  /** Of the groups' half. */
  readonly sinks: Sinks<SinkItems>;
  /** Of the fleet's half: opened when the fleet's work comes here, closed when it goes. */
  readonly fleetSinks: () => Sinks<SinkItems>;
  /** Called before units go on here: what others have written out may be told again. */
  readonly beforeUnits?: () => void;
  /** As for `decode`. */
  readonly future_max: DurationMs | null;
  /** Time between two snapshots of a group. */
  readonly snapshot_interval: DurationMs;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  /**
   * Its groups may be in other hands: whatever of it is still on its way to anywhere must stop at once. Nothing was written
   * out, nothing is handed over.
   */
  readonly onLost: (why: string) => void;
}

export interface ClusterWorker {
  readonly groups: readonly GroupWork<never>[];
  readonly fleet: Pick<FleetWork<never>, 'position'> | null;
  /** Names of the workers that are here. */
  members(): readonly string[];
  counters(): readonly StepCounters[];
  readonly watermark: number;
  readonly gpus: number;
  /** Messages that wait in this process. */
  readonly waiting: number;
  readonly snapshots: number;
  /** Rejects when an invariant broke. */
  readonly failed: Promise<never>;
  /** Hands everything over. Its lease is to say before that it leaves, and is to end after. */
  stop(): Promise<void>;
}

const TICK_MS = 50;
const TELL_MS = 50;
const PUSH_MAX = 128;
/** Items that a group may find before the fleet has been told. */
const UNTOLD_MAX = 5_000;
const PIECE_BYTES = 512 * 1024;
/** Snapshots are stored at most so fast: servers keep several copies of them. */
const SNAPSHOT_BYTES_PER_MS = 4_000;
const SLICES = 8;
const CLAIMS_AT_ONCE = 8;
const STOP_TICKS_MS = 20_000;

interface RunningGroup<SinkItems> {
  readonly work: GroupWork<SinkItems>;
  readonly reader: GroupReader;
  /** The fleet is told one thing after the other. */
  telling: Promise<void>;
  saved: number;
}
interface RunningFleet<SinkItems> {
  readonly work: FleetWork<SinkItems>;
  readonly close: () => Promise<void>;
  saved: number;
}

/** Somebody else has what was ours. */
class LostUnit extends Error {}

/**
 * One of several processes that share the 64 groups and the work over the fleet.
 *
 * Who has what follows from who is there (`assignUnits`); units go from hand to hand through their keys: the one who has to
 * give one up stops reading, waits until all it has written is durable, tells the fleet, stores the state and lets go of the
 * key; the other one takes the key, loads and reads on. Of one that died, others take over what its last snapshots hold and
 * read the rest again: rows replace themselves, what the fleet was told is not told again.
 */
export async function startClusterWorker<SinkItems>(options: ClusterWorkerOptions<SinkItems>): Promise<ClusterWorker> {
  const { bus, keys, log, clock, worker, incarnation, say, tell, sinks, own } = options;
  const silence_max_ms = Math.max(1_500, options.lease);
  const view = new ClusterView(clock);
  const membership = new Membership({ ...options, view });
  const store = new UnitStore({ ...options, view });
  const groups = new Map<number, RunningGroup<SinkItems>>();
  let fleet: RunningFleet<SinkItems> | null = null;
  /** Units that are coming or going. */
  const moving = new Set<number>();
  const stopping = new AbortController();
  /** Lives of workers that are over. */
  const ended = new Map<string, true>();
  let leaving = false;
  let lost = false;
  let rounds = 0;
  let wake: () => void = () => undefined;
  let changed: () => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  const lose = (why: string): void => {
    if (lost || stopping.signal.aborted) return;
    lost = true;
    stopping.abort();
    for (const { reader } of groups.values()) void reader.stop();
    void fleet?.work.stop();
    options.onLost(why);
  };
  const onFailure = (error: unknown): void => {
    if (stopping.signal.aborted) return;
    if (error instanceof LostUnit) lose(error.message);
    // Another stream, or the bus does not do what is asked: everything begins anew from what is stored.
    else if (error instanceof VitalsError && /^GV-(SNP-002|BUS-00\d)$/.test(error.code)) {
      tell(error);
      lose(error.message);
    } else fail(error);
  };
  const flush = async (): Promise<void> => {
    const all = Object.values(sinks) as readonly { flush(): Promise<void> }[];
    await Promise.all(all.map((sink) => sink.flush()));
  };

  const silence = (): boolean => clock.monotonic() - view.heard_at > silence_max_ms;
  /** Follows the keys; begins anew when nothing is heard, not even our own beats. */
  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      const following = new AbortController();
      const check = setInterval(() => {
        if (silence() || stopping.signal.aborted) following.abort();
      }, TICK_MS);
      view.heard_at = clock.monotonic();
      await view.follow(keys, following.signal, () => changed()).catch(() => undefined);
      clearInterval(check);
      if (!stopping.signal.aborted) await pause(TICK_MS);
    }
  }

  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  const guard = setInterval(() => {
    if (!own.held()) lose('its lease could not be renewed in time');
  }, TICK_MS);

  // ---- what is ours ----

  async function tellOnce({ work }: RunningGroup<SinkItems>): Promise<void> {
    const untold = work.untold();
    if (untold === null) return;
    for (const piece of encodePart(untold, PIECE_BYTES)) {
      for (let at: number | null = null; at === null; ) {
        if (!own.held()) throw new LostUnit('its lease could not be renewed in time');
        at = await log.append(work.group, piece, work.told_at);
        if (at !== null) {
          work.told_at = at;
          break;
        }
        const last = await log.last(work.group);
        const by = last === null ? null : decodePart(last.data);
        if (by !== null && by.epoch > work.owned.epoch) throw new LostUnit(`${unitName(work.group)} is in other hands`);
        work.told_at = last?.position ?? 0;
      }
    }
  }
  function tellFleet(running: RunningGroup<SinkItems>): Promise<void> {
    const telling = running.telling.then(() => tellOnce(running));
    running.telling = telling.catch(() => undefined);
    return telling;
  }

  async function saveGroup(running: RunningGroup<SinkItems>, saved = running.work.state.save()): Promise<boolean> {
    const { work } = running;
    if (saved.position === running.saved) return true;
    if (!(await store.save(work.owned, saved, stream, 0))) return false;
    running.saved = saved.position;
    return true;
  }
  async function saveFleet(running: RunningFleet<SinkItems>): Promise<boolean> {
    const { saved, read_from } = running.work.save();
    if (saved.position === running.saved) return true;
    await running.work.wired.flush();
    if (!(await store.save(running.work.owned, saved, stream, read_from))) return false;
    running.saved = saved.position;
    return true;
  }

  let stream = '';
  interface StreamPlace {
    readonly created: string;
    readonly last_position: number;
  }
  async function claim(unit: number, seen: SeenUnit, at: StreamPlace): Promise<void> {
    const owned = await store.claim(unit, seen);
    if (owned === null) return;
    if (unit === FLEET_UNIT) await startFleet(owned, at);
    else await startGroup(owned, at);
    wake();
  }

  async function startGroup(owned: OwnedUnit, at: StreamPlace): Promise<void> {
    const topology = splitTopology(options.topology()).groups;
    const loaded = await store.load(owned, at, topologyStateSpecs(topology));
    const last = await log.last(owned.unit);
    const part = last === null ? null : decodePart(last.data);
    if (!own.held() || stopping.signal.aborted) return;
    const work = new GroupWork<SinkItems>({
      owned,
      topology,
      sinks,
      state: loaded?.state ?? null,
      stream,
      told: { to: part?.stream === stream ? part.to : 0, at: last?.position ?? 0 },
      future_max: options.future_max,
      clock,
    });
    const { position } = work;
    const reader = groupReader({
      bus,
      group: owned.unit,
      position,
      silence_max_ms,
      onReady: () => wake(),
      onFailure,
    });
    groups.set(owned.unit, { work, reader, telling: Promise.resolve(), saved: position });
  }

  async function startFleet(owned: OwnedUnit, at: StreamPlace): Promise<void> {
    const whole = options.topology();
    const loaded = await store.load(owned, at, fleetStateSpecs(whole));
    const fleetSinks = options.fleetSinks();
    const strays = strayRelay(bus, stream, tell);
    const work = new FleetWork<SinkItems>({
      owned,
      bus,
      log,
      topology: splitTopology(whole).fleet,
      sinks: fleetSinks,
      state: loaded?.state ?? null,
      stream,
      read_from: loaded?.snapshot.read_from ?? 1,
      strays,
      silence_max_ms,
      clock,
      tell,
    });
    work.done.catch(onFailure);
    const close = async (): Promise<void> => {
      await work.wired.close();
      await strays.close();
    };
    fleet = { work, close, saved: work.position };
  }

  /** Stops, makes everything durable, stores, lets go. */
  async function handOver(units: readonly number[]): Promise<void> {
    const began = clock.monotonic();
    const going = units.flatMap((unit) => groups.get(unit) ?? []);
    await Promise.all(going.map(({ reader }) => reader.stop()));
    for (const { work } of going) groups.delete(work.group);
    await Promise.all([flush(), saving, ...going.map((running) => tellFleet(running))]);
    await eachOf(going, async (running) => {
      if (!(await saveGroup(running)) || !(await store.release(running.work.owned))) {
        throw new LostUnit(`${unitName(running.work.group)} is in other hands`);
      }
    });
    const gone = fleet;
    if (units.includes(FLEET_UNIT) && gone !== null) {
      await gone.work.stop();
      fleet = null;
      if (!(await saveFleet(gone))) throw new LostUnit('the fleet is in other hands');
      await gone.close();
      await store.release(gone.work.owned);
    }
    const what = [going.length > 0 ? `${going.length} groups` : '', gone !== null && fleet === null ? 'the fleet' : ''];
    const took = (clock.monotonic() - began).toFixed(0);
    say(`cluster: ${worker} handed ${what.filter((text) => text !== '').join(' and ')} over in ${took} ms`);
  }

  async function eachOf<T>(list: readonly T[], one: (item: T) => Promise<void>): Promise<void> {
    const queue = [...list];
    const lane = async (): Promise<void> => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await one(item);
    };
    await Promise.all(Array.from({ length: CLAIMS_AT_ONCE }, lane));
  }

  const ours = (unit: number): boolean => (unit === FLEET_UNIT ? fleet !== null : groups.has(unit));
  const move = (units: readonly number[], how: () => Promise<void>): void => {
    for (const unit of units) moving.add(unit);
    how()
      .catch(onFailure)
      .finally(() => {
        for (const unit of units) moving.delete(unit);
        changed();
      });
  };
  /** Compares what is with what should be, and moves what differs. */
  async function arrange(): Promise<void> {
    const buried = await membership.bury();
    for (const name of buried) say(`cluster: ${name} was silent for ${options.lease} ms, its groups are taken over`);
    const plan = assignUnits(membership.names());
    const give: number[] = [];
    /** As they were when they were found to be free: they are taken from there or not at all. */
    const free = new Map<number, SeenUnit>();
    plan.forEach((owner, unit) => {
      if (moving.has(unit)) return;
      if (ours(unit)) {
        if (leaving || (owner !== null && owner !== worker)) give.push(unit);
        return;
      }
      const seen = view.unit(unit);
      const { record } = seen;
      // Taken, and then something went wrong.
      const stuck = record.holder === worker && record.incarnation === incarnation;
      const nobodys = record.holder === '' || !membership.alive(record.holder, record.incarnation);
      if (stuck || (nobodys && owner === worker && !leaving)) free.set(unit, seen);
    });
    for (const [unit, { record }] of free) {
      const { holder, incarnation: life } = record;
      if (holder === '' || life === incarnation) continue;
      const name = `${holder} ${life}`;
      const over = ended.get(name) ?? (await membership.isOver(holder, life));
      // It never comes back.
      if (over) ended.set(name, true);
      else free.delete(unit);
    }
    const take = [...free.keys()];
    if (give.length > 0) move(give, () => handOver(give));
    if (take.length === 0) return;
    move(take, async () => {
      const began = clock.monotonic();
      const before = take.filter(ours).length;
      options.beforeUnits?.();
      const { created = '', last_position } = await bus.streamState('DCGM_RAW');
      stream = created;
      await eachOf([...free], ([unit, seen]) => claim(unit, seen, { created, last_position }));
      const mine = [...take.flatMap((unit) => groups.get(unit) ?? []), ...(fleet === null ? [] : [fleet])];
      void store.clear(mine.map(({ work }) => work.owned)).catch(() => undefined);
      const taken = take.filter(ours).length - before;
      const took = (clock.monotonic() - began).toFixed(0);
      if (taken > 0) say(`cluster: ${worker} took ${taken} units in ${took} ms`);
    });
  }

  // ---- loops ----

  async function arrangeAll(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if (own.held()) await arrange();
      } catch (error) {
        if (error instanceof LostUnit) onFailure(error);
        // The bus is away: `held` ends by itself.
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, TICK_MS);
        changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async function pump(): Promise<void> {
    while (!stopping.signal.aborted) {
      let idle = true;
      for (const running of [...groups.values()]) {
        const { work, reader } = running;
        if (!reader.ready || !groups.has(work.group) || stopping.signal.aborted) continue;
        idle = false;
        work.push(reader.take(PUSH_MAX));
        const full = work.wired.pressure();
        if (full !== null) await full;
        if (work.untold_entries > UNTOLD_MAX) await tellFleet(running);
        await turn();
      }
      if (!idle) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  async function tellAll(): Promise<void> {
    while (!stopping.signal.aborted) {
      await Promise.all([...groups.values()].map((running) => tellFleet(running)));
      await pause(TELL_MS);
    }
  }

  /** One slice: the state of some groups, and the fleet's. Returns the bytes stored. */
  async function saveSlice(slice: number): Promise<number> {
    let bytes = 0;
    const copies = [...groups.values()]
      .filter(({ work, saved }) => work.group % SLICES === slice && work.position !== saved && !moving.has(work.group))
      .map((running) => ({ running, saved: running.work.state.save() }));
    if (copies.length > 0) await Promise.all([flush(), ...copies.map(({ running }) => tellFleet(running))]);
    for (const { running, saved } of copies) {
      const { group } = running.work;
      if (moving.has(group) || groups.get(group) !== running) continue;
      bytes += saved.columns.reduce((sum, { data }) => sum + data.byteLength, 0);
      if (!(await saveGroup(running, saved))) throw new LostUnit(`${unitName(group)} is in other hands`);
    }
    if (fleet !== null && !moving.has(FLEET_UNIT) && !(await saveFleet(fleet))) {
      throw new LostUnit('the fleet is in other hands');
    }
    return bytes;
  }
  /** Resolves when no state is being stored. */
  let saving: Promise<unknown> = Promise.resolve();
  async function saveAll(): Promise<void> {
    for (let slice = 0; !stopping.signal.aborted; slice = (slice + 1) % SLICES) {
      const slicing = saveSlice(slice);
      saving = slicing.catch(() => undefined);
      let bytes = 0;
      try {
        bytes = await slicing;
      } catch (error) {
        if (error instanceof LostUnit) throw error;
        if (stopping.signal.aborted) return;
        const action = 'The one before stays in use.';
        tell(new VitalsError('GV-SNP-001', 'a snapshot could not be stored', 'cluster', { action, cause: error }));
      }
      if (slice === SLICES - 1) rounds++;
      await pause(Math.max(options.snapshot_interval / SLICES, bytes / SNAPSHOT_BYTES_PER_MS));
    }
  }

  // ---- its life ----

  await view.load(keys);
  const followed = follow();
  say(`cluster: ${worker} is there`);
  const loops = [arrangeAll(), pump(), tellAll(), saveAll()];
  for (const loop of loops) loop.catch(onFailure);

  return {
    failed,
    get groups() {
      return [...groups.values()].map(({ work }) => work as unknown as GroupWork<never>);
    },
    get fleet() {
      return fleet?.work ?? null;
    },
    members: () => membership.names(),
    counters() {
      const sums = new Map<string, StepCounters>();
      const wired = [
        ...[...groups.values()].map(({ work }) => work.wired),
        ...(fleet === null ? [] : [fleet.work.wired]),
      ];
      for (const { id, kind, items_in, items_out, batches, busy_ms } of wired.flatMap(({ counters }) => counters)) {
        const sum = sums.get(id);
        if (sum === undefined) sums.set(id, { id, kind, items_in, items_out, batches, busy_ms });
        else {
          sum.items_in += items_in;
          sum.items_out += items_out;
          sum.batches += batches;
          sum.busy_ms += busy_ms;
        }
      }
      return [...sums.values()];
    },
    get watermark() {
      return Math.max(0, ...[...groups.values()].map(({ work }) => work.wired.watermark));
    },
    get gpus() {
      return [...groups.values()].reduce((sum, { work }) => sum + work.state.registry.size, 0);
    },
    get waiting() {
      return [...groups.values()].filter(({ reader }) => reader.ready).length;
    },
    get snapshots() {
      return rounds;
    },
    async stop() {
      leaving = true;
      const end = clock.monotonic() + STOP_TICKS_MS;
      changed();
      while (!lost && (groups.size > 0 || fleet !== null || moving.size > 0) && clock.monotonic() < end) {
        await pause(TICK_MS / 2);
      }
      stopping.abort();
      clearInterval(guard);
      wake();
      changed();
      await Promise.allSettled([followed, ...loops]);
    },
  };
}
