/** A cell as number; empty and nan are missing (NaN); null when it is neither. Flags as pandas writes them count as 0 and 1. */
export function csvNumber(cell: string): number | null {
  const text = cell.trim();
  if (text === '') return Number.NaN;
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  switch (text.toLowerCase()) {
    case 'nan':
      return Number.NaN;
    case 'inf':
    case '+inf':
      return Number.POSITIVE_INFINITY;
    case '-inf':
      return Number.NEGATIVE_INFINITY;
    case 'true':
      return 1;
    case 'false':
      return 0;
    default:
      return null;
  }
}
