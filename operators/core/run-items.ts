import type { Emit, ItemOperator, StateSpec } from '../../pipeline/contract/operator.ts';
import type { GroupState } from './group-state.ts';

/** What waits for an item operator during one batch: an item of one of its inputs, or a timer that fell due. */
export type ItemEntry = { readonly row: number } & (
  | { readonly input: string; readonly item: unknown }
  | { readonly now: number }
);

/**
 * Runs an item operator over what one batch of its group has brought. `entries` come in the order of the steps that told
 * them and leave in the order of the rows that caused them, timers of a row first: no cut of the stream can show.
 */
export function runItems<Inputs, S extends StateSpec, Ports>(
  step: string,
  operator: ItemOperator<Inputs, S, Ports>,
  groupState: GroupState,
  entries: readonly ItemEntry[],
  told: (row: number, port: keyof Ports, item: Ports[keyof Ports]) => void,
): void {
  const handlers = operator.on as Readonly<Record<string, (...args: readonly unknown[]) => void>>;
  const ordered = [...entries].sort((a, b) => a.row - b.row || Number('now' in b) - Number('now' in a));
  for (const entry of ordered) {
    const emit: Emit<Ports> = (port, item) => told(entry.row, port, item);
    const columns = groupState.columns(step, operator.state);
    if ('now' in entry) operator.timer?.onTime(entry.now, groupState, columns, emit);
    else handlers[entry.input]?.(entry.item, groupState, columns, emit);
  }
}
