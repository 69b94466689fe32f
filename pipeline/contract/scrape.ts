import type { Attribution, Refusal } from './events.ts';

/**
 * Everything one node reported at one instant, normalised: what every way in (exposition text, JSON, CSV, nvidia-smi logs,
 * the simulator's history) turns into, and what the binary format carries. One entry per GPU or MIG instance.
 */
export interface Scrape {
  readonly node: string;
  /** Event time, epoch ms: the scrape's start. */
  readonly ts: number;
  /** When the publisher started, epoch ms, and its message count since: together with the node a unique message id. */
  readonly boot_epoch: number;
  readonly sequence: number;
  readonly gpus: readonly ScrapedGpu[];
  readonly refusals: readonly Refusal[];
  /** The code of the error that the collector got instead of a page: the node was asked, and no row says so. */
  readonly unanswered?: string;
  /** Plain blanks and unknown metrics: counted, no dead letters. */
  readonly blanks: number;
  readonly unknown_metrics: number;
}

/** What of a scrape is neither a value nor refused. */
export type PassedOver = Pick<Scrape, 'blanks' | 'unknown_metrics'>;

export interface ScrapedGpu {
  readonly uuid: string;
  /** MIG's GPU_I_ID; empty for the whole board. */
  readonly instance: string;
  readonly model: string;
  readonly pci_bus_id: string;
  readonly serial: string;
  /** The exporter's `gpu` label: where on the node, never who. */
  readonly slot: string;
  /** Event time of this row when the sample carried its own; else the scrape's. */
  readonly ts: number;
  /** METRIC_COUNT canonical values in catalogue order, NaN = missing. */
  readonly values: Float64Array;
  readonly xids: readonly XidReport[];
  /** Every pod or job that the sample was repeated under. */
  readonly attribution: readonly Attribution[];
}

/** An XID besides the latched gauge. */
export interface XidReport {
  readonly xid: number;
  /** `event`: it happened at this instant. `window_count`: the exporter's sliding-window count, an event when it rises. */
  readonly kind: 'event' | 'window_count';
  readonly count: number;
}
