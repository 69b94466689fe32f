import type { Figure } from './bench.ts';
import { textTable } from './evaluate/text-table.ts';

/** Whether a figure is what it should be; one that is not a number is not. */
export const reached = ({ value, at_least, at_most }: Figure): boolean =>
  (at_least === undefined || value >= at_least) && (at_most === undefined || value <= at_most);

/** Figures with their goals. */
export const figureTable = (figures: readonly Figure[]): string =>
  textTable(
    ['figure', 'value', 'unit', 'goal', ''],
    figures.map((figure) => [
      figure.name,
      figure.value.toLocaleString('en', { maximumFractionDigits: 2 }),
      figure.unit,
      figure.at_least !== undefined
        ? `at least ${figure.at_least}`
        : figure.at_most !== undefined
          ? `at most ${figure.at_most}`
          : '',
      reached(figure) ? '' : 'NOT REACHED',
    ]),
  );
