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

/** Epoch milliseconds from a number (ms) or an ISO 8601 text; NaN when it is no usable instant. */
export function parseInstant(value: unknown): number {
  const ms =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)
        ? Date.parse(/[zZ]|[+-]\d{2}:?\d{2}$/.test(value) || value.length <= 10 ? value : `${value.replace(' ', 'T')}Z`)
        : typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)
          ? Number(value)
          : Number.NaN;
  return ms > 0 && ms <= EPOCH_MS_MAX ? ms : Number.NaN;
}
