import type { Refusal } from '../contract/events.ts';
import { METRICS } from '../contract/metrics.ts';

/**
 * What a reading is worth, decided in one place for every way in (exposition text, JSONL, CSV, nvidia-smi logs).
 *
 * - `ok`: a usable value.
 * - `blank`: a plain blank, or the 0 of a sensor that is not there: missing, counted, no dead letter.
 * - otherwise the reason of a refusal of level `value`: missing, and `valueRefusal` tells it.
 *
 * An infinity is out of range; NaN and unreadable text are no numbers; a `sentinel` is a blank that some tool has scaled
 * (the fp64 blank times 100, or a blank in other units).
 */
export type Verdict = 'ok' | 'blank' | 'out_of_range' | 'not_a_number' | 'sentinel';

/** The smallest plain blank: a reading below it needs no look at blanks. */
export const FIRST_BLANK = 2_147_483_632;
const INT32_BLANK = FIRST_BLANK;
const FP64_BLANK = 140_737_488_355_328;
const INT64_BLANK = 9.22e18;
const TEXT_BLANK =
  /^(?:<<<(?:NULL|NOT_FOUND|NOT_SUPPORTED|NOT_PERM)>>>|\[?(?:N\/A|Not Supported|Not Available|Unknown Error|Insufficient Permissions)\]?)$/i;

const inBlock = (value: number, first: number): boolean =>
  value >= first && value <= first + 3 && Number.isInteger(value);

/** DCGM's plain blanks: four int32 and four fp64 values exactly, and int64 from 9.22e18 on (doubles round it to 2^63). */
export const isBlankReading = (reading: number): boolean =>
  reading >= INT32_BLANK &&
  (inBlock(reading, INT32_BLANK) || inBlock(reading, FP64_BLANK) || (reading >= INT64_BLANK && reading < Infinity));

/** Words that stand for "no reading": DCGM's string blanks and nvidia-smi's, with or without brackets. */
export const isBlankText = (text: string): boolean => TEXT_BLANK.test(text);

/**
 * A reading in the exporter's unit as the canonical value. Fractions divide (57 % is 0.57 and not 57 * 0.01, which is
 * not the nearest double).
 */
export function toCanonical(metric: number, reading: number): number {
  const { mul, div } = factors(metric);
  return (reading * mul) / div;
}

/** `toCanonical` as two factors of which at least one is 1: canonical = reading * mul / div. */
export function factors(metric: number): { readonly mul: number; readonly div: number } {
  const scale = METRICS[metric]?.scale ?? 1;
  return scale < 1 ? { mul: 1, div: Math.round(1 / scale) } : { mul: scale, div: 1 };
}

/**
 * Judges a canonical value. `reading` is the number as it stood in the input, before scaling; leave it out where the
 * input is canonical already. Pure, allocates nothing.
 */
export function checkValue(metric: number, value: number, reading: number = value): Verdict {
  const spec = METRICS[metric];
  if (spec === undefined || Number.isNaN(value)) return 'not_a_number';
  if (isBlankReading(reading)) return 'blank';
  if (isHundredfoldBlank(reading)) return 'sentinel';
  if (value >= spec.min && value <= spec.max) return value === 0 && spec.zero_is_missing === true ? 'blank' : 'ok';
  return isScaledBlank(value, spec.scale) ? 'sentinel' : 'out_of_range';
}

/** The refusal that tells of a bad value. `original` is the refused text, verbatim. */
export function valueRefusal(
  metric: number,
  verdict: Exclude<Verdict, 'ok' | 'blank'>,
  value: number,
  original: string,
): Refusal {
  const spec = METRICS[metric];
  const name = spec?.name ?? 'unknown metric';
  const range = spec === undefined ? '' : `, valid is ${spec.min}..${spec.max} ${spec.unit}`;
  const what = verdict === 'not_a_number' ? 'is not a number' : String(value);
  return { level: 'value', reason: verdict, detail: `${name} ${what}${range}`, original };
}

/** The fp64 blank times 100, as tools write it that turn every ratio into percent. */
const isHundredfoldBlank = (reading: number): boolean =>
  reading >= FP64_BLANK * 100 && reading <= (FP64_BLANK + 3) * 100 && reading % 100 === 0;

/** Only names what is out of range anyway: a blank in other units, or rounded by a short print format. */
const isScaledBlank = (value: number, scale: number): boolean =>
  [INT32_BLANK, FP64_BLANK, INT64_BLANK].some((blank) =>
    [scale, 100].some((factor) => factor !== 1 && Math.abs(value / (blank * factor) - 1) < 1e-5),
  );
