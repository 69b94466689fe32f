import { GroupState, GroupStates } from '../../operators/core/group-state.ts';
import type { Clock } from '../clock.ts';
import { encodeScrape } from '../contract/encode-scrape.ts';
import { groupOf, rawSubject } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import { METRICS, type MetricSpec } from '../contract/metrics.ts';
import type { ScrapedGpu } from '../contract/scrape.ts';
import { hours, seconds } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import { type StepCounters, topologyStateSpecs, wireTopology } from '../run-topology.ts';
import { decodeSnapshot, encodeSnapshot } from '../snapshot-format.ts';

const NODE = 'rehearsal';
const BOARDS = 8;
const EVERY = seconds(10);
const LASTS = hours(1);
const PUSHED_AT_ONCE = 16;

/**
 * Runs the groups' half of a topology over an hour of made-up scrapes, and saves and restores its state. Nobody gets what it
 * finds: code that has never run is slow, and the first groups of a worker would wait for it. Answers what the steps have done.
 */
export function rehearse(topology: Topology, clock: Clock): readonly StepCounters[] {
  const states = new GroupStates();
  const wired = wireTopology<object>({ topology, states, sinks: {}, clock, picked: () => undefined });
  const scrapes = madeUpScrapes(clock.now() - LASTS);
  for (let at = 0; at < scrapes.length; at += PUSHED_AT_ONCE) wired.push(scrapes.slice(at, at + PUSHED_AT_ONCE));
  const saved = Buffer.concat(encodeSnapshot(states.get(groupOf(NODE)).save()));
  const again = decodeSnapshot(saved);
  if (typeof again !== 'string') GroupState.restore(again, topologyStateSpecs(topology));
  return wired.counters;
}

function madeUpScrapes(from: number): RawMessage[] {
  return Array.from({ length: LASTS / EVERY }, (_, round) => {
    const ts = from + round * EVERY;
    const gpus = Array.from({ length: BOARDS }, (_, board) => madeUpBoard(board, round, ts));
    const scrape = {
      node: NODE,
      ts,
      boot_epoch: from,
      sequence: round,
      gpus,
      refusals: [],
      blanks: 0,
      unknown_metrics: 0,
    };
    return {
      subject: rawSubject(NODE),
      data: encodeScrape(scrape),
      content_type: 'application/vnd.gpu-vitals.scrape',
      position: round + 1,
      arrived_at: ts,
      event_time: ts,
      clock: ts,
    };
  });
}

const madeUpBoard = (board: number, round: number, ts: number): ScrapedGpu => ({
  uuid: `GPU-00000000-0000-0000-0000-00000000000${board}`,
  instance: '',
  model: 'NVIDIA H100 80GB HBM3',
  pci_bus_id: `00000000:0${board}:00.0`,
  serial: '',
  slot: String(board),
  ts,
  values: Float64Array.from(METRICS, (metric, m) => madeUpValue(metric, m + board, round)),
  xids: [],
  attribution: [],
});

/** Gauges swing in the middle of their range, counters rise. */
const madeUpValue = ({ kind, min, max }: MetricSpec, phase: number, round: number): number =>
  kind === 'counter' ? Math.min(max, round * 10) : min + (max - min) * (0.5 + 0.2 * Math.sin(round / 7 + phase));
