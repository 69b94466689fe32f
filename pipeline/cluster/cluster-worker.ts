import { VitalsError } from '../contract/errors.ts';
import type { StepCounters } from '../run-topology.ts';
import { assignUnits } from './assign-units.ts';
import type { ClusterWorkerOptions } from './cluster-options.ts';
import { ClusterView, type SeenUnit } from './cluster-view.ts';
import { eachOf } from './each-of.ts';
import type { FleetWork } from './fleet-work.ts';
import type { GroupWork } from './group-work.ts';
import { HeldUnits, SLICES } from './held-units.ts';
import { LostUnit, NOT_HEARD } from './lost-unit.ts';
import { Membership } from './membership.ts';
import { seenEndOf } from './unit-record.ts';
import { UnitStore } from './unit-store.ts';

export interface ClusterWorker {
  readonly groups: readonly GroupWork<never>[];
  readonly fleet: Pick<FleetWork<never>, 'position'> | null;
  /** Position of the oldest message that waits for one of its groups; null when none does. */
  readonly waits_from: number | null;
  /** Names of the workers that are here. */
  members(): readonly string[];
  counters(): readonly StepCounters[];
  readonly watermark: number;
  readonly gpus: number;
  readonly snapshots: number;
  /** Rejects when an invariant broke. */
  readonly failed: Promise<never>;
  /** Hands everything over. Its lease is to say before that it leaves, and is to end after. */
  stop(): Promise<void>;
}

const TICK_MS = 50;
const TELL_MS = 50;
/** Snapshots are stored at most so fast: servers keep several copies of them. */
const SNAPSHOT_BYTES_PER_MS = 4_000;
const HAND_OVER_MAX_MS = 20_000;
/** Who cannot give or take for so long is worse than nobody: its units are nobody's, and everybody waits for it. */
const MOVE_MAX_MS = 30_000;
/** What dead owners have left is looked for when it is calm again. */
const CLEAR_AFTER_MS = 5_000;
/** Whoever refuses refuses at once, and each time we go to another server. */
const REFUSED_PAUSE_MS = 500;
const TAKEN_AT_ONCE = 32;
const TAKEN_MAX_MS = 500;
const TAKEN_LOOK_MS = 5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * One of several processes that share the 64 groups and the work over the fleet.
 *
 * Who has what follows from who is there (`assignUnits`); units go from hand to hand through their keys: the one who has to
 * give one up stops reading, waits until all it has written is durable, tells the fleet, stores the state and lets go of the
 * key; the other one takes the key, loads and reads on. Of one that died, others take over what its last snapshots hold and
 * read the rest again: rows replace themselves, what the fleet was told is not told again.
 */
export async function startClusterWorker<SinkItems>(options: ClusterWorkerOptions<SinkItems>): Promise<ClusterWorker> {
  const { bus, keys, clock, worker, incarnation, say, tell, own, silence_max_ms } = options;
  const view = new ClusterView(clock);
  const membership = new Membership({ ...options, view });
  const store = new UnitStore({ ...options, view });
  const stopping = new AbortController();
  const { signal } = stopping;
  /** Lives of workers that are over. */
  const ended = new Map<string, true>();
  let leaving = false;
  let lost = false;
  let rounds = 0;
  let clearing: NodeJS.Timeout | null = null;
  let changed: () => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  const lose = (why: string): void => {
    if (lost || signal.aborted) return;
    lost = true;
    stopping.abort();
    held.drop();
    options.onLost(why);
  };
  const onFailure = (error: unknown): void => {
    if (signal.aborted) return;
    if (error instanceof LostUnit) lose(error.message);
    // Another stream, or the bus does not do what is asked: everything begins anew from what is stored.
    else if (error instanceof VitalsError && /^GV-(SNP-002|BUS-00\d)$/.test(error.code)) {
      tell(error);
      lose(error.message);
    } else fail(error);
  };
  async function taken(unit: number): Promise<void> {
    const end = clock.monotonic() + TAKEN_MAX_MS;
    while (!signal.aborted && view.unit(unit).record.holder === '' && clock.monotonic() < end) {
      if (membership.names().every((name) => name === worker)) return;
      await pause(TAKEN_LOOK_MS);
    }
  }
  const held = new HeldUnits<SinkItems>({ worker: options, store, stopping: signal, onFailure, taken });
  const guard = setInterval(() => {
    if (!own.held()) lose(NOT_HEARD);
  }, TICK_MS);

  /** The keys as they stand, from whichever server gives them: others hand us their units from now on. */
  async function loadView(): Promise<void> {
    const stuck = setTimeout(() => lose(`the keys did not come within ${MOVE_MAX_MS / 1_000} s`), MOVE_MAX_MS);
    let told = false;
    while (!signal.aborted) {
      let waiting: NodeJS.Timeout | undefined;
      const silence = new Promise<'silence'>((resolve) => {
        waiting = setTimeout(resolve, silence_max_ms, 'silence');
      });
      try {
        if ((await Promise.race([view.load(keys), silence])) !== 'silence') break;
      } catch (cause) {
        if (!told) tell(cause instanceof VitalsError ? cause : new VitalsError('GV-BUS-002', String(cause), 'cluster'));
        told = true;
        await pause(REFUSED_PAUSE_MS);
      } finally {
        clearTimeout(waiting);
      }
      if (!signal.aborted) options.onSilence?.();
    }
    clearTimeout(stuck);
  }

  /** Follows the keys; begins anew when nothing is heard, not even our own beats. */
  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const following = new AbortController();
      const check = setInterval(() => {
        const silent = clock.monotonic() - view.heard_at > silence_max_ms;
        if (!signal.aborted && !silent) return;
        if (silent && !following.signal.aborted) options.onSilence?.();
        following.abort();
      }, TICK_MS);
      view.heard_at = clock.monotonic();
      await view.follow(keys, following.signal, () => changed()).catch(() => undefined);
      clearInterval(check);
      if (!signal.aborted) await pause(TICK_MS);
    }
  }

  const move = (units: readonly number[], how: () => Promise<void>): void => {
    for (const unit of units) held.moving.add(unit);
    const stuck = setTimeout(() => {
      if (!leaving) lose(`${units.length} units did not move within ${MOVE_MAX_MS / 1_000} s`);
    }, MOVE_MAX_MS);
    how()
      .catch(onFailure)
      .finally(() => {
        clearTimeout(stuck);
        for (const unit of units) held.moving.delete(unit);
        changed();
      });
  };
  async function handOver(units: readonly number[]): Promise<void> {
    const began = clock.monotonic();
    await held.handOver(units);
    say(`cluster: ${worker} handed ${units.length} units over in ${(clock.monotonic() - began).toFixed(0)} ms`);
  }
  /** Compares what is with what should be, and moves what differs. */
  async function arrange(): Promise<void> {
    // Whoever has just been cut off, or all of NATS was, gives the others the time to be heard again.
    const steady = own.steady_ms() >= options.lease;
    const buried = steady ? await membership.bury() : [];
    for (const name of buried) say(`cluster: ${name} was silent for its whole lease, its groups are taken over`);
    held.readAhead(steady ? membership.likelyOurs() : []);
    const plan = assignUnits(membership.names());
    const give: number[] = [];
    /** As they were when they were found to be free: they are taken from there or not at all. */
    const free = new Map<number, SeenUnit>();
    plan.forEach((owner, unit) => {
      if (held.moving.has(unit)) return;
      if (held.has(unit)) {
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
      const before = take.filter((unit) => held.has(unit)).length;
      const seen = seenEndOf([...free.values()].map(({ record }) => record));
      const { created = '', last_position } = await bus.streamState('DCGM_RAW', seen);
      await eachOf([...free], TAKEN_AT_ONCE, ([unit, seen]) => held.claim(unit, seen, { created, last_position }));
      clearing ??= setTimeout(() => {
        clearing = null;
        void store.clear(held.owned).catch(() => undefined);
      }, CLEAR_AFTER_MS);
      const taken = take.filter((unit) => held.has(unit)).length - before;
      const took = (clock.monotonic() - began).toFixed(0);
      if (taken > 0) say(`cluster: ${worker} took ${taken} units in ${took} ms`);
    });
  }

  async function arrangeAll(): Promise<void> {
    while (!signal.aborted) {
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

  async function tellAll(): Promise<void> {
    while (!signal.aborted) {
      await held.tellAll();
      await pause(TELL_MS);
    }
  }

  async function saveAll(): Promise<void> {
    for (let slice = 0; !signal.aborted; slice = (slice + 1) % SLICES) {
      let bytes = 0;
      try {
        bytes = await held.saveSlice(slice);
      } catch (error) {
        if (error instanceof LostUnit) throw error;
        if (signal.aborted) return;
        const action = 'The one before stays in use.';
        tell(new VitalsError('GV-SNP-001', 'a snapshot could not be stored', 'cluster', { action, cause: error }));
      }
      if (slice === SLICES - 1) rounds++;
      await pause(Math.max(options.snapshot_interval / SLICES, bytes / SNAPSHOT_BYTES_PER_MS));
    }
  }

  await loadView();
  const followed = follow();
  if (!lost) say(`cluster: ${worker} is there`);
  const loops = [arrangeAll(), held.pump(), tellAll(), saveAll()];
  for (const loop of loops) loop.catch(onFailure);

  return {
    failed,
    get groups() {
      return [...held.groups.values()].map(({ work }) => work as unknown as GroupWork<never>);
    },
    get fleet() {
      return held.fleet?.work ?? null;
    },
    get waits_from() {
      return held.waits_from;
    },
    members: () => membership.names(),
    counters: () => held.counters(),
    get watermark() {
      return Math.max(0, ...[...held.groups.values()].map(({ work }) => work.wired.watermark));
    },
    get gpus() {
      return [...held.groups.values()].reduce((sum, { work }) => sum + work.state.registry.size, 0);
    },
    get snapshots() {
      return rounds;
    },
    async stop() {
      leaving = true;
      const end = clock.monotonic() + HAND_OVER_MAX_MS;
      changed();
      while (!lost && (held.owned.length > 0 || held.moving.size > 0) && clock.monotonic() < end) {
        await pause(TICK_MS / 2);
      }
      stopping.abort();
      clearInterval(guard);
      if (clearing !== null) clearTimeout(clearing);
      changed();
      await Promise.allSettled([followed, ...loops]);
    },
  };
}
