import { stringify } from 'yaml';
import type { AlertRule, AlertSource } from '../operators/alerts/alert-rule.ts';
import { alertRuleChanges, alertRules } from '../operators/alerts/alert-rules.ts';
import { DEFAULT_RULES } from '../operators/alerts/default-rules.ts';
import { replayAlerts } from '../operators/alerts/replay-alerts.ts';
import { RULE_FIELDS } from '../operators/alerts/rule-fields.ts';
import type { Alert } from '../pipeline/contract/alerts.ts';
import type { Asset, Severity } from '../pipeline/contract/events.ts';
import { days } from '../pipeline/contract/time.ts';
import type { EffectiveOption } from '../pipeline/effective-config.ts';
import { BOARD_ALERTS, EPISODES, FLEET_ALERTS } from '../pipeline/step-options.ts';
import type { FindingsAsked, FindingsWithin, Threshold } from '../sinks/questdb/read-findings.ts';
import { badRequest } from './field-errors.ts';

type Said = Readonly<Record<string, unknown>>;

/** Rules as they are in effect, and what the configuration says of them. */
export interface RulesNow {
  readonly rules: readonly AlertRule[];
  readonly said: Said;
}

/** Of what is shown of the configuration; the defaults where nobody knows it. */
export function rulesNow(config: readonly EffectiveOption[] | null): RulesNow {
  const value = config?.find(({ option }) => option === 'alert-rules')?.value;
  const said = typeof value === 'object' && value !== null ? (value as Said) : {};
  return { rules: alertRules(alertRuleChanges.parse(said)), said };
}

export const isDefaultRule = (name: string): boolean => DEFAULT_RULES.some((rule) => rule.name === name);

/**
 * The rules with one of them changed on top of the configuration, and what would have to be configured. Throws BadRequest
 * with every problem by its field.
 */
export function changedRules(
  now: RulesNow,
  rule: string,
  overrides: Said,
): { readonly rules: readonly AlertRule[]; readonly yaml: string } {
  const before = object(now.said[rule]);
  const when = { ...object(before.when), ...object(overrides.when) };
  const change = { ...before, ...overrides, ...(Object.keys(when).length === 0 ? {} : { when }) };
  const parsed = alertRuleChanges.safeParse({ ...now.said, [rule]: change });
  if (!parsed.success) {
    throw badRequest(parsed.error, 'There is no such option', (field) =>
      field === rule ? 'overrides' : field.replace(`${rule}.`, 'overrides.'),
    );
  }
  const unchanged = Object.keys(overrides).length === 0;
  return {
    rules: alertRules(parsed.data),
    yaml: unchanged ? '' : stringify({ 'alert-rules': { [rule]: change } }),
  };
}

const object = (value: unknown): Said =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Said) : {};

/** What must be read for all of these rules. */
export function findingsNeeded(rules: readonly AlertRule[]): Pick<FindingsAsked, 'scores' | 'predictions'> {
  const of = (source: AlertSource): Threshold[][] =>
    rules
      .filter(({ enabled, on }) => enabled && on === source)
      .map(({ when }) =>
        Object.entries(when).flatMap(([column, { above, below }]) =>
          ['number', 'ratio'].includes(RULE_FIELDS[source][column] ?? '') ? [{ column, above, below }] : [],
        ),
      );
  return { scores: of('gpu_health_scores'), predictions: of('gpu_failure_predictions') };
}

/** Health scores of single times come beside those of the fleet's profile; one GPU has one health. */
const PROFILE_OF_ALERTS = (found: FindingsWithin, profile: string): FindingsWithin => ({
  ...found,
  scores: found.scores.filter((score) => score.profile === profile),
});

/** Alerts that the rules open within a time. */
export async function alertsOf(
  rules: readonly AlertRule[],
  found: FindingsWithin,
  options: {
    readonly assets: readonly Asset[];
    readonly profile: string;
    readonly from: number;
    readonly to: number;
    readonly turn: () => Promise<void>;
  },
): Promise<Alert[]> {
  const { assets, profile, from, to, turn } = options;
  // Without feature vectors nothing is heard of a board between its findings.
  const forget_after = days(3_650);
  const alerts = await replayAlerts(PROFILE_OF_ALERTS(found, profile), assets, {
    board: { ...BOARD_ALERTS, forget_after, rules },
    fleet: { ...FLEET_ALERTS, forget_after, rules },
    episode_quiet: EPISODES.burst_gap,
    until: to,
    turn,
  });
  return alerts.filter(({ opened_at }) => opened_at >= from && opened_at < to);
}

export interface AlertCounts {
  readonly total: number;
  readonly by_severity: Readonly<Record<Severity, number>>;
  readonly per_day: readonly ({ readonly day: string } & Readonly<Record<Severity, number>>)[];
}

/** How many, by severity and by UTC day; days without any are there. */
export function countsOf(alerts: readonly Alert[], from: number, to: number): AlertCounts {
  const none = (): Record<Severity, number> => ({ info: 0, warning: 0, critical: 0 });
  const by_severity = none();
  const perDay = new Map<string, Record<Severity, number>>();
  for (let day = Math.floor(from / days(1)) * days(1); day < to; day += days(1)) perDay.set(dayOf(day), none());
  for (const { severity, opened_at } of alerts) {
    by_severity[severity]++;
    const counts = perDay.get(dayOf(opened_at));
    if (counts !== undefined) counts[severity]++;
  }
  return {
    total: alerts.length,
    by_severity,
    per_day: [...perDay].map(([day, counts]) => ({ day, ...counts })),
  };
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
