import { type FigureTable, number, percent } from '../in-figures.ts';
import { type Ranged, RECALLS, type RiskReport } from './risk-report.ts';

/** A figure with its interval: `0.81 (0.78..0.84)`. */
export const withRange = (figure: Ranged | null, digits = 3): string =>
  figure === null
    ? '-'
    : `${figure.value.toFixed(digits)} (${figure.low.toFixed(digits)}..${figure.high.toFixed(digits)})`;

/** What is asked first of probabilities; intervals are 90 %, by drawing units. */
export const riskTable = (title: string, reports: readonly RiskReport[]): FigureTable => ({
  title,
  header: [
    'model',
    'AUC',
    'average precision',
    'Brier score',
    'calibration error',
    'foreseen per failure',
    ...RECALLS.map((recall) => `precision at recall ${recall}`),
  ],
  rows: reports.map((one) => [
    one.model,
    withRange(one.auc),
    withRange(one.average_precision),
    withRange(one.brier, 4),
    number(one.calibration?.error ?? null, 4),
    number(one.foreseen_per_failure, 2),
    ...RECALLS.map((recall) => precisionText(one, recall)),
  ]),
});

/** Shares of a percent matter where failures are rare. */
function precisionText({ precision_at }: RiskReport, recall: number): string {
  const found = precision_at.find((point) => point.recall === recall);
  if (found === undefined) return '-';
  return found.precision < 0.1 ? `${number(100 * found.precision)} %` : percent(found.precision);
}

/** Foreseen beside what happened, by bins of what was foreseen, each with the 95 % interval of what happened. */
export function calibrationTable(title: string, reports: readonly RiskReport[]): FigureTable {
  const edges = [...new Set(reports.flatMap(({ calibration }) => calibration?.bins.map(({ from }) => from) ?? []))];
  edges.sort((a, b) => a - b);
  return {
    title,
    header: ['foreseen from', ...reports.flatMap(({ model }) => [`${model}: rows`, 'foreseen', 'happened'])],
    rows: edges.map((from) => [
      `${number(100 * from)} %`,
      ...reports.flatMap(({ calibration }) => {
        const bin = calibration?.bins.find((one) => one.from === from);
        if (bin === undefined) return ['-', '-', '-'];
        return [
          String(bin.predictions),
          `${number(100 * bin.mean_predicted)} %`,
          `${number(100 * bin.observed)} % (${number(100 * bin.low)}..${number(100 * bin.high)})`,
        ];
      }),
    ]),
  };
}
