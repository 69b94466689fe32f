/** Durations in milliseconds, branded so that an epoch or a bare number cannot pass for one. */
declare const duration: unique symbol;
export type DurationMs = number & { readonly [duration]: true };

export const milliseconds = (n: number): DurationMs => n as DurationMs;
export const seconds = (n: number): DurationMs => (n * 1_000) as DurationMs;
export const minutes = (n: number): DurationMs => (n * 60_000) as DurationMs;
export const hours = (n: number): DurationMs => (n * 3_600_000) as DurationMs;
export const days = (n: number): DurationMs => (n * 86_400_000) as DurationMs;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };

/** `500ms 10s 5m 2h 7d`, and `0`; null when the text is no duration. */
export function parseDuration(text: string): DurationMs | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) return text.trim() === '0' ? milliseconds(0) : null;
  return milliseconds(Number(match[1]) * (UNIT_MS[match[2] as string] as number));
}

/** The shortest exact spelling that `parseDuration` reads back. */
export function formatDuration(value: DurationMs): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = UNIT_MS[unit] as number;
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  return value === 0 ? '0s' : `${value}ms`;
}

/** Latest instant that every part (QuestDB, Date, JSON) can carry: 9999-12-31. */
export const EPOCH_MS_MAX = 253_402_300_799_999;

/** Date, time and zone of ISO 8601 as tools really write it: `T` or blanks between, a zone as `Z`, `UTC`, `+01`, `+0100`, `+01:00`. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:(?:T| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?: *(?:Z|UTC|GMT|([+-])(\d{2}):?(\d{2})?))?)?$/i;

/** Epoch milliseconds of an ISO 8601 text; NaN for anything else and for days and hours that do not exist. No zone is UTC. */
function parseIso(text: string): number {
  const match = ISO.exec(text);
  if (match === null) return Number.NaN;
  const field = (group: number): number => Number(match[group] ?? 0);
  const [year, month, day, hour, minute, second] = [field(1), field(2), field(3), field(4), field(5), field(6)];
  if (hour > 24 || minute > 59 || second > 59 || (hour === 24 && minute + second > 0)) return Number.NaN;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // Date turns 30 February into March, and the years 0 to 99 into 1900 to 1999.
  if (midnight.getUTCFullYear() !== year || midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) {
    return Number.NaN;
  }
  const [offset_h, offset_min] = [field(9), field(10)];
  if (offset_h > 23 || offset_min > 59) return Number.NaN;
  const offset_ms = (match[8] === '-' ? -1 : 1) * (offset_h * 3_600_000 + offset_min * 60_000);
  const fraction_ms = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  return midnight.getTime() + hour * 3_600_000 + minute * 60_000 + second * 1_000 + fraction_ms - offset_ms;
}

const NUMBER = /^\d+(?:\.\d*)?(?:e\+?\d+)?$/i;

/** Whole epoch milliseconds from a number (ms) or an ISO 8601 text (without a zone: UTC); NaN when it is no usable instant. */
export function parseInstant(value: unknown): number {
  const text = typeof value === 'string' ? value.trim() : '';
  const ms = Math.floor(typeof value === 'number' ? value : NUMBER.test(text) ? Number(text) : parseIso(text));
  return ms > 0 && ms <= EPOCH_MS_MAX ? ms : Number.NaN;
}
