import { BEGAN, CLOCK_STATE, CLOCK_STEP, NOW } from '../../operators/core/fleet-clock.ts';
import { type GroupState, GroupStates, type SavedGroup } from '../../operators/core/group-state.ts';
import type { PickedLog } from '../bus/picked-log.ts';
import { createRoom } from '../bus/room.ts';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { GROUPS } from '../contract/ids.ts';
import type { Topology } from '../define-topology.ts';
import { type Sinks, type WiredTopology, wireTopology } from '../run-topology.ts';
import { FleetMerge } from './fleet-merge.ts';
import { decodePart } from './picked-parts.ts';
import type { StrayRelay } from './stray-relay.ts';
import type { OwnedUnit } from './unit-store.ts';

export interface FleetWorkOptions<SinkItems> {
  readonly owned: OwnedUnit;
  readonly bus: Bus;
  readonly log: PickedLog;
  /** The fleet's half. */
  readonly topology: Topology;
  readonly sinks: Sinks<SinkItems>;
  /** Null: it begins with the stream. */
  readonly state: GroupState | null;
  readonly stream: string;
  /** Where PICKED is read from. */
  readonly read_from: number;
  /** Hands on messages under subjects of no group. */
  readonly strays: Pick<StrayRelay, 'relay'>;
  readonly silence_max_ms: number;
  /** As for `FleetMerge`. */
  readonly held_max?: number;
  readonly clock: Clock;
  readonly tell: (error: VitalsError) => void;
}

/** Messages read ahead of what has passed. */
const WAITING_MAX = 100_000;
const PUSH_MESSAGES_MAX = 512;
const STALLED_MS = 10_000;
const LOOK_MS = 1_000;

/**
 * The steps over the fleet at work, on what groups of all workers tell. It reads of DCGM_RAW who has how many messages
 * where, without their data, and PICKED; what comes out is what one process would tell.
 */
export class FleetWork<SinkItems> {
  readonly owned: OwnedUnit;
  readonly states = new GroupStates();
  readonly wired: WiredTopology;
  /** Rejects when an invariant broke or the stream became another one; resolves after `stop`. */
  readonly done: Promise<void>;
  private readonly options: FleetWorkOptions<SinkItems>;
  private readonly merge: FleetMerge;
  private readonly stopping = new AbortController();
  private wake: () => void = () => undefined;
  /** Opens whenever something has passed, or nothing more can. */
  private readonly room = createRoom();
  /** Of PICKED from one place on. */
  private reading = new AbortController();

  constructor(options: FleetWorkOptions<SinkItems>) {
    const { owned, state, topology, sinks, clock, stream, held_max } = options;
    this.options = options;
    this.owned = owned;
    if (state !== null) this.states.fleet = state;
    this.wired = wireTopology<SinkItems>({ topology, states: this.states, sinks, clock });
    const { fleet } = this.states;
    const { clock: cells } = fleet.columns(CLOCK_STEP, CLOCK_STATE);
    this.merge = new FleetMerge({
      stream,
      ...(held_max === undefined ? {} : { held_max }),
      position: fleet.position,
      time: { began: cells[BEGAN] as number, now: cells[NOW] as number },
      delays: new Map(
        topology.nodes.flatMap((node) => (node.kind === 'fleet' ? [[node.id, node.operator.delay]] : [])),
      ),
      onHole: (group, from, to) => {
        const what = `group ${group} tells nothing of positions ${from + 1} to ${to}`;
        options.tell(new VitalsError('GV-CLU-003', what, 'PICKED'));
      },
    });
    const { signal } = this.stopping;
    this.done = Promise.race([this.readMessages(signal), this.readParts(), this.run(), this.watch()]).finally(() =>
      this.end(),
    );
    this.done.catch(() => undefined);
  }

  /** Position in DCGM_RAW up to which everything has gone through. */
  get position(): number {
    return this.states.fleet.position;
  }

  /** A copy of the state, and where PICKED has to be read from by whoever goes on with it. */
  save(): { readonly saved: SavedGroup; readonly read_from: number } {
    return { saved: this.states.fleet.save(), read_from: this.merge.read_from };
  }

  async stop(): Promise<void> {
    this.end();
    await this.done.catch(() => undefined);
  }

  private end(): void {
    this.stopping.abort();
    this.reading.abort();
    this.wake();
    this.room.open();
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async readMessages(signal: AbortSignal): Promise<void> {
    const { bus, silence_max_ms, strays } = this.options;
    let last = this.position;
    const asked = { stream: 'DCGM_RAW', from: last + 1, headers_only: true, silence_max_ms } as const;
    for await (const messages of bus.read(asked, signal)) {
      for (const { position } of messages) {
        if (position <= last) throw anotherStream(position, last);
        last = position;
      }
      const groups = messages.map(({ subject }) => groupToken(subject));
      // Before anything behind them may pass: whoever goes on from a state would not look at them again.
      await strays.relay(
        messages.flatMap(({ position }, n) => (groups[n] === -1 ? [position] : [])),
        signal,
      );
      if (this.stopped) return;
      messages.forEach(({ position }, n) => {
        this.merge.message(position, groups[n] as number);
      });
      this.wake();
      while (this.merge.waiting > WAITING_MAX && !this.stopped) await this.room.wait();
    }
  }

  private async readParts(): Promise<void> {
    for (let from = this.options.read_from; !this.stopped; from = this.merge.giveAgain()) {
      this.reading = new AbortController();
      await this.readPartsFrom(from, this.reading.signal);
      if (!this.reading.signal.aborted) return;
    }
  }

  private async readPartsFrom(from: number, signal: AbortSignal): Promise<void> {
    const { log, tell } = this.options;
    for await (const messages of log.read(from, signal)) {
      for (const { position, data } of messages) {
        const part = decodePart(data);
        if (part !== null) this.merge.part(part, position);
        else tell(new VitalsError('GV-CLU-003', `position ${position} cannot be read`, 'PICKED'));
      }
      this.wake();
      // While all wait for one group its word may lie behind those that there is no room for.
      while (this.merge.full && !this.merge.stuck && !this.stopped) await this.room.wait();
      if (signal.aborted) return;
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const push = this.merge.next(PUSH_MESSAGES_MAX);
      if (push === null) {
        if (this.merge.lacks) this.reading.abort();
        this.room.open();
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        continue;
      }
      this.wired.pushPicked(push.picked, push.time);
      this.states.fleet.position = push.position;
      this.room.open();
      const full = this.wired.pressure();
      if (full !== null) await full;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** A message that the stream has let go before its group read it will never be told of. */
  private async watch(): Promise<void> {
    const { clock, bus } = this.options;
    let since = { position: -1, at: 0 };
    while (!this.stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, LOOK_MS);
        const { signal } = this.stopping;
        function done(): void {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        }
        signal.addEventListener('abort', done, { once: true });
      });
      const waits = this.merge.waits_for;
      if (waits === null || waits.position !== since.position) {
        since = { position: waits?.position ?? -1, at: clock.monotonic() };
        continue;
      }
      if (clock.monotonic() - since.at < STALLED_MS) continue;
      const state = await bus.streamState('DCGM_RAW').catch(() => null);
      if (state === null || waits.position >= state.first_position || this.merge.lacks) continue;
      if (this.merge.waits_for?.position !== waits.position) continue;
      this.merge.skip();
      this.wake();
    }
  }
}

/** As the subject says; -1 where it names none: no worker reads that. */
function groupToken(subject: string): number {
  const token = subject.split('.', 3)[2] ?? '';
  return /^\d{2}$/.test(token) && Number(token) < GROUPS && subject.split('.', 4).length === 4 ? Number(token) : -1;
}

export const anotherStream = (position: number, last: number): VitalsError =>
  new VitalsError('GV-SNP-002', `position ${position} came after ${last}: the stream was made anew`, 'DCGM_RAW');
