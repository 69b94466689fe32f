const THOUSANDS = 10_000;
const HUGE = 1e7;

/** A number for a sentence: three or four digits that matter, thousands apart, powers of ten from ten million on. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= HUGE) return value.toExponential(2).replace('e+', 'e');
  if (size >= THOUSANDS) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(size >= 1_000 ? 4 : 3)));
}
