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

/** What a healthy board reads at a load of 0..1; each column of CHAIN_METRICS has an entry. */
const AT_LOAD: Readonly<Record<string, (load: number) => number>> = {
  gpu_temp_celsius: (load) => 30 + 45 * load,
  memory_temp_celsius: (load) => 38 + 45 * load,
  temp_margin_celsius: (load) => 57 - 45 * load,
  power_watts: (load) => 90 + 600 * load,
  power_limit_watts: () => 700,
  energy_joules_total: (load) => 1e9 * (1 + load),
  sm_clock_mhz: () => 1_950,
  memory_clock_mhz: () => 2_619,
  gpu_util_ratio: (load) => load,
  memory_util_ratio: (load) => load / 2,
  encoder_util_ratio: () => 0,
  decoder_util_ratio: () => 0,
  fb_used_bytes: (load) => 7e10 * load,
  fb_free_bytes: (load) => 8e10 - 7e10 * load,
  fb_reserved_bytes: () => 6e8,
  pcie_tx_bytes_per_second: (load) => 2e9 * load,
  pcie_rx_bytes_per_second: (load) => 2e9 * load,
  nvlink_tx_bytes_per_second: (load) => 1e11 * load,
  nvlink_rx_bytes_per_second: (load) => 1e11 * load,
  nvlink_bandwidth_mb_per_second: (load) => 2e5 * load,
};

/** Usual readings of a node's GPUs, row by row: they share a job, and so nearly a load. */
export function usualReadings(fleet: ChainFleet, node: number): Float64Array {
  const from = draws(fleet.seed + node * 7_919);
  const values = new Float64Array(CHAIN_VALUES);
  const job = 0.2 + 0.7 * draw(from);
  for (let row = 0; row < GPUS_PER_NODE; row++) {
    const load = job + 0.04 * (draw(from) - 0.5);
    CHAIN_METRICS.forEach(({ name }, column) => {
      values[row * CHAIN_WIDTH + column] = (AT_LOAD[name] ?? ((share: number) => share))(load);
    });
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

const POWER = CHAIN_METRICS.findIndex(({ name }) => name === 'power_watts');
const ENERGY = CHAIN_METRICS.findIndex(({ name }) => name === 'energy_joules_total');

/** Moves the readings of a message in place: four columns a row around their usual values, and energy on. */
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
      const energy = row * CHAIN_WIDTH + ENERGY;
      values[energy] =
        (values[energy] as number) + ((usual[row * CHAIN_WIDTH + POWER] as number) * fleet.interval_ms) / 1_000;
    }
  };
}
