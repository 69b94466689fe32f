import type { ConditionsOptions } from '../operators/conditions/condition-limits.ts';
import { CONDITIONS, type ConditionKey } from '../operators/conditions/condition-table.ts';
import type { Severity } from './contract/events.ts';

/** Steps that find anomalies, and whether they do unless configuration says otherwise. */
const DETECTOR_STEPS = {
  zscore: true,
  conditions: true,
  change_points: true,
  absence: true,
  peers: true,
  novelty: true,
  forecasts: true,
  density: false,
  reconstruction: false,
} as const;
export type DetectorStep = keyof typeof DETECTOR_STEPS;

/** Where limits stand that somebody may look for at a step. */
const LIMITS_OF_STEPS: { readonly [S in DetectorStep]?: string } = {
  zscore: 'zscore-threshold and zscore-thresholds are its limits',
  conditions: 'limits are those of each condition, by its name',
  novelty: 'novelty-contamination is its limit',
};

/** What conditions never tell, whatever limit it is given. */
const WITHOUT_LIMIT: { readonly [C in ConditionKey]?: readonly Severity[] } = {
  ecc_sbe_rate: ['info'],
  ecc_sbe_total: ['info'],
  ecc_dbe: ['info', 'warning'],
  pcie_replay_rate: ['info'],
  pcie_width: ['info'],
  pcie_generation: ['info'],
  gpu_temperature: ['info'],
  memory_temperature: ['info'],
  hw_slowdown: ['info'],
  power_brake: ['info'],
  framebuffer_stuck: ['critical'],
};

/** What of a detector differs from its defaults, in its own unit; null = this severity is never given. */
export interface DetectorSetting {
  readonly enabled?: boolean | undefined;
  readonly info?: number | null | undefined;
  readonly warning?: number | null | undefined;
  readonly critical?: number | null | undefined;
}

/** By condition (condition-table.ts), or by step, which can be switched on and off only. */
export type DetectorSettings = Readonly<Record<string, DetectorSetting | undefined>>;

/** Every name that a setting may have. */
export const DETECTOR_NAMES: readonly string[] = [...Object.keys(DETECTOR_STEPS), ...CONDITIONS.map(({ key }) => key)];

const isStep = (name: string): name is DetectorStep => Object.hasOwn(DETECTOR_STEPS, name);

/** Why a step has no limits at all; null for conditions. */
export function onOffOnly(name: string): string | null {
  if (!isStep(name)) return null;
  const elsewhere = LIMITS_OF_STEPS[name];
  return `it is switched on and off only${elsewhere === undefined ? '' : `: ${elsewhere}`}`;
}

/** Whether a limit for this severity of a condition would change nothing. */
export const hasNoLimit = (name: string, severity: Severity): boolean =>
  WITHOUT_LIMIT[name as ConditionKey]?.includes(severity) === true;

export const isOn = (step: DetectorStep, settings: DetectorSettings): boolean =>
  settings[step]?.enabled ?? DETECTOR_STEPS[step];

/** The settings that are of conditions. */
export const conditionSettings = (settings: DetectorSettings): ConditionsOptions =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => !isStep(name))) as ConditionsOptions;
