import { type Attribution, REASON_CODES, type Refusal } from './events.ts';
import { METRIC_COUNT } from './metrics.ts';
import type { Scrape, ScrapedGpu, XidReport } from './scrape.ts';
import {
  aligned,
  type Column,
  HEADER_BYTES,
  MAGIC,
  SCHEMA_IDS,
  WIRE_ROWS_MAX,
  WIRE_VERSION,
  WireError,
  type WireExtras,
  type WireIdentity,
} from './wire-format.ts';

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

const IDENTITY_FIELDS = ['instance', 'model', 'pci_bus_id', 'serial', 'slot'] as const;

const decoder = new TextDecoder('utf-8', { fatal: true });

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
    raw.node === '' ||
    !Array.isArray(raw.uuid) ||
    !fits(raw.uuid) ||
    raw.uuid.includes('') ||
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
  readonly unanswered: string | null;
}
const LEVELS: ReadonlySet<unknown> = new Set(['value', 'line', 'row', 'scrape']);
const NO_EXTRAS: ScrapeExtras = { times: null, xids: [], refusals: [], unanswered: null };
const ERROR_CODE = /^GV-[A-Z]{3}-\d{3}$/;

/** Parses the extras block; cheap when there is none. Throws WireError. */
export function readExtras(data: Uint8Array, header: WireHeader): ScrapeExtras {
  if (header.extras_at === header.end) return NO_EXTRAS;
  const raw = readJson<WireExtras>(data, header.extras_at, header.end);
  const times = raw?.times ?? null;
  const xids = raw?.xids ?? [];
  const refusals = raw?.refusals ?? [];
  const unanswered = raw?.unanswered ?? null;
  const count = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  const sound =
    (times === null ||
      (Array.isArray(times) && times.length === header.rows && times.every((t) => typeof t === 'number'))) &&
    Array.isArray(xids) &&
    xids.every(
      (x) =>
        Array.isArray(x) &&
        count(x[0]) &&
        x[0] < header.rows &&
        count(x[1]) &&
        (x[2] === 'event' || x[2] === 'window_count') &&
        count(x[3]),
    ) &&
    Array.isArray(refusals) &&
    refusals.every(
      (r) =>
        r &&
        LEVELS.has(r.level) &&
        typeof r.reason === 'string' &&
        Object.hasOwn(REASON_CODES, r.reason) &&
        typeof r.detail === 'string' &&
        typeof r.original === 'string',
    ) &&
    (unanswered === null || (typeof unanswered === 'string' && ERROR_CODE.test(unanswered) && header.rows === 0));
  if (!sound) throw new WireError('damaged_message', 'extras do not fit the rows');
  return { times, xids: xids.map(([row, xid, kind, count]) => ({ row, xid, kind, count })), refusals, unanswered };
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
    ...(extras.unanswered === null ? {} : { unanswered: extras.unanswered }),
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
