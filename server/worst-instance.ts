import type { TableRow } from '../sinks/questdb/list-rows.ts';

/** A row about a board or one of its MIG instances. */
type InstanceRow = TableRow & { readonly instance?: unknown; readonly profile?: unknown };

/**
 * Of the newest rows of a board and its MIG instances the one that `badness` (NaN: nobody knows) is highest for, so that no
 * instance hides behind another; the board's among equals. Instances that report no more say nothing of now, unless none
 * reports; of two profiles the default one counts. Null when there are no rows.
 */
export function worstInstance(
  rows: readonly TableRow[],
  reporting: ReadonlySet<string>,
  badness: (row: TableRow) => number,
): TableRow | null {
  const all: readonly InstanceRow[] = rows;
  const judged = all.some(({ profile }) => profile === 'default')
    ? all.filter(({ profile }) => profile === 'default')
    : all;
  const now = judged.filter(({ instance }) => reporting.has(String(instance ?? '')));
  const known = (row: TableRow): number => {
    const bad = badness(row);
    return Number.isNaN(bad) ? Number.NEGATIVE_INFINITY : bad;
  };
  return (now.length > 0 ? now : judged).reduce<TableRow | null>(
    (worst, row) => (worst === null || known(row) > known(worst) ? row : worst),
    null,
  );
}
