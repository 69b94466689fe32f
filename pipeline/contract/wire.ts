import type { Attribution, Refusal } from './events.ts';
import { fnv1a } from './ids.ts';
import { METRIC_COUNT, METRICS } from './metrics.ts';
import type { Scrape, ScrapedGpu, XidReport } from './scrape.ts';

/**
 * The binary form of a scrape, `application/vnd.gpu-vitals.scrape`, version 1. Little-endian.
 *
 * | offset | type | what |
 * |---|---|---|
 * | 0 | 4 bytes | `GPVS` |
 * | 4 | u16 | version, 1 |
 * | 6 | u16 | M, metrics in the writer's catalogue |
 * | 8 | u32 | schema id: FNV-1a of its first M names; a longer catalogue reads a shorter one, never the reverse |
 * | 12 | u32 | sequence |
 * | 16 | f64 | event time, epoch ms |
 * | 24 | f64 | publisher's start, epoch ms |
 * | 32 | u16 | R, rows |
 * | 34 | u16 | C, columns present in at least one row |
 * | 36 | u32 | I, bytes of identity |
 * | 40 | u32 | X, bytes of extras |
 * | 44 | u32 | blanks |
 * | 48 | u32 | unknown metrics |
 * | 52 | u32 | total bytes of the message |
 * | 56 | u16 x C | metric indexes, ascending; padded with zeros to a multiple of 8 bytes |
 * | .. | f64 x R x C | values row by row, NaN = missing |
 * | .. | I bytes | UTF-8 JSON: node and, per field, one text for all rows or one per row |
 * | .. | X bytes | UTF-8 JSON: rows' own times, XIDs, refusals; absent when there are none |
 *
 * Identity hardly ever changes between two scrapes of a node, so a reader compares its bytes with the last ones and
 * keeps what it made of them.
 */
export const WIRE_VERSION = 1;
const MAGIC = 0x53565047;
const HEADER_BYTES = 56;
export const WIRE_ROWS_MAX = 8_192;

const SCHEMA_IDS: readonly number[] = METRICS.map((_, i) =>
  fnv1a(
    METRICS.slice(0, i + 1)
      .map((metric) => metric.name)
      .join(','),
  ),
);

export class WireError extends Error {
  readonly reason: 'damaged_message' | 'unknown_schema' | 'oversized_message';
  constructor(reason: WireError['reason'], detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export interface WireHeader {
  readonly sequence: number;
  readonly ts: number;
  readonly boot_epoch: number;
  readonly rows: number;
  readonly columns: Uint16Array;
  readonly blanks: number;
  readonly unknown_metrics: number;
  readonly values_at: number;
  readonly identity_at: number;
  readonly extras_at: number;
  readonly end: number;
}

type Column = string | string[];
interface WireIdentity {
  node: string;
  uuid: string[];
  instance: Column;
  model: Column;
  pci_bus_id: Column;
  serial: Column;
  slot: Column;
  attribution?: Attribution[][];
}
interface WireExtras {
  times?: number[];
  xids?: [row: number, xid: number, kind: XidReport['kind'], count: number][];
  refusals?: Refusal[];
}

const IDENTITY_FIELDS = ['instance', 'model', 'pci_bus_id', 'serial', 'slot'] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const pack = (values: string[]): Column => (values.every((value) => value === values[0]) ? (values[0] ?? '') : values);
const aligned = (bytes: number): number => (bytes + 7) & ~7;

export function encodeScrape(scrape: Scrape): Uint8Array {
  const rows = scrape.gpus.length;
  if (rows > WIRE_ROWS_MAX) throw new WireError('oversized_message', `${rows} rows, at most ${WIRE_ROWS_MAX}`);
  const columns: number[] = [];
  for (let m = 0; m < METRIC_COUNT; m++) {
    if (scrape.gpus.some((gpu) => !Number.isNaN(gpu.values[m] as number))) columns.push(m);
  }
  const identity: WireIdentity = {
    node: scrape.node,
    uuid: scrape.gpus.map((gpu) => gpu.uuid),
    instance: pack(scrape.gpus.map((gpu) => gpu.instance)),
    model: pack(scrape.gpus.map((gpu) => gpu.model)),
    pci_bus_id: pack(scrape.gpus.map((gpu) => gpu.pci_bus_id)),
    serial: pack(scrape.gpus.map((gpu) => gpu.serial)),
    slot: pack(scrape.gpus.map((gpu) => gpu.slot)),
  };
  if (scrape.gpus.some((gpu) => gpu.attribution.length > 0)) {
    identity.attribution = scrape.gpus.map((gpu) => [...gpu.attribution]);
  }
  const extras: WireExtras = {};
  if (scrape.gpus.some((gpu) => gpu.ts !== scrape.ts)) extras.times = scrape.gpus.map((gpu) => gpu.ts);
  const xids = scrape.gpus.flatMap((gpu, row) =>
    gpu.xids.map((x): [number, number, XidReport['kind'], number] => [row, x.xid, x.kind, x.count]),
  );
  if (xids.length > 0) extras.xids = xids;
  if (scrape.refusals.length > 0) extras.refusals = [...scrape.refusals];

  const identityBytes = encoder.encode(JSON.stringify(identity));
  const extrasBytes = Object.keys(extras).length > 0 ? encoder.encode(JSON.stringify(extras)) : new Uint8Array(0);
  const valuesAt = aligned(HEADER_BYTES + columns.length * 2);
  const identityAt = valuesAt + rows * columns.length * 8;
  const total = identityAt + identityBytes.length + extrasBytes.length;

  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, WIRE_VERSION, true);
  view.setUint16(6, METRIC_COUNT, true);
  view.setUint32(8, SCHEMA_IDS[METRIC_COUNT - 1] as number, true);
  view.setUint32(12, scrape.sequence, true);
  view.setFloat64(16, scrape.ts, true);
  view.setFloat64(24, scrape.boot_epoch, true);
  view.setUint16(32, rows, true);
  view.setUint16(34, columns.length, true);
  view.setUint32(36, identityBytes.length, true);
  view.setUint32(40, extrasBytes.length, true);
  view.setUint32(44, scrape.blanks, true);
  view.setUint32(48, scrape.unknown_metrics, true);
  view.setUint32(52, total, true);
  columns.forEach((metric, i) => {
    view.setUint16(HEADER_BYTES + i * 2, metric, true);
  });
  const values = new Float64Array(out.buffer, valuesAt, rows * columns.length);
  for (let row = 0, at = 0; row < rows; row++) {
    const from = (scrape.gpus[row] as ScrapedGpu).values;
    for (const metric of columns) values[at++] = from[metric] as number;
  }
  out.set(identityBytes, identityAt);
  out.set(extrasBytes, identityAt + identityBytes.length);
  return out;
}

/** Checks everything that can be checked without touching values or texts. Throws WireError. */
export function readHeader(data: Uint8Array): WireHeader {
  if (data.length < HEADER_BYTES) throw new WireError('damaged_message', `${data.length} bytes are less than a header`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new WireError('damaged_message', 'does not begin with GPVS');
  const version = view.getUint16(4, true);
  if (version !== WIRE_VERSION)
    throw new WireError('unknown_schema', `version ${version}, this release reads ${WIRE_VERSION}`);
  const metrics = view.getUint16(6, true);
  if (metrics === 0 || metrics > METRIC_COUNT || SCHEMA_IDS[metrics - 1] !== view.getUint32(8, true)) {
    throw new WireError(
      'unknown_schema',
      `schema ${view.getUint32(8, true)} of ${metrics} metrics is not of this catalogue`,
    );
  }
  const rows = view.getUint16(32, true);
  const columnCount = view.getUint16(34, true);
  if (rows > WIRE_ROWS_MAX) throw new WireError('oversized_message', `${rows} rows, at most ${WIRE_ROWS_MAX}`);
  if (columnCount > metrics) throw new WireError('damaged_message', `${columnCount} columns of ${metrics} metrics`);
  const valuesAt = aligned(HEADER_BYTES + columnCount * 2);
  const identityAt = valuesAt + rows * columnCount * 8;
  const extrasAt = identityAt + view.getUint32(36, true);
  const end = extrasAt + view.getUint32(40, true);
  if (end !== data.length || view.getUint32(52, true) !== data.length) {
    throw new WireError('damaged_message', `${data.length} bytes, the header tells ${end}`);
  }
  const columns = new Uint16Array(columnCount);
  for (let i = 0; i < columnCount; i++) {
    const metric = view.getUint16(HEADER_BYTES + i * 2, true);
    if (metric >= metrics || (i > 0 && metric <= (columns[i - 1] as number))) {
      throw new WireError('damaged_message', `column ${i} names metric ${metric}`);
    }
    columns[i] = metric;
  }
  return {
    sequence: view.getUint32(12, true),
    ts: view.getFloat64(16, true),
    boot_epoch: view.getFloat64(24, true),
    rows,
    columns,
    blanks: view.getUint32(44, true),
    unknown_metrics: view.getUint32(48, true),
    values_at: valuesAt,
    identity_at: identityAt,
    extras_at: extrasAt,
    end,
  };
}

export interface RowIdentity {
  readonly uuid: string;
  readonly instance: string;
  readonly model: string;
  readonly pci_bus_id: string;
  readonly serial: string;
  readonly slot: string;
  readonly attribution: readonly Attribution[];
}

/** Parses the identity block. Throws WireError when it does not fit the header. */
export function readIdentity(data: Uint8Array, header: WireHeader): { node: string; rows: RowIdentity[] } {
  const raw = readJson<WireIdentity>(data, header.identity_at, header.extras_at);
  const fits = (column: unknown): column is Column =>
    typeof column === 'string' ||
    (Array.isArray(column) && column.length === header.rows && column.every((text) => typeof text === 'string'));
  if (
    typeof raw?.node !== 'string' ||
    !Array.isArray(raw.uuid) ||
    !fits(raw.uuid) ||
    !IDENTITY_FIELDS.every((field) => fits(raw[field])) ||
    !(raw.attribution === undefined || isAttribution(raw.attribution, header.rows))
  ) {
    throw new WireError('damaged_message', 'identity does not fit the rows');
  }
  const at = (column: Column, row: number): string => (typeof column === 'string' ? column : (column[row] as string));
  return {
    node: raw.node,
    rows: raw.uuid.map((uuid, row) => ({
      uuid,
      instance: at(raw.instance, row),
      model: at(raw.model, row),
      pci_bus_id: at(raw.pci_bus_id, row),
      serial: at(raw.serial, row),
      slot: at(raw.slot, row),
      attribution: raw.attribution?.[row] ?? [],
    })),
  };
}

export interface ScrapeExtras {
  readonly times: readonly number[] | null;
  readonly xids: readonly {
    readonly row: number;
    readonly xid: number;
    readonly kind: XidReport['kind'];
    readonly count: number;
  }[];
  readonly refusals: readonly Refusal[];
}
const NO_EXTRAS: ScrapeExtras = { times: null, xids: [], refusals: [] };

/** Parses the extras block; cheap when there is none. Throws WireError. */
export function readExtras(data: Uint8Array, header: WireHeader): ScrapeExtras {
  if (header.extras_at === header.end) return NO_EXTRAS;
  const raw = readJson<WireExtras>(data, header.extras_at, header.end);
  const times = raw?.times ?? null;
  const xids = raw?.xids ?? [];
  const refusals = raw?.refusals ?? [];
  const sound =
    (times === null ||
      (Array.isArray(times) && times.length === header.rows && times.every((t) => typeof t === 'number'))) &&
    Array.isArray(xids) &&
    xids.every(
      (x) =>
        Array.isArray(x) &&
        Number.isInteger(x[0]) &&
        x[0] >= 0 &&
        x[0] < header.rows &&
        Number.isInteger(x[1]) &&
        (x[2] === 'event' || x[2] === 'window_count') &&
        typeof x[3] === 'number',
    ) &&
    Array.isArray(refusals) &&
    refusals.every((r) => r && [r.level, r.reason, r.detail, r.original].every((text) => typeof text === 'string'));
  if (!sound) throw new WireError('damaged_message', 'extras do not fit the rows');
  return { times, xids: xids.map(([row, xid, kind, count]) => ({ row, xid, kind, count })), refusals };
}

/** The whole scrape back: for tests, tools and the read side; the engine reads straight into batches. Throws WireError. */
export function decodeScrape(data: Uint8Array): Scrape {
  const header = readHeader(data);
  const identity = readIdentity(data, header);
  const extras = readExtras(data, header);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const width = header.columns.length;
  const gpus = identity.rows.map((who, row): ScrapedGpu => {
    const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
    for (let c = 0; c < width; c++) {
      values[header.columns[c] as number] = view.getFloat64(header.values_at + (row * width + c) * 8, true);
    }
    return {
      ...who,
      ts: extras.times?.[row] ?? header.ts,
      values,
      xids: extras.xids.filter((x) => x.row === row).map(({ xid, kind, count }) => ({ xid, kind, count })),
    };
  });
  return {
    node: identity.node,
    ts: header.ts,
    boot_epoch: header.boot_epoch,
    sequence: header.sequence,
    gpus,
    refusals: extras.refusals,
    blanks: header.blanks,
    unknown_metrics: header.unknown_metrics,
  };
}

function isAttribution(value: unknown, rows: number): value is Attribution[][] {
  const fields = ['namespace', 'pod', 'container', 'job'] as const;
  return (
    Array.isArray(value) &&
    value.length === rows &&
    value.every(
      (list) =>
        Array.isArray(list) && list.every((one) => one && fields.every((field) => typeof one[field] === 'string')),
    )
  );
}

function readJson<T>(data: Uint8Array, from: number, to: number): T | null {
  try {
    return JSON.parse(decoder.decode(data.subarray(from, to))) as T | null;
  } catch (cause) {
    throw new WireError('damaged_message', cause instanceof Error ? cause.message : 'unreadable text');
  }
}
