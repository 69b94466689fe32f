import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { CONDITION_COUNT, CONDITIONS, type ConditionKey, type Limit } from './condition-table.ts';

/** What a configuration may change of a condition; anything left out stays as in the table, null switches a severity off. */
export interface ConditionOverride {
  readonly enabled?: boolean;
  readonly info?: number | null;
  readonly warning?: number | null;
  readonly critical?: number | null;
  readonly open_after?: DurationMs;
  readonly critical_after?: DurationMs;
  readonly close_after?: DurationMs;
}
export type ConditionsOptions = { readonly [K in ConditionKey]?: ConditionOverride };

/** 0 = calm, 1 to 3 = info, warning, critical; HOLD = neither calm nor bad: whatever was stays. */
export type Level = -1 | 0 | 1 | 2 | 3;
export const HOLD: Level = -1;

/** The table with its overrides, as arrays by condition. A severity that is never given has an infinite limit. */
export interface ConditionLimits {
  readonly enabled: Uint8Array;
  readonly info: Float64Array;
  readonly warning: Float64Array;
  readonly critical: Float64Array;
  /** The mildest of the three, and where it counts as gone. */
  readonly mildest: Float64Array;
  readonly clear: Float64Array;
  readonly open_after: Float64Array;
  readonly critical_after: Float64Array;
  readonly close_after: Float64Array;
}

const refuse = (key: string, what: string): never => {
  throw new VitalsError('GV-CFG-001', what, `conditions.${key}`);
};

/** Resolves the options once. Errors: GV-CFG-001 for an unknown condition or a limit that is no number. */
export function conditionLimits(options: ConditionsOptions): ConditionLimits {
  for (const [key, override] of Object.entries(options)) {
    if (!CONDITIONS.some((entry) => entry.key === key)) refuse(key, 'there is no such condition');
    for (const [name, value] of Object.entries(override ?? {})) {
      const wrong = typeof value === 'number' && (!Number.isFinite(value) || (name.endsWith('_after') && value < 0));
      if (wrong) refuse(`${key}.${name}`, `${value} is no usable limit`);
    }
  }
  const array = (): Float64Array => new Float64Array(CONDITION_COUNT);
  const limits = {
    enabled: new Uint8Array(CONDITION_COUNT).fill(1),
    info: array(),
    warning: array(),
    critical: array(),
    mildest: array(),
    clear: array(),
    open_after: array(),
    critical_after: array(),
    close_after: array(),
  };
  CONDITIONS.forEach((entry, c) => {
    const override = options[entry.key] ?? {};
    const never = entry.worse === 'high' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const limit = (own: number | null | undefined, usual: Limit): number => {
      const chosen = own === undefined ? usual : own;
      return chosen === null ? never : chosen === 'model' ? Number.NaN : chosen;
    };
    limits.enabled[c] = override.enabled === false ? 0 : 1;
    limits.info[c] = limit(override.info, entry.info);
    limits.warning[c] = limit(override.warning, entry.warning);
    limits.critical[c] = limit(override.critical, entry.critical);
    const three = [limits.info[c], limits.warning[c], limits.critical[c]] as number[];
    const mildest = entry.worse === 'high' ? Math.min(...three) : Math.max(...three);
    limits.mildest[c] = mildest;
    limits.clear[c] = mildest * entry.clear_ratio;
    limits.open_after[c] = override.open_after ?? entry.open_after;
    limits.critical_after[c] = override.critical_after ?? entry.critical_after;
    limits.close_after[c] = override.close_after ?? entry.close_after;
  });
  return limits;
}

/** Level of a reading that is bad when high. */
export function levelOf(limits: ConditionLimits, c: number, reading: number): Level {
  if (reading >= (limits.critical[c] as number)) return 3;
  if (reading >= (limits.warning[c] as number)) return 2;
  if (reading >= (limits.info[c] as number)) return 1;
  return reading < (limits.clear[c] as number) ? 0 : HOLD;
}

/** The limit that a reading of this level has passed; below all, the mildest. */
export function limitOf(limits: ConditionLimits, c: number, level: Level): number {
  if (level === 3) return limits.critical[c] as number;
  if (level === 2) return limits.warning[c] as number;
  return level === 1 ? (limits.info[c] as number) : (limits.mildest[c] as number);
}
