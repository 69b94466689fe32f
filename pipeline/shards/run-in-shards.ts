import { BEGAN, CLOCK_STATE, CLOCK_STEP } from '../../operators/core/fleet-clock.ts';
import type { GroupStates, SavedGroup } from '../../operators/core/group-state.ts';
import type { FleetEntry, FleetTime } from '../../operators/core/run-fleet.ts';
import { advanceClock } from '../advance-clock.ts';
import type { Clock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';
import type { RawMessage } from '../contract/message.ts';
import type { Sink } from '../contract/ports.ts';
import type { DurationMs } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import { groupOfSubject } from '../group-of-subject.ts';
import { type Picked, type Sinks, wireTopology } from '../run-topology.ts';
import type { RunningTopology } from '../running-topology.ts';
import type { KnownAsset } from '../write-inventory.ts';
import { buffersOf, type ClockedMessage, packMessages } from './packed-messages.ts';
import { pollsUnderWay } from './polls-under-way.ts';
import { ShardGroups, shardOf } from './shard-groups.ts';
import { ShardLink } from './shard-link.ts';
import type { FromShard, ShardPort, ShardProgress, ToShard } from './shard-messages.ts';
import { splitTopology } from './split-topology.ts';
import { sumCounters } from './sum-counters.ts';

export interface ShardsOptions<SinkItems> {
  readonly ports: readonly ShardPort<ToShard, FromShard>[];
  readonly topology: Topology;
  /** Holds what spans the groups; the groups themselves are with the shards. */
  readonly states: GroupStates;
  /** Of the fleet's half of the topology. */
  readonly sinks: Sinks<SinkItems>;
  /** Sinks that others write to, made durable and closed together with those. */
  readonly beside?: readonly Pick<Sink<never>, 'flush' | 'close'>[];
  /** As for `decode`. */
  readonly future_max: DurationMs | null;
  readonly clock: Clock;
}

export interface ShardedTopology extends RunningTopology {
  /** What the groups know of these boards. */
  knownAssets(assets: readonly Asset[]): Promise<readonly KnownAsset[]>;
}

/** Enough that no shard waits for its next messages while another one is still busy. */
const POLLS_MAX = 4;
const SUBJECTS_MAX = 262_144;

/**
 * A topology whose groups are spread over shards. Here the fleet's clock is noted in every message, messages go to the shard
 * of their group, and the steps over the fleet run on what all shards have picked of a push, push by push in order: what
 * comes out is what one thread would tell.
 */
export function runInShards<SinkItems>(options: ShardsOptions<SinkItems>): ShardedTopology {
  const { states, topology, beside = [] } = options;
  const halves = splitTopology(topology);
  const wired = wireTopology<SinkItems>({ ...options, topology: halves.fleet });
  const told: (ShardProgress | undefined)[] = options.ports.map(() => undefined);
  const underWay = pollsUnderWay((poll) => {
    wired.pushPicked(together(poll.picked), poll.time);
  });
  const links = options.ports.map(
    (port, shard) =>
      new ShardLink({
        port,
        onFailure: (error) => underWay.fail(error),
        onProgress(progress) {
          told[shard] = progress;
          underWay.answer(progress.number, shard, JSON.parse(progress.picked) as Picked);
        },
      }),
  );
  underWay.failed.catch((error: unknown) => {
    const gone = error instanceof VitalsError ? error : new VitalsError('GV-CLI-004', String(error), '');
    for (const link of links) link.abandon(gone);
  });
  const flush = async (): Promise<void> => {
    await Promise.all([wired.flush(), ...beside.map((sink) => sink.flush())]);
  };
  const groups = new ShardGroups({
    links,
    flush,
    taken: () => states.fleet.position,
    copyFleet(position) {
      const copy = (): SavedGroup => {
        const { fleet } = states;
        // While messages are read again that it has taken already, it stays ahead of them.
        fleet.position = Math.max(fleet.position, position, underWay.passed);
        return fleet.save();
      };
      return underWay.reached(position) ? copy() : underWay.until(() => underWay.reached(position)).then(copy);
    },
    onRewind: (position) => underWay.rewind(position),
  });
  const note = clockNoter(states, options.future_max);
  const groupsOf = new Map<string, number>();
  const groupOf = (subject: string): number => {
    let group = groupsOf.get(subject);
    if (group === undefined) {
      if (groupsOf.size >= SUBJECTS_MAX) groupsOf.clear();
      group = groupOfSubject(subject);
      groupsOf.set(subject, group);
    }
    return group;
  };

  return {
    groups,
    failed: underWay.failed,
    push(messages) {
      const parts: ClockedMessage[][] = links.map(() => []);
      let time: FleetTime | null = null;
      for (const message of messages) {
        const group = groupOf(message.subject);
        groups.feed(group, message.position);
        time = note.of(message);
        parts[shardOf(group, links.length)]?.push({ ...message, clock: time.now });
      }
      const [first, last] = [messages[0], messages.at(-1)];
      if (first === undefined || last === undefined || time === null) return;
      const asked = parts.filter((part) => part.length > 0).length;
      const number = underWay.begin({ first: first.position, last: last.position, time, asked });
      parts.forEach((part, shard) => {
        if (part.length === 0) return;
        const packed = packMessages(part);
        links[shard]?.post({ kind: 'poll', number, messages: packed }, buffersOf(packed));
      });
    },
    pressure() {
      const full = wired.pressure();
      const room = underWay.size < POLLS_MAX ? null : underWay.until(() => underWay.size < POLLS_MAX);
      return full === null ? room : Promise.all([full, room]).then(() => undefined);
    },
    settled: () => underWay.until(() => underWay.size === 0),
    get under_way() {
      return underWay.first;
    },
    get counters() {
      return sumCounters(topology, wired.counters, halves.groups, told);
    },
    get watermark() {
      return Math.max(0, ...told.map((progress) => progress?.watermark ?? 0));
    },
    get gpus() {
      return told.reduce((sum, progress) => sum + (progress?.gpus ?? 0), 0);
    },
    async knownAssets(assets) {
      return (await Promise.all(links.map((link) => link.ask('assets', assets)))).flat();
    },
    async close() {
      const closing = [...links.map((link) => link.ask('close', null)), wired.close()];
      await Promise.all([...closing, ...beside.map((sink) => sink.close())]);
      await Promise.all(links.map((link) => link.end()));
    },
  };
}

/** What the shards have picked, shard after shard: items of one node come from one of them. */
function together(parts: readonly (Picked | undefined)[]): Picked {
  const all: Record<string, FleetEntry[]> = {};
  for (const part of parts) {
    for (const [step, entries] of Object.entries(part ?? {})) {
      const list = all[step] ?? [];
      for (const entry of entries) list.push(entry);
      all[step] = list;
    }
  }
  return all;
}

/** Notes the fleet's clock of what is read; the fleet's own state has the clock of what went through. */
function clockNoter(states: GroupStates, future_max: DurationMs | null): { of(message: RawMessage): FleetTime } {
  const future_ms = future_max ?? Number.POSITIVE_INFINITY;
  let cells: Float64Array | null = null;
  return {
    of(message) {
      cells ??= Float64Array.from(states.fleet.columns(CLOCK_STEP, CLOCK_STATE).clock);
      const now = advanceClock(cells, message, future_ms);
      return { began: cells[BEGAN] as number, now };
    },
  };
}
