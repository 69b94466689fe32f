/** The one spelling of instants in REST and live answers: ISO 8601, UTC, milliseconds. Remembers the last one, since rows of one scrape share it. */
let lastMs = 0;
let lastText = '1970-01-01T00:00:00.000Z';

export function instantText(epochMs: number): string {
  if (epochMs === lastMs) return lastText;
  const text = new Date(epochMs).toISOString();
  lastMs = epochMs;
  lastText = text;
  return text;
}

/** For columns that may hold no instant: NaN and null come out as null. */
export const nullableInstantText = (epochMs: number | null | undefined): string | null =>
  epochMs === null || epochMs === undefined || Number.isNaN(epochMs) ? null : instantText(epochMs);
