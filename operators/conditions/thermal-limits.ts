/** What a GPU model bears. */
export interface ThermalLimits {
  readonly model: RegExp;
  /** Margin (field 153) at which the hardware slows down; null = the model has no such field to be trusted. */
  readonly margin_offset_c: number | null;
  /** Highest temperature that the model is meant to run at, and the one at which it slows down. */
  readonly gpu_warning_c: number;
  readonly gpu_critical_c: number;
  readonly memory_warning_c: number;
  readonly memory_critical_c: number;
}

const limits = (
  model: RegExp,
  margin_offset_c: number | null,
  [gpu_warning_c, gpu_critical_c]: readonly [number, number],
  [memory_warning_c, memory_critical_c]: readonly [number, number],
): ThermalLimits => ({ model, margin_offset_c, gpu_warning_c, gpu_critical_c, memory_warning_c, memory_critical_c });

/**
 * Thermal limits by model name, the first that fits; the last fits all. Margin offsets are those of NVSentinel's ADR-042, as
 * the domain notes of this project quote them. Temperatures are our own estimates of what these boards bear, chosen where a
 * healthy one under load does not come; no datasheet was consulted for them, and a board's own limits (`nvidia-smi -q -d
 * TEMPERATURE`) can be set in the configuration.
 */
export const THERMAL_LIMITS: readonly ThermalLimits[] = [
  limits(/\bGB[23]00\b/, -2, [87, 92], [95, 105]),
  limits(/\bB[23]00\b/, -3, [87, 92], [95, 105]),
  limits(/\bG?H[12]00\b/, -2, [87, 91], [95, 105]),
  limits(/\bL40S?\b/, -2, [87, 92], [98, 105]),
  limits(/\bA100\b/, null, [85, 89], [95, 105]),
  limits(/\bL4\b/, null, [85, 90], [98, 105]),
  limits(/\bV100\b/, null, [83, 87], [88, 95]),
  limits(/\bT4\b/, null, [88, 93], [98, 105]),
  limits(/(?:)/, null, [88, 93], [98, 105]),
];

/** Place of a model's limits in the table. */
export const thermalModel = (model: string): number => {
  const name = model.toUpperCase();
  return THERMAL_LIMITS.findIndex((entry) => entry.model.test(name));
};
export const thermalLimitsOf = (model: string): ThermalLimits => THERMAL_LIMITS[thermalModel(model)] as ThermalLimits;

/** A margin used up on a die further than this below its limit is no reading: older drivers send 0 and less for "unsupported". */
const PLAUSIBLE_BY_C = 15;

/**
 * Whether a margin to the slowdown temperature (field 153) is one. Above 0 it is; at 0 and below only of a model that serves one
 * at all, on a die that is hot too.
 */
export const isBelievableMargin = (
  margin: number,
  die: number,
  { margin_offset_c, gpu_warning_c }: ThermalLimits,
): boolean => margin > 0 || (margin <= 0 && margin_offset_c !== null && die >= gpu_warning_c - PLAUSIBLE_BY_C);
