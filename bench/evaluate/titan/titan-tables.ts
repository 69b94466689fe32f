import { type FigureTable, number, percent } from '../in-figures.ts';
import { PSI_MUCH } from './titan-drift.ts';
import type { TitanFigures, TitanYear } from './titan-figures.ts';
import { TITAN_HORIZONS, TITAN_MODELS, type TitanHorizon } from './titan-study.ts';

/** Failures below which a year says nothing about a model. */
const FAILURES_MIN = 30;

/** All that is known of Titan's GPUs and of models of them, as tables for terminals and Markdown. */
export function titanTables(figures: TitanFigures): FigureTable[] {
  return [
    ...TITAN_HORIZONS.map((horizon) => yearTable(figures, horizon)),
    ...TITAN_HORIZONS.map((horizon) => reliabilityTable(figures, horizon)),
    driftTable(figures),
    coxTable(figures),
  ];
}

function yearTable({ years, gpus, trainings, once_at }: TitanFigures, horizon: TitanHorizon): FigureTable {
  const shown = years.filter((one) => one.horizon_days === horizon && one.failures >= FAILURES_MIN);
  return {
    title: `Titan, ${gpus} real GPUs: failure (DBE, off the bus) within ${horizon} days, foreseen at the first of each month; retrained monthly (${trainings} times) and calibrated by their last six months, against once (${once_at ?? 'never'}). Years with at least ${FAILURES_MIN} failures`,
    header: [
      'year',
      'model',
      'GPU-months',
      'failed',
      'AUC',
      'average precision',
      'Brier skill',
      'calibration error',
      'foreseen per failure',
    ],
    rows: shown
      .toSorted((a, b) => a.year - b.year || TITAN_MODELS.indexOf(a.model) - TITAN_MODELS.indexOf(b.model))
      .map(yearRow),
  };
}

const yearRow = (one: TitanYear): string[] => [
  String(one.year),
  one.model,
  String(one.rows),
  `${number(100 * one.failed_ratio, 2)} %`,
  number(one.auc, 3),
  number(one.average_precision, 3),
  number(one.brier_skill, 3),
  number(one.calibration_error, 4),
  number(one.foreseen_per_failure, 2),
];

function reliabilityTable({ reliability, once_at }: TitanFigures, horizon: TitanHorizon): FigureTable {
  const shown = reliability.filter((one) => one.horizon_days === horizon && one.bins.length > 0);
  const most = Math.max(0, ...shown.map(({ bins }) => bins.length));
  return {
    title: `Titan since ${once_at ?? 'ever'}: tenths of the GPU-months by what was foreseen for ${horizon} days, beside the share that failed`,
    header: ['tenth', ...shown.map(({ model }) => model)],
    rows: Array.from({ length: most }, (_, k) => [
      String(k + 1),
      ...shown.map(({ bins }) => {
        const bin = bins[k];
        return bin === undefined ? '-' : `${number(100 * bin.foreseen, 2)} / ${number(100 * bin.failed, 2)} %`;
      }),
    ]),
  };
}

function driftTable({ drift, once_at }: TitanFigures): FigureTable {
  return {
    title: `Titan: drift against the year before ${once_at ?? 'nothing'}, as it would have been told about the 30-day trees that were trained then, and what came out later; quarters, and months in which alarms change. Features by their population stability index, above ${PSI_MUCH} and twice what was usual; outcomes of the last three months that were over`,
    header: [
      'month',
      'features that moved',
      'foreseen PSI',
      'failures per foreseen',
      'alarms',
      'AUC once',
      'retrained',
    ],
    rows: drift
      .filter((one, i) => isQuarter(one.month) || String(one.alarms) !== String(drift[i - 1]?.alarms))
      .map(({ month, features, foreseen_psi, failures_per_foreseen, alarms, auc_once, auc_retrained }) => [
        month,
        features.length === 0
          ? '-'
          : `${features.length}: ${features
              .slice(0, 2)
              .map(({ feature, psi }) => `${feature} ${number(psi)}`)
              .join(', ')}`,
        number(foreseen_psi, 2),
        number(failures_per_foreseen, 2),
        alarms.join(', '),
        number(auc_once, 3),
        number(auc_retrained, 3),
      ]),
  };
}

const isQuarter = (month: string): boolean => ['01', '04', '07', '10'].includes(month.slice(5));

const coxTable = ({ cox }: TitanFigures): FigureTable => ({
  title: 'Titan: the Cox model of SC20 fitted here, and how far it is from a reference run',
  header: ['ties', 'GPUs', 'failed', 'terms', 'coefficients', 'standard errors', 'z', 'top cage here', 'published'],
  rows: cox.map((one) => [
    one.ties,
    String(one.gpus),
    percent(one.failures / one.gpus),
    String(one.terms),
    one.coefficient_off.toExponential(0),
    one.standard_error_off.toExponential(0),
    one.z_off.toExponential(0),
    number(one.top_cage_hazard_ratio, 3),
    number(one.top_cage_published, 3),
  ]),
});
