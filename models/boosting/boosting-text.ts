import type { BoostingDocument } from './boosting-document.ts';

/** Lists that XGBoost reads only when every number in them looks like a fraction. */
const FRACTIONS: ReadonlySet<string> = new Set(['base_weights', 'loss_changes', 'split_conditions', 'sum_hessian']);

/**
 * A model as the text of a file that XGBoost loads. JSON.stringify alone is not enough: it writes 1 for 1.0, which XGBoost
 * takes for an integer and refuses.
 */
export function boostingText(document: BoostingDocument): string {
  return write(document, '');
}

function write(value: unknown, key: string): string {
  if (Array.isArray(value)) {
    if (FRACTIONS.has(key)) return `[${value.map(fraction).join(',')}]`;
    return `[${value.map((item) => write(item, '')).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, item]) => `${JSON.stringify(name)}:${write(item, name)}`)
    .join(',')}}`;
}

function fraction(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
