import { decimal, integer } from './format-value.ts';

/** US dollars for a figure: `$1.42M`, `$12,300`, `-$450`, `$3.20`, `$0.0041`. */
export function money(usd: number): string {
  const size = Math.abs(usd);
  const sign = usd < 0 ? '−' : '';
  if (size >= 1e6) return `${sign}$${decimal(size / 1e6, size >= 1e8 ? 0 : 2)}M`;
  if (size >= 100) return `${sign}$${integer(size)}`;
  if (size === 0) return '$0';
  return size >= 0.1 ? `${sign}$${decimal(size, 2)}` : `${sign}$${Number(size.toPrecision(2))}`;
}
