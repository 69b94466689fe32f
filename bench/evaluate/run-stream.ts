import { GroupStates } from '../../operators/core/group-state.ts';
import type { AssetBook } from '../../operators/enrich.ts';
import { Assets } from '../../pipeline/asset-book.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { RawMessage } from '../../pipeline/contract/message.ts';
import type { OptionalDetectors } from '../../pipeline/optional-detectors.ts';
import { wireTopology } from '../../pipeline/run-topology.ts';
import type { SinkItems } from '../../pipeline/topology.ts';
import { judgedTopology } from './judged-topology.ts';
import { createSinkLog, type SinkLog } from './sink-log.ts';

export interface StreamRun {
  /** Messages in the order of the stream; `until_ms` is the event time that they reach. */
  push(messages: readonly RawMessage[], until_ms: number): void;
  /** End of the input: what is told from time to time is told as it stands. */
  finish(): StreamEnd;
}

export interface StreamEnd {
  readonly log: SinkLog;
  readonly gpus: number;
  readonly rows: number;
  /** CPU seconds of the topology as a whole, collecting garbage included, and of its steps alone. */
  readonly cpu_s: number;
  readonly step_s: Readonly<Record<string, number>>;
}

/**
 * The whole topology with its defaults, in process, without services: nothing but messages and an inventory goes in.
 * `optional` (see loadOptional): what is off by default runs beside it, its anomalies kept apart.
 */
export function startStream(
  options: { readonly assets?: AssetBook | undefined; readonly optional?: OptionalDetectors | undefined } = {},
): StreamRun {
  let reached_ms = 0;
  let cpu_us = 0;
  const log = createSinkLog(() => reached_ms);
  const topology = judgedTopology({ assets: options.assets ?? new Assets(), optional: options.optional ?? null });
  const states = new GroupStates();
  const wired = wireTopology<SinkItems>({ topology, states, sinks: log.sinksFor(topology), clock: systemClock });
  const spend = (call: () => void): void => {
    const before = process.cpuUsage();
    call();
    const { user, system } = process.cpuUsage(before);
    cpu_us += user + system;
  };
  return {
    push(messages, until_ms) {
      if (until_ms > reached_ms) reached_ms = until_ms;
      spend(() => wired.push(messages));
    },
    finish() {
      spend(() => wired.finish(wired.watermark));
      return {
        log,
        gpus: new Set(states.all().flatMap(({ registry }) => registry.gpus.map(({ uuid }) => uuid))).size,
        rows: wired.counters.find(({ id }) => id === 'validate')?.items_out ?? 0,
        cpu_s: cpu_us / 1e6,
        step_s: Object.fromEntries(wired.counters.map(({ id, busy_ms }) => [id, busy_ms / 1_000])),
      };
    },
  };
}
