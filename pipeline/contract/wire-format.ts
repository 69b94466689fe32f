import type { Attribution, Refusal } from './events.ts';
import { fnv1a } from './ids.ts';
import { METRICS } from './metrics.ts';
import type { XidReport } from './scrape.ts';

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
 * | .. | X bytes | UTF-8 JSON: rows' own times, XIDs, refusals, why nobody answered; absent when there are none |
 *
 * Identity hardly ever changes between two scrapes of a node, so a reader compares its bytes with the last ones and
 * keeps what it made of them.
 */
export const WIRE_VERSION = 1;
export const MAGIC = 0x53565047;
export const HEADER_BYTES = 56;
export const WIRE_ROWS_MAX = 8_192;

export const SCHEMA_IDS: readonly number[] = METRICS.map((_, i) =>
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

export type Column = string | string[];
export interface WireIdentity {
  node: string;
  uuid: string[];
  instance: Column;
  model: Column;
  pci_bus_id: Column;
  serial: Column;
  slot: Column;
  attribution?: Attribution[][];
}
export interface WireExtras {
  times?: number[];
  xids?: [row: number, xid: number, kind: XidReport['kind'], count: number][];
  refusals?: Refusal[];
  unanswered?: string;
}

export const aligned = (bytes: number): number => (bytes + 7) & ~7;
