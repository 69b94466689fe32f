/** A duration for people: `45 s`, `8 min`, `2.5 h`, `3 d`. */
export function elapsedWords(ms: number): string {
  const [size, unit] =
    ms < 120_000 ? [1_000, 's'] : ms < 7_200_000 ? [60_000, 'min'] : ms < 1.728e8 ? [3.6e6, 'h'] : [8.64e7, 'd'];
  const value = ms / size;
  return `${value < 10 && size > 60_000 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
}
