/** Figures as people read them; `-` for none. */
export const number = (value: number | null, digits = 1): string => (value === null ? '-' : value.toFixed(digits));

export const percent = (ratio: number | null): string => (ratio === null ? '-' : `${Math.round(ratio * 100)} %`);

/** Names with how often each, the first ones. */
export const counted = (counts: Readonly<Record<string, number>>, most = 3): string =>
  Object.entries(counts)
    .slice(0, most)
    .map(([name, n]) => (n === 1 ? name : `${name} x${n}`))
    .join(', ');

export function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** A table under a sentence, before it is text or Markdown. */
export interface FigureTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
