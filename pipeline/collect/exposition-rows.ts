import type { Attribution } from '../contract/events.ts';
import { METRIC_COUNT, METRICS, metricIndex } from '../contract/metrics.ts';
import type { ScrapedGpu, XidReport } from '../contract/scrape.ts';
import { FIRST_BLANK } from './check-value.ts';
import type { SeriesIdentity } from './exposition-labels.ts';
import { ALTERNATIVES, COLUMN_COUNT, COLUMN_DIV, COLUMN_MAX, COLUMN_MIN, COLUMN_MUL } from './exposition-names.ts';

/** Who a row is; everything else about it is gathered anew from each scrape. */
interface Row {
  readonly node: number;
  readonly uuid: string;
  readonly instance: string;
  model: string;
  pci_bus_id: string;
  serial: string;
  slot: string;
  attribution: Attribution[];
}

const XID_LAST = metricIndex('xid_last');
const XID_MAX = METRICS[XID_LAST]?.max ?? 0;
/** A GPU has a few users; more come from somebody who makes them up. */
const ATTRIBUTIONS_MAX = 1_000;
/** A ratio that was computed may come out a little above 1; percent of a GPU at work does not stay below this. */
const RATIO_MAX = 1.5;
const EMPTY = 0;
const TAKEN = 1;

/**
 * The rows of one scrape while it is read: a GPU or MIG instance each, in one matrix of rows x COLUMN_COUNT.
 *
 * The first sample of a (row, column) decides: what is repeated under other pods, or contradicts it, is not looked at.
 * Board-level readings that MIG repeats per instance stay with each instance; nothing is summed.
 */
export class ExpositionRows {
  #rows: Row[] = [];
  #index = new Map<string, number>();
  #values = new Float64Array(0);
  #state = new Uint8Array(0);
  #ts = new Float64Array(0);
  /** Rows of this scrape, in the order of their first known sample, and the scrape that last touched each row. */
  #touched: number[] = [];
  #stamp: number[] = [];
  /** By row, then by code. */
  #xids = new Map<number, Map<number, XidReport>>();
  /** Rows by node, once they are asked for. */
  #byNode: Map<number, number[]> | null = null;
  /** Sticky: once a reading was seen under a ratio's name that is none, this exporter sends percent. */
  #percent = false;
  /** Own times by cell, where samples carry one; whether a cell was told of two instants. */
  #told = new Map<number, number>();
  repeated = false;

  begin(): void {
    this.#touched = [];
    if (this.#xids.size > 0) this.#xids = new Map();
    this.#byNode = null;
    if (this.#told.size > 0) this.#told = new Map();
    this.repeated = false;
  }

  forget(): void {
    this.#rows = [];
    this.#index = new Map();
    this.#stamp = [];
    this.#values = new Float64Array(0);
    this.#state = new Uint8Array(0);
    this.#ts = new Float64Array(0);
  }

  /** Slot of the row that the labels name, on a node known by its slot. */
  slot(node: number, identity: SeriesIdentity): number {
    const key = JSON.stringify([node, identity.uuid, identity.instance]);
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    const { uuid, instance } = identity;
    const row =
      this.#rows.push({ node, uuid, instance, model: '', pci_bus_id: '', serial: '', slot: '', attribution: [] }) - 1;
    this.#index.set(key, row);
    this.#stamp.push(-1);
    if (this.#ts.length <= row) this.#grow(Math.max(8, row * 2));
    return row;
  }

  /** Must come before the first `put` of a series in a scrape: clears the row and adds what the labels tell. */
  touch(slot: number, identity: SeriesIdentity, stamp: number): void {
    const row = this.#rows[slot] as Row;
    if (this.#stamp[slot] !== stamp) {
      this.#stamp[slot] = stamp;
      this.#touched.push(slot);
      this.#values.fill(Number.NaN, slot * COLUMN_COUNT, (slot + 1) * COLUMN_COUNT);
      this.#state.fill(EMPTY, slot * COLUMN_COUNT, (slot + 1) * COLUMN_COUNT);
      this.#ts[slot] = Number.NaN;
      row.model = identity.model;
      row.pci_bus_id = identity.pci_bus_id;
      row.serial = identity.serial;
      row.slot = identity.slot;
      row.attribution = [];
    } else {
      row.model ||= identity.model;
      row.pci_bus_id ||= identity.pci_bus_id;
      row.serial ||= identity.serial;
      row.slot ||= identity.slot;
    }
    const user = identity.attribution;
    if (user === null || row.attribution.length >= ATTRIBUTIONS_MAX) return;
    if (!row.attribution.some((other) => same(other, user))) row.attribution.push(user);
  }

  /** Takes a reading that needs no second look; false leaves the cell taken and empty, for `settle` after a judgement. */
  put(slot: number, column: number, reading: number): boolean {
    const cell = slot * COLUMN_COUNT + column;
    if (this.#state[cell] === TAKEN) {
      if (column === XID_LAST) this.#anotherXid(slot, reading);
      return true;
    }
    this.#state[cell] = TAKEN;
    const value = (reading * (COLUMN_MUL[column] as number)) / (COLUMN_DIV[column] as number);
    if (reading < FIRST_BLANK && value >= (COLUMN_MIN[column] as number) && value <= (COLUMN_MAX[column] as number)) {
      this.#values[cell] = value;
      return true;
    }
    return false;
  }

  /** Takes a reading after all. */
  settle(slot: number, column: number, reading: number): void {
    const value = (reading * (COLUMN_MUL[column] as number)) / (COLUMN_DIV[column] as number);
    this.#values[slot * COLUMN_COUNT + column] = value;
  }

  /** A sample's own time: of several in a row the latest counts. */
  tell(slot: number, column: number, ts: number): void {
    if (!(ts <= (this.#ts[slot] as number))) this.#ts[slot] = ts;
    const cell = slot * COLUMN_COUNT + column;
    const before = this.#told.get(cell);
    if (before === undefined) this.#told.set(cell, ts);
    else if (before !== ts) this.repeated = true;
  }

  /** Of these rows those that, whatever their instance, got nothing in this scrape. */
  untouched(slots: Iterable<number>): number[] {
    const board = (slot: number): string => JSON.stringify([this.#rows[slot]?.node, this.#rows[slot]?.uuid]);
    const touched = new Set(this.#touched.map(board));
    return [...slots].filter((slot) => !touched.has(board(slot)));
  }

  uuid(slot: number): string {
    return this.#rows[slot]?.uuid ?? '';
  }

  /** The gauge is one code; an exporter that has several prints it several times, and keeps printing them. */
  #anotherXid(slot: number, xid: number): void {
    if (Number.isInteger(xid) && xid > 0 && xid <= XID_MAX && xid !== this.#values[slot * COLUMN_COUNT + XID_LAST]) {
      this.countXid(slot, xid, 1);
    }
  }

  countXid(row: number, xid: number, count: number): void {
    let codes = this.#xids.get(row);
    if (codes === undefined) {
      codes = new Map();
      this.#xids.set(row, codes);
    }
    if (!codes.has(xid)) codes.set(xid, { xid, kind: 'window_count', count });
  }

  /** The rows of a node, normalised; the caller owns them. */
  finish(node: number, ts: number): ScrapedGpu[] {
    const gpus: ScrapedGpu[] = [];
    for (const slot of this.#rowsOf(node)) {
      const row = this.#rows[slot] as Row;
      const own = this.#ts[slot] as number;
      gpus.push({
        uuid: row.uuid,
        instance: row.instance,
        model: row.model,
        pci_bus_id: row.pci_bus_id,
        serial: row.serial,
        slot: row.slot,
        ts: Number.isNaN(own) ? ts : own,
        values: this.#normalised(slot),
        xids: [...(this.#xids.get(slot)?.values() ?? [])],
        attribution: row.attribution,
      });
    }
    return gpus;
  }

  /** In the order of their first samples. */
  #rowsOf(node: number): readonly number[] {
    if (this.#byNode === null) {
      this.#byNode = new Map();
      for (const slot of this.#touched) {
        const of = (this.#rows[slot] as Row).node;
        const known = this.#byNode.get(of);
        if (known === undefined) this.#byNode.set(of, [slot]);
        else known.push(slot);
      }
    }
    return this.#byNode.get(node) ?? [];
  }

  /** Must come before `finish`: whether this exporter's ratios are percent, told by all its GPUs together. */
  observeRatios(): void {
    for (const { column, ratio } of ALTERNATIVES) {
      if (ratio && this.#touched.some((slot) => (this.#values[slot * COLUMN_COUNT + column] as number) > RATIO_MAX)) {
        this.#percent = true;
      }
    }
  }

  #normalised(slot: number): Float64Array {
    const from = slot * COLUMN_COUNT;
    const values = this.#values.slice(from, from + METRIC_COUNT);
    for (const { column, metric, ratio } of ALTERNATIVES) {
      if (!Number.isNaN(values[metric] as number)) continue;
      const value = this.#values[from + column] as number;
      if (!ratio) values[metric] = value;
      else if (this.#percent)
        values[metric] = (value * (COLUMN_MUL[metric] as number)) / (COLUMN_DIV[metric] as number);
      else values[metric] = Math.min(value, 1);
    }
    return values;
  }

  #grow(rows: number): void {
    const larger = <T extends Float64Array | Uint8Array>(made: T, old: T): T => {
      made.set(old);
      return made;
    };
    this.#values = larger(new Float64Array(rows * COLUMN_COUNT), this.#values);
    this.#state = larger(new Uint8Array(rows * COLUMN_COUNT), this.#state);
    this.#ts = larger(new Float64Array(rows), this.#ts);
  }
}

const same = (a: Attribution, b: Attribution): boolean =>
  a.pod === b.pod && a.namespace === b.namespace && a.container === b.container && a.job === b.job;
