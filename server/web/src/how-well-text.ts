import type { ModelPerformance } from '../../client/api-client.ts';
import { dateText } from './format-time.ts';
import { decimal, integer, percent } from './format-value.ts';

const DAY_MS = 86_400_000;

export interface Figure {
  readonly name: string;
  readonly text: string;
  /** What it means, for who asks. */
  readonly help: string;
}

const ratio = (value: number | null): string => (value === null ? 'not yet' : `${percent(value)} %`);
const score = (value: number | null, digits: number): string => (value === null ? 'not yet' : decimal(value, digits));

/** How good predictions were, in the figures that one asks for. */
export function howWellFigures(item: ModelPerformance): readonly Figure[] {
  const { lead_time_days: lead } = item;
  return [
    {
      name: 'Precision',
      text: ratio(item.precision),
      help: `Share of alarms that a failure followed within ${item.horizon_days} days.`,
    },
    { name: 'Recall', text: ratio(item.recall), help: 'Share of predictions before a failure that were alarms.' },
    {
      name: 'Failures warned of',
      text: item.failures === 0 ? 'none failed' : `${integer(item.failures_in_time)} of ${integer(item.failures)}`,
      help: 'Confirmed failures with an alarm before.',
    },
    {
      name: 'Warning ahead',
      text: lead === null ? 'not yet' : `${days(lead.median)} d (${days(lead.low)} to ${days(lead.high)})`,
      help: 'Days from the first alarm to the failure: median and quartiles.',
    },
    {
      name: 'Brier score',
      text: score(item.brier?.score ?? null, 4),
      help: 'Mean squared error of the chances; 0 is best.',
    },
    {
      name: 'Calibration error',
      text: ratio(item.calibration_error),
      help: 'How far chances lie from what came true, on average.',
    },
    {
      name: 'AUC',
      text: score(item.auc, 3),
      help: 'How well those that failed are ranked above the others; 0.5 is chance.',
    },
    {
      name: 'Alarm from',
      text: `${percent(item.threshold)} %`,
      help:
        item.threshold_source === 'learned'
          ? 'The cheapest by what was known.'
          : item.threshold_source === 'prior'
            ? 'From the costs alone, until ten failures are known.'
            : 'As asked for.',
    },
  ];
}

const days = (count: number): string => decimal(count, count < 10 ? 1 : 0);

/** How much of it time has told. */
export function settledText(
  item: Pick<ModelPerformance, 'predictions' | 'settled' | 'gpus' | 'from' | 'horizon_days'>,
): string {
  const made = `${integer(item.predictions)} daily predictions of ${integer(item.gpus)} GPUs`;
  if (item.settled > 0) return `${made}, time has told of ${integer(item.settled)}`;
  return `${made}; the first of them come true or not by ${dateText(Date.parse(item.from) + item.horizon_days * DAY_MS)}`;
}
