import { cmapssTable } from '../cmapss/cmapss-table.ts';
import { diskTables } from '../disks/disk-tables.ts';
import { type FigureTable, number, percent } from '../in-figures.ts';
import { titanTables } from '../titan/titan-tables.ts';
import type { PredictionReport } from './evaluate-prediction.ts';
import { ENSEMBLE, type FleetReport, HEURISTIC, type NamedAlarms } from './judge-fleet.ts';
import { calibrationTable, riskTable, withRange } from './risk-tables.ts';

/** What stands above all figures of simulated fleets. */
export function simulatedPredictionNotes({ model, simulated }: PredictionReport): string[] {
  const { fleet, other, seed, days, failure_rate_scale } = simulated;
  return [
    `Judged: ${model}, beside the heuristic.`,
    `Simulated fleet: ${fleet.gpus} boards in ${days} days, ${fleet.failures} failures at ${failure_rate_scale} times the published rate, seed ${seed}, which no training uses; asked once a day and board, stepped every ${simulated.every_minutes} minutes.`,
    `Other simulator: ${other.gpus} boards in ${simulated.other_days} days, ${other.failures} failures, by rules that nothing was trained on.`,
    'Intervals are 90 %, by drawing boards.',
  ];
}

/** Only what is simulated; every title says so. */
export function simulatedPredictionTables({ simulated }: PredictionReport): FigureTable[] {
  const { fleet, other } = simulated;
  return [
    ...horizonTables('Simulated fleet', fleet),
    ablationTable(fleet),
    alarmTable('Simulated fleet', fleet),
    typeTable('Simulated fleet', fleet),
    calibrationTable(
      'Simulated fleet: foreseen beside what happened within 30 days; 95 % intervals, boards as cases',
      fleet.horizons.find(({ days }) => days === 30)?.reports ?? [],
    ),
    ...horizonTables('Simulated, another simulator', other),
    alarmTable('Simulated, another simulator', other),
    typeTable('Simulated, another simulator', other),
  ];
}

/** Only what is real. */
export const realPredictionTables = ({ titan, disks }: PredictionReport): FigureTable[] => [
  ...(titan ? titanTables(titan) : []),
  ...(disks ? diskTables(disks) : []),
];

/** Simulated too, but by others and for others. */
export const foreignPredictionTables = ({ cmapss }: PredictionReport): FigureTable[] =>
  cmapss ? [cmapssTable(cmapss)] : [];

function horizonTables(where: string, { horizons }: FleetReport): FigureTable[] {
  return horizons.flatMap(({ days, reports }) => {
    const [first] = reports;
    // Too short a life for this horizon, or nothing failed: nothing to judge by.
    if (first === undefined || first.failing_units === 0) return [];
    return [
      riskTable(
        `${where}: failure within ${days} days, ${first.rows} board-days whose outcome is known, ${number(100 * first.failed_ratio)} % of them before one of ${first.failing_units} failures`,
        reports,
      ),
    ];
  });
}

const ablationTable = ({ ablations }: FleetReport): FigureTable => ({
  title:
    'Simulated fleet: what each part is worth, 30 days. Alone: calibrated by itself; without: the ensemble as it is when that part says nothing, not trained anew',
  header: ['model', 'AUC', 'average precision', 'against the ensemble', 'Brier score', 'calibration error'],
  rows: ablations.map((one) => [
    one.model,
    withRange(one.auc),
    withRange(one.average_precision),
    withRange(one.precision_gain),
    withRange(one.brier, 4),
    number(one.calibration?.error ?? null, 4),
  ]),
});

const alarmTable = (where: string, { alarms }: FleetReport): FigureTable => ({
  title: `${where}: alarms from a 30-day probability on; lead time from the first alarm within 30 days to the failure; false alarms (day after day counts once) and false alarm days per 1,000 board-days`,
  header: [
    'model',
    'alarm at',
    'from',
    'precision',
    'recall of days',
    'failures foreseen',
    'lead p25',
    'p50',
    'p75',
    'false alarms',
    'false alarm days',
  ],
  rows: alarms.map((one) => [
    one.model,
    one.at,
    number(one.threshold, 3),
    percent(one.precision),
    percent(one.recall),
    `${one.foreseen} of ${one.failures}`,
    inDays(one.lead_days?.low),
    inDays(one.lead_days?.median),
    inDays(one.lead_days?.high),
    number(one.false_alarms),
    number(one.false_alarm_days),
  ]),
});

/** Announced = something could be seen before; sudden = nothing could. */
function typeTable(where: string, { alarms }: FleetReport): FigureTable {
  const [ensemble, heuristic] = [ENSEMBLE, HEURISTIC].map((model) => alarms.find((one) => one.model === model));
  const order = ['memory', 'thermal', 'power', 'other', 'announced', 'sudden'];
  const groups = (ensemble?.groups ?? []).toSorted((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
  const cells = (alarm: NamedAlarms | undefined, group: string): string[] => {
    const one = alarm?.groups.find((found) => found.group === group);
    if (one === undefined) return ['-', '-', '-'];
    return [
      percent(one.failures === 0 ? null : one.foreseen / one.failures),
      percent(one.foreseen === 0 ? null : one.type_right / one.foreseen),
      inDays(one.lead_median_days),
    ];
  };
  return {
    title: `${where}: failures by type at the first threshold of each model above; foreseen = with an alarm within 30 days before, type right = of the foreseen, by the last alarm. Sudden ones show nothing before`,
    header: ['failure', 'n', ENSEMBLE, 'type right', 'lead p50', HEURISTIC, 'type right', 'lead p50'],
    rows: groups.map(({ group, failures }) => [
      group,
      String(failures),
      ...cells(ensemble, group),
      ...cells(heuristic, group),
    ]),
  };
}

const inDays = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : `${number(value)} d`;
