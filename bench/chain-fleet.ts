import { METRICS, type Metric } from '../pipeline/contract/metrics.ts';
import type { Scrape } from '../pipeline/contract/scrape.ts';
import { draw, draws } from './fleet/random.ts';

/** The fleet that both chains carry: the same GPUs, readings and event times, whatever the form of the message. */
export interface ChainFleet {
  readonly gpus: number;
  /** Event time between two scrapes of a node, ms. */
  readonly interval_ms: number;
  /** Event time of the first scrape, epoch ms. */
  readonly start_ms: number;
  readonly seed: number;
}

export const GPUS_PER_NODE = 8;
/** The first of the catalogue: temperatures, power, clocks, utilisation, memory, profiling ratios, links. */
export const CHAIN_METRICS: readonly Metric[] = METRICS.slice(0, 25);
export const CHAIN_WIDTH = CHAIN_METRICS.length;
export const CHAIN_VALUES = GPUS_PER_NODE * CHAIN_WIDTH;
/** Columns whose readings move from scrape to scrape, and by how much; within the deviation that counts as none. */
const MOVING: readonly (readonly [column: number, amplitude: number])[] = [
  [0, 1],
  [3, 5],
  [6, 15],
  [8, 0.02],
];
const NOISE = 4_096;

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
export const nodeName = (node: number): string => `node-${pad(node, 5)}`;
export const gpuUuid = (node: number, slot: number): string =>
  `GPU-${(node * GPUS_PER_NODE + slot).toString(16).padStart(8, '0')}-7b3c-4f52-9d1e-${node.toString(16).padStart(12, '0')}`;
export const nodesOf = (fleet: ChainFleet): number => Math.ceil(fleet.gpus / GPUS_PER_NODE);

/** Event time of a node's scrape in a round: nodes are spread over the interval, so that times rise message by message. */
export const scrapeTime = (fleet: ChainFleet, round: number, node: number): number =>
  fleet.start_ms + round * fleet.interval_ms + Math.floor((node * fleet.interval_ms) / nodesOf(fleet));

const TYPICAL: Readonly<Record<string, readonly [number, number]>> = {
  C: [35, 75],
  W: [150, 650],
  J: [1e6, 1e9],
  MHz: [900, 1_900],
  ratio: [0.2, 0.8],
  bytes: [1e9, 7e10],
  'bytes/s': [1e8, 2e10],
  'MB/s': [1e3, 1e5],
};

/** Usual readings of a node's GPUs, row by row. */
export function usualReadings(fleet: ChainFleet, node: number): Float64Array {
  const from = draws(fleet.seed + node * 7_919);
  const values = new Float64Array(CHAIN_VALUES);
  for (let i = 0; i < CHAIN_VALUES; i++) {
    const [low, high] = TYPICAL[CHAIN_METRICS[i % CHAIN_WIDTH]?.unit ?? ''] ?? [0, 1];
    values[i] = low + draw(from) * (high - low);
  }
  return values;
}

/** A node's scrape with its usual readings, for encoding once. */
export function usualScrape(fleet: ChainFleet, node: number, boot_epoch: number): Scrape {
  const readings = usualReadings(fleet, node);
  const ts = scrapeTime(fleet, 0, node);
  return {
    node: nodeName(node),
    ts,
    boot_epoch,
    sequence: 0,
    gpus: Array.from({ length: GPUS_PER_NODE }, (_, slot) => {
      const values = new Float64Array(METRICS.length).fill(Number.NaN);
      values.set(readings.subarray(slot * CHAIN_WIDTH, (slot + 1) * CHAIN_WIDTH));
      return {
        uuid: gpuUuid(node, slot),
        instance: '',
        model: 'NVIDIA H100 80GB HBM3',
        pci_bus_id: `00000000:${pad(slot, 2)}:00.0`,
        serial: '',
        slot: String(slot),
        ts,
        values,
        xids: [],
        attribution: [],
      };
    }),
    refusals: [],
    blanks: 0,
    unknown_metrics: 0,
  };
}

/** Moves the readings of a message in place: four columns a row, around their usual values. */
export function readingMover(fleet: ChainFleet): (values: Float64Array, usual: Float64Array) => void {
  const from = draws(fleet.seed);
  const noise = Float64Array.from({ length: NOISE }, () => draw(from) * 2 - 1);
  let at = 0;
  return (values, usual) => {
    for (let row = 0; row < GPUS_PER_NODE; row++) {
      for (let m = 0; m < MOVING.length; m++) {
        const [column, amplitude] = MOVING[m] as readonly [number, number];
        const cell = row * CHAIN_WIDTH + column;
        at = (at + 1) & (NOISE - 1);
        values[cell] = (usual[cell] as number) + amplitude * (noise[at] as number);
      }
    }
  };
}
