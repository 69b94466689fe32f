import type { GroupStates } from '../../operators/core/group-state.ts';
import type { FleetEntry } from '../../operators/core/run-fleet.ts';
import type { Clock } from '../clock.ts';
import type { RawMessage } from '../contract/message.ts';
import type { Topology } from '../define-topology.ts';
import { LocalGroups } from '../local-groups.ts';
import { type Sinks, topologyStateSpecs, wireTopology } from '../run-topology.ts';
import type { SnapshotFiles } from '../snapshot-files.ts';
import type { StepTraces } from '../telemetry/step-traces.ts';
import { knownAssets } from '../write-inventory.ts';
import { unpackMessages } from './packed-messages.ts';
import {
  type AskShard,
  errorText,
  type FromShard,
  type Questions,
  type ShardPort,
  type ToShard,
} from './shard-messages.ts';

export interface ShardOptions<SinkItems> {
  readonly port: ShardPort<FromShard, ToShard>;
  /** The groups' half. */
  readonly topology: Topology;
  readonly states: GroupStates;
  readonly sinks: Sinks<SinkItems>;
  readonly files: SnapshotFiles;
  /** Id of the enrich step. */
  readonly enrich_step: string;
  readonly clock: Clock;
  readonly traces?: StepTraces | null;
}

type Answers = { readonly [Q in keyof Questions]: (asks: Questions[Q]['asks']) => Promise<Questions[Q]['answers']> };

/**
 * One part of an engine: the groups whose messages it is sent, with their state, sinks and snapshots. What it is told it
 * does one after the other; only flushing and writing go on beside that, as they do in an engine of one thread. After a
 * broken invariant it says so once and takes nothing more.
 */
export function runShard<SinkItems>(options: ShardOptions<SinkItems>): void {
  const { port, topology, states, traces = null } = options;
  let picked: Record<string, FleetEntry[]> = {};
  const wired = wireTopology<SinkItems>({
    ...options,
    picked: (step, entry) => {
      const entries = picked[step];
      if (entries === undefined) picked[step] = [entry];
      else entries.push(entry);
    },
  });
  const groups = new LocalGroups({ ...options, specs: topologyStateSpecs(topology), flush: () => wired.flush() });

  const poll = async (number: number, messages: readonly RawMessage[]): Promise<void> => {
    if (traces === null) wired.push(messages);
    else traces.around(messages, () => wired.push(messages));
    const full = wired.pressure();
    if (full !== null) await full;
    const counters = Float64Array.from(
      wired.counters.flatMap(({ items_in, items_out, batches, busy_ms }) => [items_in, items_out, batches, busy_ms]),
    );
    const text = JSON.stringify(picked);
    const gpus = states.all().reduce((sum, { registry }) => sum + registry.size, 0);
    // Cloned, not transferred: in a thread that has given an array away, access to any array is checked for that.
    port.post({ kind: 'polled', number, picked: text, counters, watermark: wired.watermark, gpus });
    picked = {};
  };

  const answers: Answers = {
    async restore({ groups: kept, taken }) {
      states.fleet.position = taken;
      return groups.restore(kept);
    },
    async flush() {
      await groups.flush();
      return null;
    },
    async write() {
      await groups.write();
      return null;
    },
    assets: async (assets) => knownAssets(states, options.enrich_step, assets),
    async close() {
      await wired.close();
      return null;
    },
  };
  const answer = async ({ kind, id, asks }: AskShard): Promise<void> => {
    try {
      port.post({ kind: 'answer', id, answer: await (answers[kind] as (asks: unknown) => Promise<unknown>)(asks) });
    } catch (error) {
      port.post({ kind: 'refusal', id, why: errorText(error) });
    }
  };

  const take = (message: ToShard): Promise<void> | undefined => {
    switch (message.kind) {
      case 'poll':
        return poll(message.number, unpackMessages(message.messages));
      case 'reset':
        groups.reset();
        return;
      case 'copy':
        groups.copy(message.group);
        return;
      case 'start_over':
        groups.startOver();
        return;
      case 'rewind':
        groups.rewind(message.position);
        return;
      case 'flush':
      case 'write':
        void answer(message);
        return;
      default:
        return answer(message);
    }
  };
  let before: Promise<void> = Promise.resolve();
  let failed = false;
  port.listen((message) => {
    before = before.then(async () => {
      if (failed) return;
      try {
        await take(message);
      } catch (error) {
        failed = true;
        port.post({ kind: 'failed', why: errorText(error) });
      }
    });
  });
}
