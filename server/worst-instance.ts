/** A row about a board or one of its MIG instances, as answers have it. */
export type AnswerRow = Readonly<Record<string, unknown>>;

/**
 * Of the newest rows of a board and its MIG instances the one that `badness` (NaN: nobody knows) is highest for, so that no
 * instance hides behind another; the board's among equals. Instances that report no more say nothing of now, unless none
 * reports; of two profiles the default one counts. Null when there are no rows.
 */
export function worstInstance<Row extends AnswerRow>(
  rows: readonly Row[],
  reporting: ReadonlySet<string>,
  badness: (row: Row) => number,
): Row | null {
  const judged = rows.some(({ profile }) => profile === 'default')
    ? rows.filter(({ profile }) => profile === 'default')
    : rows;
  const now = judged.filter(({ instance }) => reporting.has(String(instance ?? '')));
  const known = (row: Row): number => {
    const bad = badness(row);
    return Number.isNaN(bad) ? Number.NEGATIVE_INFINITY : bad;
  };
  return (now.length > 0 ? now : judged).reduce<Row | null>(
    (worst, row) => (worst === null || known(row) > known(worst) ? row : worst),
    null,
  );
}
