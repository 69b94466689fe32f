import { allAssets } from '../../sinks/questdb/read-assets.ts';
import { ALERT_FENCES } from '../contract/alert-epochs.ts';
import type { Alert } from '../contract/alerts.ts';
import { VitalsError } from '../contract/errors.ts';
import { causeId } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import { ALERTS_STREAM, type AlertTable, alertRow, alertTable } from './alert-table.ts';
import { openDeskMemory } from './buckets.ts';
import { type AlertDesk, alertDesk } from './desk.ts';
import { publishFigures } from './desk-figures.ts';
import { type DeskKeeper, deskKeeper } from './desk-keeper.ts';
import type { DeskCounters, RunDeskOptions, RunningDesk } from './desk-options.ts';
import type { DeskState } from './desk-state.ts';
import { deskStore } from './desk-store.ts';
import { followPeople } from './follow-people.ts';
import { handlingOf } from './handling.ts';
import { heldGroups } from './held-groups.ts';
import { keyLease } from './lease.ts';
import { followMaintenance } from './maintained-gpus.ts';
import { newestWords } from './newest-words.ts';
import { readAlert } from './read-alert.ts';
import { remembered } from './remembered.ts';
import { toldAgain } from './told-again.ts';

const LOOK_MS = 100;
const ATTEND_MS = 1_500;
const SETTLE_MS = 1_000;
/** Long enough for another process to take the desk from one that cannot read. */
const DEAF_MS = 3 * ATTEND_MS;
const STOP_MS = 5_000;
const CATCH_UP_MS = 60_000;

/** Everything that one who has the desk holds; gone when it is lost. */
interface Holding {
  readonly state: DeskState;
  readonly desk: AlertDesk;
  readonly table: AlertTable;
  readonly reading: AbortController;
  readonly read: Promise<void>;
  /** Position up to which nothing is told: what has been decided since may be lying there. */
  readonly until: number;
  readonly begun_at: number;
  readonly keeper: DeskKeeper;
  announced: boolean;
}

/**
 * The alert desk: reads stream ALERTS, decides, remembers what it decided before it tells (so that a kill repeats a message
 * with its id, at most), keeps the table. One of several processes is active at a time, the others wait for it to end.
 */
export async function runAlertDesk(options: RunDeskOptions): Promise<RunningDesk> {
  const { bus, clock, outbox, tell } = options;
  const memory = await openDeskMemory(bus);
  const store = deskStore(memory, causeId(options.holder));
  const lease = keyLease({
    kv: memory,
    key: 'lease',
    holder: options.holder,
    clock,
    ...(options.time_to_live === undefined ? {} : { time_to_live: options.time_to_live }),
  });
  const counts = { changed: 0, repeated: 0, refused: 0, notifications: 0 };
  let holding: Holding | null = null;
  let newest: ReadonlyMap<string, string> = new Map();
  let troubled = false;
  /** Whoever has the desk and cannot read lets go of it. */
  let deaf = false;
  /** Something was read since it was told last that reading failed. */
  let heard = true;
  /** Whether it was told. */
  const trouble = (cause: unknown): boolean => {
    // What the bus being away brings is told by its own part.
    const tells = !troubled && bus.connected;
    if (tells) tell(toldError(cause));
    troubled = true;
    return tells;
  };

  const people = await followPeople({
    bus,
    onHandling(handling, revision) {
      if (holding === null) return;
      holding.table.spoken(handling.alert_id, revision);
      holding.desk.worldChanged();
      tellRow(holding, handling.alert_id);
    },
    onSilence: () => holding?.desk.worldChanged(),
    onFailure: (cause) => tell(toldError(cause)),
  });
  const maintenance = await followMaintenance({
    bus,
    clock,
    seen: () => allAssets(options.database),
    onChange: () => holding?.desk.worldChanged(),
    onFailure: (cause) => tell(toldError(cause)),
  });
  const handling = (alert: Pick<Alert, 'id' | 'severity'>) => handlingOf(alert, people.handling.values.get(alert.id));

  async function take(): Promise<Holding> {
    const { state, revision, created, last_position, messages } = await remembered(store, bus, tell);
    const desk = alertDesk(
      {
        route: options.route,
        inhibitions: options.inhibitions,
        channels: options.channels,
        handling,
        silences: () => people.silences.values.values(),
        maintained: (alert) => maintenance.has(alert),
        console: options.console,
        simulated: options.simulated,
        newest: () => newest,
      },
      state,
    );
    const table = await alertTable({
      bus,
      memory,
      openSink: options.openSink,
      held: lease.held,
      database: options.database,
      handling,
      known: (id) => desk.alert(id) ?? (state.over.has(id) ? 'over' : null),
      stream: created,
    });
    table.begin(state.position);
    outbox.resume(heldGroups(state, { ...options, handling }, clock.now()));
    const keeper = deskKeeper({ store, outbox, clock, state, revision, onSent: () => counts.notifications++ });
    const reading = new AbortController();
    const taken: Holding = {
      state,
      desk,
      table,
      reading,
      read: read(state, desk, table, keeper, reading.signal).catch((cause: unknown) => {
        if (reading.signal.aborted) return;
        if (heard) heard = !trouble(cause);
        deaf = true;
      }),
      until: messages === 0 ? 0 : last_position,
      begun_at: clock.monotonic(),
      keeper,
      announced: false,
    };
    for (const { alert_id } of people.handling.values.values())
      table.spoken(alert_id, people.handling.revision(alert_id));
    return taken;
  }

  async function read(
    state: DeskState,
    desk: AlertDesk,
    table: AlertTable,
    keeper: DeskKeeper,
    signal: AbortSignal,
  ): Promise<void> {
    const one = ({ data, position, subject }: RawMessage): void => {
      // Another stream, made anew while we were reading: its positions begin again.
      if (position <= state.position) void renamed(state);
      state.position = position;
      // Who of a cluster may tell them lies between the alerts.
      if (subject.startsWith(ALERT_FENCES)) {
        table.write(null, position);
        return;
      }
      const alert = readAlert(data);
      const outcome = typeof alert === 'string' ? 'refused' : desk.take(alert, clock.now());
      counts[outcome]++;
      if (outcome === 'changed') keeper.changed();
      // A flood is not told, but it is in the table.
      const row = typeof alert === 'string' || outcome === 'repeated' ? null : (desk.alert(alert.id) ?? alert);
      table.write(row, position);
      if (row !== null) options.onRow({ ...alertRow(row, handling(row)), ...desk.quiet(row.id) });
    };
    for await (const batch of bus.read({ stream: ALERTS_STREAM, from: state.position + 1 }, signal)) {
      if (signal.aborted) return;
      for (const message of batch) one(message);
      heard = true;
    }
  }

  /** An open alert as it is now, to whoever listens. */
  function tellRow({ desk }: Holding, id: string): void {
    const alert = desk.alert(id);
    if (alert !== null) options.onRow({ ...alertRow(alert, handling(alert)), ...desk.quiet(id) });
  }

  async function renamed(state: DeskState): Promise<void> {
    await bus.streamState(ALERTS_STREAM).then(({ created = '' }) => Object.assign(state, { stream: created }), trouble);
  }

  async function drop(lost: Holding): Promise<void> {
    if (holding === lost) holding = null;
    lost.reading.abort();
    await lost.read;
  }

  /** Another one has it: what waits to be sent is in the memory that it goes on from. */
  async function lose(lost: Holding): Promise<void> {
    outbox.rest();
    lost.table.lose();
    await drop(lost);
  }

  let attended_at = Number.NEGATIVE_INFINITY;
  let settled_at = Number.NEGATIVE_INFINITY;
  let resting_until = Number.NEGATIVE_INFINITY;
  async function look(): Promise<void> {
    const now = clock.monotonic();
    if (deaf || options.cut_off?.() === true) {
      deaf = false;
      resting_until = now + DEAF_MS;
      if (holding !== null) await lose(holding);
      await lease.release();
    }
    if (now < resting_until) return;
    if (now - attended_at >= ATTEND_MS || !lease.held()) {
      attended_at = now;
      await lease.attend();
    }
    // It may have lapsed and been taken again meanwhile; what another one wrote in between is not in here.
    if (holding !== null && (holding.table.lost() || !lease.held())) await lose(holding);
    if (!lease.held()) return;
    holding ??= await take();
    const mine = holding;
    // The last message may have been deleted since it was the last.
    const caughtUp = mine.state.position >= mine.until || now - mine.begun_at > CATCH_UP_MS;
    if (caughtUp && !mine.announced) {
      mine.announced = true;
      options.onActive?.(mine.desk.open());
    }
    if (caughtUp && mine.desk.nextAt() <= clock.now()) {
      newest = await newestWords(options.database, toldAgain(mine.state, mine.desk.repeatOf, clock.now()));
      if (mine.desk.tick(clock.now()).length > 0) mine.keeper.changed();
      for (const id of mine.desk.takeQuietChanges()) tellRow(mine, id);
    }
    if (!(await mine.keeper.save())) {
      await lose(mine);
      return;
    }
    if (now - settled_at >= SETTLE_MS) {
      settled_at = now;
      mine.table.settle().catch(trouble);
      publishFigures(bus, counters(), {
        alerts_outbox_waiting: outbox.waiting,
        alerts_table_waiting: mine.table.waiting(),
        ...options.figures?.(),
      });
    }
    troubled = false;
  }

  const counters = (): DeskCounters => ({
    ...counts,
    active: holding !== null,
    open: holding?.desk.open().length ?? 0,
  });

  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let turn: Promise<void> = Promise.resolve();
  const next = (): void => {
    turn = look()
      .catch(trouble)
      .then(() => {
        if (!stopped) timer = setTimeout(next, LOOK_MS);
      });
  };
  next();

  return {
    counters,
    held: lease.held,
    over: (id) => holding?.desk.over(id) ?? false,
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await turn;
      const mine = holding;
      if (mine !== null) {
        await drop(mine);
        await mine.keeper.save({ at_once: true }).catch(trouble);
        await Promise.race([
          mine.table.settle().catch(trouble),
          new Promise((resolve) => setTimeout(resolve, STOP_MS).unref()),
        ]);
        await mine.table.close().catch(trouble);
      }
      await lease.release();
      await people.stop();
      await maintenance.stop();
    },
  };
}

const toldError = (cause: unknown): VitalsError =>
  cause instanceof VitalsError ? cause : new VitalsError('GV-BUS-002', String(cause), 'alert desk', { cause });
