import type { OutgoingMessage } from '../../pipeline/contract/bus.ts';
import { rawSubject } from '../../pipeline/contract/ids.ts';
import { hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { createFleet, type Fleet } from '../fleet/fleet.ts';

/** What one node's exporter says of one instant. */
export interface InputPage {
  readonly node: string;
  readonly text: string;
}

/** One instant of the fleet. */
export interface InputTick {
  readonly ts: number;
  /** In the order in which the stream is to hold them. */
  readonly pages: readonly InputPage[];
  /** What other publishers put into the stream before this instant. */
  readonly foreign: readonly OutgoingMessage[];
}

export interface ChaosInput {
  readonly ticks: readonly InputTick[];
  /** A GPU that people tell something of while it goes on. */
  readonly told_gpu: string;
}

const INTERVAL = seconds(60);
const GPUS = 24;
const FLEET_SEED = 11;
/** Instants in one body: with less than two the collector would stamp it with its own time. */
export const TICKS_A_BODY = 4;
/** Other publishers speak this often, in ticks: between two bodies. */
const FOREIGN_EVERY = 6 * TICKS_A_BODY;
/** A stamped sample line: series, value, instant. */
const SAMPLE = /^(\S+\{.*\}) (\S+) (\d+)$/gm;

/**
 * The same telemetry for every run: exposition pages that carry their own times, with faults in them and values that no
 * board has, and now and then rows and rubbish of other publishers. `start_ms` is the first instant, epoch ms.
 */
export function chaosInput(options: { readonly ticks: number; readonly start_ms: number }): ChaosInput {
  const { start_ms } = options;
  const at = (tick: number): number => start_ms + tick * INTERVAL;
  const fleet = createFleet({
    gpus: GPUS,
    seed: FLEET_SEED,
    start_ms,
    interval_ms: INTERVAL,
    stories: [
      { story: 'straggler', gpu: 2, at_ms: at(5), duration_ms: minutes(20) },
      { story: 'nvswitch_domain', gpu: 8, at_ms: at(6), duration_ms: minutes(15) },
      { story: 'driver_hang', gpu: 16, at_ms: at(12), duration_ms: minutes(20) },
      { story: 'power_cap', gpu: 5, at_ms: at(30), duration_ms: minutes(50) },
      { story: 'cold_plate_decay', gpu: 15, at_ms: at(25), duration_ms: minutes(60) },
      { story: 'util_garbage', gpu: 13, at_ms: at(10), duration_ms: minutes(60) },
      { story: 'fallen_off_bus', gpu: 19, at_ms: at(40), duration_ms: minutes(40) },
    ],
  });
  // A page without host labels could not be told apart in a body of several nodes.
  const nodes = fleet.node_names.filter((node) => /[Hh]ostname="/.test(pageOf(fleet, node, start_ms) ?? ''));
  const ticks = Array.from({ length: options.ticks }, (_, tick) => ({
    ts: at(tick),
    pages: nodes.flatMap((node, n) => {
      const text = pageOf(fleet, node, at(tick));
      return text === null ? [] : [{ node, text: tick % 17 === n ? withNonsense(text) : text }];
    }),
    foreign: tick > 0 && tick % FOREIGN_EVERY === 0 ? foreignMessages(tick, at(tick)) : [],
  }));
  return { ticks, told_gpu: fleet.gpuUuids()[6] ?? '' };
}

const pageOf = (fleet: Fleet, node: string, ts: number): string | null =>
  fleet.exposition(node, ts, { timestamps: true });

/** The first temperature and the first power of a page are none. */
function withNonsense(text: string): string {
  let left = 2;
  return text.replace(SAMPLE, (line, series: string, _value: string, stamp: string) => {
    if (left === 0 || !/TEMP|POWER/i.test(series)) return line;
    left--;
    return `${series} ${left === 1 ? '-4000' : 'NaNsense'} ${stamp}`;
  });
}

/** Rows of another publisher, one of them far too late, and what cannot be read. */
function foreignMessages(tick: number, ts: number): OutgoingMessage[] {
  const row = { node: 'by-hand', gpu_uuid: 'GPU-by-hand', power_watts: 300 + (tick % 7) };
  const message = (name: string, node: string, type: string, data: string): OutgoingMessage => ({
    subject: rawSubject(node),
    data: Buffer.from(data),
    headers: { 'Content-Type': type, 'Event-Time': String(ts), 'Nats-Msg-Id': `foreign:${tick}:${name}` },
  });
  return [
    message('row', 'by-hand', 'application/json', JSON.stringify({ ts, ...row })),
    message('late', 'by-hand', 'application/json', JSON.stringify({ ts: ts - hours(2), ...row })),
    message('nobody', 'broken', 'application/json', JSON.stringify({ ts, node: 'broken', power_watts: tick })),
    message('torn', 'broken', 'application/vnd.gpu-vitals.scrape', `GPVS and then nothing, ${tick}`),
  ];
}
