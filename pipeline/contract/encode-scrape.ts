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

const encoder = new TextEncoder();

const pack = (values: string[]): Column => (values.every((value) => value === values[0]) ? (values[0] ?? '') : values);

/** A scrape as a message. Throws WireError when it has more rows than a message may. */
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
  if (scrape.unanswered !== undefined) extras.unanswered = scrape.unanswered;

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
