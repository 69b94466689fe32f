import type { ConditionsOptions } from '../operators/conditions/condition-limits.ts';
import { CONDITIONS } from '../operators/conditions/condition-table.ts';

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

export const isOn = (step: DetectorStep, settings: DetectorSettings): boolean =>
  settings[step]?.enabled ?? DETECTOR_STEPS[step];

/** The settings that are of conditions. */
export const conditionSettings = (settings: DetectorSettings): ConditionsOptions =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => !(name in DETECTOR_STEPS))) as ConditionsOptions;
