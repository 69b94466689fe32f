import { encodeScrape } from '../contract/encode-scrape.ts';
import type { Attribution, Refusal } from '../contract/events.ts';
import { rawSubject } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import type { Scrape, ScrapedGpu, XidReport } from '../contract/scrape.ts';
import { WIRE_ROWS_MAX } from '../contract/wire-format.ts';

/** Who a row is about; every text may be empty but `uuid` and `node`. */
export interface RowIdentity {
  readonly node: string;
  readonly uuid: string;
  readonly instance: string;
  readonly model: string;
  readonly pci_bus_id: string;
  readonly serial: string;
  readonly slot: string;
}

/** What one record of an input says of one GPU at one instant. */
export interface ReadRow extends RowIdentity {
  readonly ts: number;
  /** METRIC_COUNT canonical values, NaN = missing. Copied, so that a reader can use one array for all rows. */
  readonly values: Float64Array;
  readonly xids: readonly XidReport[];
  readonly attribution: Attribution | null;
  readonly refusals: readonly Refusal[];
  readonly blanks: number;
  readonly unknown_metrics: number;
}

export interface ScrapeGrouper {
  /** Adds a row; rows of one (GPU, instance, instant) become one: values and texts of the first that has them. */
  row(row: ReadRow): void;
  /** Adds a refusal to a node's scrape, at the row's own instant where it has one, else at the last one known. */
  refuse(node: string, ts: number, refusal: Refusal): void;
  /** Counts metrics that the catalogue does not know, where there is no row to count them in. */
  countUnknown(node: string, ts: number, metrics: number): void;
  /** The messages that are complete. */
  take(): RawMessage[];
  /** Completes what is open. */
  end(): void;
}

export interface ScrapeGrouperOptions {
  /** Next position in the stream of messages, from 1. */
  readonly position: () => number;
  /** Goes into the messages as the publisher's start, epoch ms. */
  readonly boot_epoch: number;
  /** Instant of refusals before any row, epoch ms. */
  readonly start_ms: number;
}

interface OpenScrape {
  readonly node: string;
  readonly gpus: Map<string, OpenGpu>;
  readonly refusals: Refusal[];
  blanks: number;
  unknown_metrics: number;
}
type OpenGpu = { -readonly [K in keyof ScrapedGpu]: ScrapedGpu[K] } & {
  xids: XidReport[];
  attribution: Attribution[];
};

/** Rows of one instant over all nodes that are held at most; beyond, scrapes are cut. */
const OPEN_ROWS_MAX = 65_536;
const REFUSALS_MAX = 4_096;
const SPARE_ARRAYS_MAX = 1_024;

/**
 * Turns rows into scrapes: consecutive rows of one instant are grouped by node, and a row of another instant completes
 * them. So the order of the input is kept, and interleaved nodes still give one scrape each. State: one instant's rows.
 */
export function createScrapeGrouper(options: ScrapeGrouperOptions): ScrapeGrouper {
  const open = new Map<string, OpenScrape>();
  let instant = options.start_ms;
  let rows = 0;
  let complete: RawMessage[] = [];

  /** Arrays of encoded scrapes, used again: allocating them costs more than filling them. */
  const spare: Float64Array[] = [];
  const copyOf = (values: Float64Array): Float64Array => {
    const copy = spare.pop() ?? new Float64Array(values.length);
    copy.set(values);
    return copy;
  };
  const finish = (scrape: OpenScrape): void => {
    const position = options.position();
    const closed: Scrape = {
      node: scrape.node,
      ts: instant,
      boot_epoch: options.boot_epoch,
      sequence: position % 2 ** 32,
      gpus: [...scrape.gpus.values()],
      refusals: scrape.refusals,
      blanks: scrape.blanks,
      unknown_metrics: scrape.unknown_metrics,
    };
    complete.push({
      subject: rawSubject(scrape.node),
      data: encodeScrape(closed),
      content_type: 'application/vnd.gpu-vitals.scrape',
      position,
      arrived_at: instant,
      event_time: instant,
    });
    for (const gpu of scrape.gpus.values()) if (spare.length < SPARE_ARRAYS_MAX) spare.push(gpu.values);
  };
  const flush = (): void => {
    for (const scrape of open.values()) finish(scrape);
    open.clear();
    rows = 0;
  };
  const scrapeOf = (node: string, ts: number): OpenScrape => {
    if (ts !== instant || rows >= OPEN_ROWS_MAX) {
      flush();
      instant = ts;
    }
    let scrape = open.get(node);
    if (scrape !== undefined && (scrape.gpus.size >= WIRE_ROWS_MAX || scrape.refusals.length >= REFUSALS_MAX)) {
      finish(scrape);
      open.delete(node);
      scrape = undefined;
    }
    if (scrape === undefined) {
      scrape = { node, gpus: new Map(), refusals: [], blanks: 0, unknown_metrics: 0 };
      open.set(node, scrape);
    }
    return scrape;
  };

  return {
    row(row) {
      const scrape = scrapeOf(row.node, row.ts);
      scrape.blanks += row.blanks;
      scrape.unknown_metrics += row.unknown_metrics;
      for (const refusal of row.refusals) scrape.refusals.push(refusal);
      const key = row.instance === '' ? row.uuid : `${row.uuid}\u001f${row.instance}`;
      const known = scrape.gpus.get(key);
      if (known === undefined) {
        rows++;
        scrape.gpus.set(key, {
          uuid: row.uuid,
          instance: row.instance,
          model: row.model,
          pci_bus_id: row.pci_bus_id,
          serial: row.serial,
          slot: row.slot,
          ts: row.ts,
          values: copyOf(row.values),
          xids: [...row.xids],
          attribution: row.attribution === null ? [] : [row.attribution],
        });
      } else {
        merge(known, row);
      }
    },
    refuse(node, ts, refusal) {
      rows++;
      scrapeOf(node, Number.isNaN(ts) ? instant : ts).refusals.push(refusal);
    },
    countUnknown(node, ts, metrics) {
      scrapeOf(node, ts).unknown_metrics += metrics;
    },
    take() {
      const taken = complete;
      complete = [];
      return taken;
    },
    end: flush,
  };
}

/** The first value wins; what it lacked is filled, attributions and XIDs are collected. */
function merge(known: OpenGpu, row: ReadRow): void {
  const values = known.values;
  for (let m = 0; m < values.length; m++) {
    if (Number.isNaN(values[m] as number)) values[m] = row.values[m] as number;
  }
  known.model ||= row.model;
  known.pci_bus_id ||= row.pci_bus_id;
  known.serial ||= row.serial;
  known.slot ||= row.slot;
  for (const report of row.xids) {
    if (!known.xids.some((one) => one.xid === report.xid && one.kind === report.kind)) known.xids.push(report);
  }
  const who = row.attribution;
  if (who === null) return;
  const same = (one: Attribution): boolean =>
    one.job === who.job && one.pod === who.pod && one.namespace === who.namespace && one.container === who.container;
  if (!known.attribution.some(same)) known.attribution.push(who);
}
