import type { Figure } from './bench.ts';
import { textTable } from './evaluate/text-table.ts';

/** Whether a figure is what it should be; one that is not a number is not. */
export const reached = ({ value, at_least, at_most }: Figure): boolean =>
  (at_least === undefined || value >= at_least) && (at_most === undefined || value <= at_most);

/** A figure, and the bench that it is of where there are several. */
export type BenchFigure = Figure & { readonly bench?: string };

/** Figures with their goals. */
export function figureTable(figures: readonly BenchFigure[]): string {
  const several = figures.some(({ bench }) => bench !== undefined);
  return textTable(
    [...(several ? ['bench'] : []), 'figure', 'value', 'unit', 'goal', ''],
    figures.map((figure) => [
      ...(several ? [figure.bench ?? ''] : []),
      figure.name,
      figure.value.toLocaleString('en', { maximumFractionDigits: 3 }),
      figure.unit,
      figure.at_least !== undefined
        ? `at least ${figure.at_least}`
        : figure.at_most !== undefined
          ? `at most ${figure.at_most}`
          : '',
      reached(figure) ? '' : 'NOT REACHED',
    ]),
  );
}
