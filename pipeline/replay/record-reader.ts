import type { Refusal } from '../contract/events.ts';
import type { RowDraft } from './row-draft.ts';
import type { ReadRow, RowIdentity, ScrapeGrouper } from './scrape-grouper.ts';

/** Reads the lines of one file of a line-wise format and puts rows and refusals into the grouper. */
export interface RecordReader {
  line(text: string): void;
  /** A line that is longer than any record may be; `head` is its beginning. */
  oversized(head: string): void;
  end(): void;
}

export interface ReaderOptions {
  readonly grouper: ScrapeGrouper;
  readonly draft: RowDraft;
  /** Node of rows that name none. */
  readonly node: string;
}

/** Longest record, in UTF-16 units: far above any row, far below what hurts. */
export const RECORD_CHARS_MAX = 1_048_576;

export const lineRefusal = (detail: string, original: string): Refusal => ({
  level: 'line',
  reason: 'unreadable_record',
  detail,
  original,
});

export const oversizedRefusal = (head: string): Refusal =>
  lineRefusal(`longer than ${RECORD_CHARS_MAX} characters; the original holds its beginning`, head);

/** Judges a drafted row as a whole, then hands it on or refuses it. `ts` NaN = no usable time. */
export function settleRow(
  options: ReaderOptions,
  row: { readonly identity: RowIdentity; readonly ts: number; readonly original: string } & Pick<
    ReadRow,
    'attribution'
  >,
): void {
  const { grouper, draft } = options;
  const { identity, ts, original } = row;
  const refuse = (reason: Refusal['reason'], detail: string): void => {
    grouper.refuse(identity.node, ts, { level: 'row', reason, detail, original });
  };
  if (identity.uuid === '') refuse('no_identity', 'no GPU identity');
  else if (Number.isNaN(ts)) refuse('no_time', 'no usable time');
  else if (draft.known === 0) refuse('no_metrics', 'no known metric');
  else {
    grouper.row({
      node: identity.node,
      uuid: identity.uuid,
      instance: identity.instance,
      model: identity.model,
      pci_bus_id: identity.pci_bus_id,
      serial: identity.serial,
      slot: identity.slot,
      ts,
      values: draft.values,
      xids: draft.xids,
      attribution: row.attribution,
      refusals: draft.refusals,
      blanks: draft.blanks,
      unknown_metrics: draft.unknown_metrics,
    });
  }
}
