import { GroupStates } from '../../operators/core/group-state.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { RawMessage } from '../../pipeline/contract/message.ts';
import { wireTopology } from '../../pipeline/run-topology.ts';
import { defaultTopology, type SinkItems } from '../../pipeline/topology.ts';
import { createSinkLog, type SinkLog } from './sink-log.ts';

export interface StreamRun {
  /** Messages in the order of the stream; `until_ms` is the event time that they reach. */
  push(messages: readonly RawMessage[], until_ms: number): void;
  /** End of the input: what is told from time to time is told as it stands. */
  finish(): { readonly log: SinkLog; readonly gpus: number; readonly rows: number };
}

/** The whole topology with its defaults, in process, without services: nothing but messages goes in. */
export function startStream(): StreamRun {
  let reached_ms = 0;
  const log = createSinkLog(() => reached_ms);
  const topology = defaultTopology();
  const states = new GroupStates();
  const wired = wireTopology<SinkItems>({ topology, states, sinks: log.sinksFor(topology), clock: systemClock });
  return {
    push(messages, until_ms) {
      if (until_ms > reached_ms) reached_ms = until_ms;
      wired.push(messages);
    },
    finish() {
      wired.finish(wired.watermark);
      return {
        log,
        gpus: new Set(states.all().flatMap(({ registry }) => registry.gpus.map(({ uuid }) => uuid))).size,
        rows: wired.counters.find(({ id }) => id === 'validate')?.items_out ?? 0,
      };
    },
  };
}
