import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Emit, ItemOperator, StateSpec } from '../../pipeline/contract/operator.ts';
import { sliceBatch } from './batch-slice.ts';
import type { GroupState } from './group-state.ts';

/** What waits for an item operator during one batch: an item of one of its inputs, or a timer that fell due. */
export type ItemEntry = { readonly row: number } & (
  | { readonly input: string; readonly item: unknown }
  | { readonly now: number }
);

/**
 * Runs an item operator over what one batch of its group has brought. `entries` come in the order of the steps that told
 * them and leave in the order of the rows that caused them, timers of a row first: no cut of the stream can show. `batch`:
 * its rows, for an operator that takes them too.
 */
export function runItems<Inputs, S extends StateSpec, Ports>(
  step: string,
  operator: ItemOperator<Inputs, S, Ports>,
  groupState: GroupState,
  entries: readonly ItemEntry[],
  told: (row: number, port: keyof Ports, item: Ports[keyof Ports]) => void,
  batch: Batch | null = null,
): void {
  const handlers = operator.on as Readonly<Record<string, (...args: readonly unknown[]) => void>>;
  const ordered = [...entries].sort((a, b) => a.row - b.row || Number('now' in b) - Number('now' in a));
  let from = 0;
  const feed = (until: number): void => {
    if (batch === null || until <= from) return;
    const start = from;
    from = until;
    operator.onRows?.(sliceBatch(batch, start, until), groupState.columns(step, operator.state), (port, item, ...row) =>
      told(start + (row[0] ?? 0), port, item),
    );
  };
  for (const entry of ordered) {
    feed(entry.row);
    const emit: Emit<Ports> = (port, item) => told(entry.row, port, item);
    const columns = groupState.columns(step, operator.state);
    if ('now' in entry) operator.timer?.onTime(entry.now, groupState, columns, emit);
    else handlers[entry.input]?.(entry.item, groupState, columns, emit);
  }
  feed(batch?.rows ?? 0);
}
