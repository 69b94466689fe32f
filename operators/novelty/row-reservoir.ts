import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { KeptRow } from './novelty-features.ts';

/** A sample of one model's vectors of the last day, as plain data. */
export type RowReservoir = ReservoirSlot[];

interface ReservoirSlot {
  /** Number of the two hours since the epoch. */
  readonly slot: number;
  readonly rows: ReservoirRow[];
}

export interface ReservoirRow {
  /** Place in the lottery: the smallest stay. */
  readonly ticket: number;
  readonly gpu: string;
  readonly row: KeptRow;
}

const SLOT_MS = 7_200_000;
export const SLOTS = 12;

/** A draw that belongs to the GPU and the instant: the order in which vectors come does not matter. */
export function ticketOf(gpu: string, ts: number): number {
  let h = fnv1a(`${gpu}/${ts}`);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Offers a vector's row: each two hours keep the `rows_per_slot` smallest tickets, which is a uniform sample of what came
 * in them; a day keeps twelve times as many. Rows of days past are dropped.
 */
export function offerRow(
  reservoir: RowReservoir,
  offer: { readonly gpu: string; readonly ts: number; readonly row: KeptRow },
  rows_per_slot: number,
): void {
  const slot = Math.floor(offer.ts / SLOT_MS);
  let place = reservoir.find((held) => held.slot === slot);
  if (!place) {
    const newest = Math.max(slot, ...reservoir.map((held) => held.slot));
    if (slot <= newest - SLOTS) return;
    place = { slot, rows: [] };
    reservoir.push(place);
    reservoir.sort((a, b) => a.slot - b.slot);
    dropBefore(reservoir, newest - SLOTS + 1);
  }
  const ticket = ticketOf(offer.gpu, offer.ts);
  const entry = { ticket, gpu: offer.gpu, row: offer.row };
  const { rows } = place;
  if (rows.length < rows_per_slot) {
    rows.push(entry);
    return;
  }
  let worst = 0;
  for (let i = 1; i < rows.length; i++) {
    if ((rows[i] as ReservoirRow).ticket > (rows[worst] as ReservoirRow).ticket) worst = i;
  }
  if (ticket < (rows[worst] as ReservoirRow).ticket) rows[worst] = entry;
}

/** Drops what is older than a day at `now`. */
export const forgetBefore = (reservoir: RowReservoir, now: number): void =>
  dropBefore(reservoir, Math.floor(now / SLOT_MS) - SLOTS + 1);

function dropBefore(reservoir: RowReservoir, slot: number): void {
  while (reservoir.length > 0 && (reservoir[0] as ReservoirSlot).slot < slot) reservoir.shift();
}

/** All rows, in an order that only depends on which they are. */
export const reservoirRows = (reservoir: RowReservoir): ReservoirRow[] =>
  reservoir.flatMap(({ rows }) => [...rows].sort((a, b) => a.ticket - b.ticket || (a.gpu < b.gpu ? -1 : 1)));
