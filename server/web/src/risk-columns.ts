import type { FleetRisk } from '../../client/api-client.ts';
import { adviceText } from './decision-text.ts';
import { percent } from './format-value.ts';
import { money } from './money-text.ts';
import { chance, modelText } from './prediction-text.ts';

export interface RiskColumn {
  readonly id: string;
  readonly label: string;
  readonly number: boolean;
  /** By which the API sorts; null: it does not. */
  readonly sort: string | null;
  readonly text: (risk: FleetRisk) => string;
  /** The end that one looks for first is the lowest. */
  readonly lowest_first?: boolean;
}

const days = (count: number | null): string =>
  count === null ? 'beyond' : count < 1 ? '<1 d' : `${Math.round(count)} d`;
const usd = (value: number | null): string => (value === null ? 'n/a' : money(value));

/** After the GPU itself. */
export const RISK_COLUMNS: readonly RiskColumn[] = [
  { id: 'p7', label: '7 days', number: true, sort: 'failure_prob_7d', text: (risk) => chance(risk.failure_prob_7d) },
  {
    id: 'p30',
    label: '30 days',
    number: true,
    sort: 'failure_prob_30d',
    text: (risk) => chance(risk.failure_prob_30d),
  },
  {
    id: 'p90',
    label: '90 days',
    number: true,
    sort: 'failure_prob_90d',
    text: (risk) => chance(risk.failure_prob_90d),
  },
  { id: 'type', label: 'Type', number: false, sort: null, text: (risk) => risk.predicted_failure_type },
  {
    id: 'ttf',
    label: 'Fails in about',
    number: true,
    sort: 'estimated_ttf_days',
    lowest_first: true,
    text: (risk) => days(risk.estimated_ttf_days),
  },
  {
    id: 'confidence',
    label: 'Confidence',
    number: true,
    sort: 'confidence',
    text: ({ confidence }) => (confidence === null ? 'n/a' : `${percent(confidence)} %`),
  },
  {
    id: 'at-risk',
    label: 'At risk $/h',
    number: true,
    sort: 'value_at_risk_usd_per_hour',
    text: (risk) => usd(risk.value_at_risk_usd_per_hour),
  },
  {
    id: 'priority',
    label: 'Priority',
    number: true,
    sort: 'priority',
    text: ({ priority }) =>
      priority === null ? 'n/a' : priority === 0 ? '0' : String(Number(priority.toPrecision(2))),
  },
  {
    id: 'advice',
    label: 'Advice',
    number: false,
    sort: null,
    text: ({ advice }) => (advice === '' ? 'none yet' : adviceText(advice)),
  },
  { id: 'model', label: 'Model', number: false, sort: null, text: modelText },
];

/** The first press shows the end that one looks for, the next the other. */
export function nextRiskSort({ sort, lowest_first = false }: RiskColumn, present: string): string {
  const [first, second] = lowest_first ? [`${sort}`, `-${sort}`] : [`-${sort}`, `${sort}`];
  return present === first ? second : first;
}
