import type { AlertRule } from '../operators/alerts/alert-rule.ts';
import { alertRuleChanges, alertRules } from '../operators/alerts/alert-rules.ts';
import type { GaugeThresholds } from '../operators/zscore/watched-gauges.ts';
import { type Config, type ConfigKey, configSchema } from './config-schema.ts';
import type { HealthProfile } from './contract/events.ts';
import type { DurationMs } from './contract/time.ts';
import type { DetectorSettings } from './detectors.ts';

/** What configuration can change of the steps that judge. */
export interface Analysis {
  readonly lateness_max: DurationMs;
  readonly features_every: DurationMs;
  readonly health_every: DurationMs;
  readonly decisions_every: DurationMs;
  readonly profile: HealthProfile;
  readonly zscore_threshold: number;
  readonly zscore_thresholds: GaugeThresholds;
  readonly novelty_contamination: number;
  /** The reference profile's time between samples; null = each GPU's usual one. */
  readonly reference_interval: DurationMs | null;
  readonly detectors: DetectorSettings;
  /** What people are told of. */
  readonly alert_rules: readonly AlertRule[];
}

/** Options that `analysisOf` reads. */
export const ANALYSIS_KEYS: readonly ConfigKey[] = [
  'lateness-max',
  'features-interval',
  'health-interval',
  'decisions-interval',
  'profile',
  'zscore-threshold',
  'zscore-thresholds',
  'novelty-contamination',
  'detectors',
  'alert-rules',
];

export const analysisOf = (config: Config): Analysis => ({
  lateness_max: config['lateness-max'],
  features_every: config['features-interval'],
  health_every: config['health-interval'],
  decisions_every: config['decisions-interval'],
  profile: config.profile,
  zscore_threshold: config['zscore-threshold'],
  zscore_thresholds: config['zscore-thresholds'],
  novelty_contamination: config['novelty-contamination'],
  reference_interval: null,
  detectors: config.detectors,
  alert_rules: alertRules(alertRuleChanges.parse(config['alert-rules'])),
});

export const DEFAULT_ANALYSIS: Analysis = analysisOf(configSchema.parse({}));
