const HOUR_MS = 3_600_000;

/** How far back a list looks; `0` is all there is. */
const SPANS = [
  { id: '1h', label: 'Last hour', ms: HOUR_MS },
  { id: '24h', label: 'Last 24 hours', ms: 24 * HOUR_MS },
  { id: '7d', label: 'Last 7 days', ms: 168 * HOUR_MS },
  { id: '30d', label: 'Last 30 days', ms: 720 * HOUR_MS },
  { id: 'all', label: 'Any time', ms: 0 },
] as const;

type SpanId = (typeof SPANS)[number]['id'];

export const SPAN_OPTIONS: readonly (readonly [string, string])[] = SPANS.map(({ id, label }) => [id, label]);

/** Where a list begins: epoch ms in whole minutes, so that an address asks the same for a while; null: at the beginning. */
export function spanStart(id: string, preset: SpanId, now: number): number | null {
  const span = SPANS.find((one) => one.id === id) ?? SPANS.find((one) => one.id === preset);
  if (span === undefined || span.ms === 0) return null;
  return Math.floor((now - span.ms) / 60_000) * 60_000;
}
