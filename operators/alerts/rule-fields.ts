import type { Anomaly, Episode, HealthScore, Incident, Severity } from '../../pipeline/contract/events.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import { anomalyKind } from '../episodes/anomaly-kind.ts';
import { SEVERITY_RANK } from '../episodes/in-words.ts';
import type { AlertRule, AlertSource, Comparison } from './alert-rule.ts';

/** Rows that rules look at, by their table. */
export interface AlertItems {
  readonly anomalies: Anomaly;
  readonly xid_episodes: Episode;
  readonly incidents: Incident;
  readonly gpu_health_scores: HealthScore;
  readonly gpu_failure_predictions: Prediction;
}

/** text: also lists of texts, of which one must fit; ratio: a number that people read as a percentage. */
type FieldKind = 'text' | 'severity' | 'number' | 'ratio';

const PLACE = { node: 'text', gpu_uuid: 'text' } as const;
const OF_GPU = { ...PLACE, instance: 'text' } as const;

/** Fields that a rule can compare, by table. */
export const RULE_FIELDS: Readonly<Record<AlertSource, Readonly<Record<string, FieldKind>>>> = {
  anomalies: {
    ...OF_GPU,
    type: 'text',
    metric: 'text',
    category: 'text',
    detector: 'text',
    severity: 'severity',
    score: 'number',
    observed: 'number',
    expected: 'number',
  },
  xid_episodes: {
    ...OF_GPU,
    category: 'text',
    severity: 'severity',
    action: 'text',
    primary_xid: 'text',
    xids: 'text',
    anomalies: 'text',
    job: 'text',
    count: 'number',
  },
  incidents: {
    ...PLACE,
    scope: 'text',
    origin: 'text',
    category: 'text',
    severity: 'severity',
    action: 'text',
    gpu_count: 'number',
    node_count: 'number',
  },
  gpu_health_scores: {
    ...OF_GPU,
    overall_score: 'number',
    memory_health: 'number',
    thermal_health: 'number',
    performance_health: 'number',
    power_health: 'number',
    reliability_health: 'number',
    health_grade: 'text',
    degradation_factors: 'text',
    confidence: 'ratio',
    action: 'text',
    profile: 'text',
  },
  gpu_failure_predictions: {
    ...OF_GPU,
    failure_prob_7d: 'ratio',
    failure_prob_30d: 'ratio',
    failure_prob_90d: 'ratio',
    predicted_failure_type: 'text',
    estimated_ttf_days: 'number',
    confidence: 'ratio',
    model_name: 'text',
    model_version: 'text',
  },
};

/** Reads a field that a rule names; undefined where the item has none. */
export function fieldOf<S extends AlertSource>(source: S, item: AlertItems[S], field: string): unknown {
  if (field === 'category' && source === 'anomalies') {
    const { type, metric } = item as Anomaly;
    return anomalyKind(type, metric).category;
  }
  if (field === 'gpu_count') return (item as Incident).gpus.length;
  if (field === 'node_count') return (item as Incident).nodes.length;
  return (item as unknown as Readonly<Record<string, unknown>>)[field];
}

/** The first enabled rule for a table that an item fits; null when it is worth telling by none. */
export function ruleFor<S extends AlertSource>(
  rules: readonly AlertRule[],
  source: S,
  item: AlertItems[S],
): AlertRule | null {
  for (const rule of rules) {
    if (rule.enabled && rule.on === source && fits(rule, source, item)) return rule;
  }
  return null;
}

function fits<S extends AlertSource>(rule: AlertRule, source: S, item: AlertItems[S]): boolean {
  for (const field in rule.when) {
    if (!holds(rule.when[field] as Comparison, fieldOf(source, item, field))) return false;
  }
  return true;
}

/** What is unknown is neither high nor low nor anything else. */
function holds(comparison: Comparison, value: unknown): boolean {
  const { above, below, at_least } = comparison;
  if (above !== undefined && !(typeof value === 'number' && value > above)) return false;
  if (below !== undefined && !(typeof value === 'number' && value < below)) return false;
  if (at_least !== undefined && !(SEVERITY_RANK[value as Severity] >= SEVERITY_RANK[at_least])) return false;
  const texts = (Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]).map(String);
  if (comparison.in !== undefined && !texts.some((text) => comparison.in?.includes(text))) return false;
  return !(comparison.not !== undefined && texts.some((text) => comparison.not?.includes(text)));
}
