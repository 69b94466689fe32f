/** Rows under a header, columns as wide as they must be; columns of numbers stand right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = [header, ...rows];
  const columns = header.map((_, i) => {
    const cells = table.map((row) => row[i] ?? '');
    const right = cells.slice(1).some((cell) => /\d/.test(cell)) && cells.slice(1).every((cell) => NUMERIC.test(cell));
    return { width: Math.max(...cells.map((cell) => cell.length)), right };
  });
  const line = (row: readonly string[]): string =>
    columns
      .map(({ width, right }, i) => (right ? (row[i] ?? '').padStart(width) : (row[i] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd();
  return `${table.map(line).join('\n')}\n`;
}

/** A number with its unit, a share of a whole, or nothing. */
const NUMERIC = /^(?:-|-?[\d.,]+(?: ?(?:%|s|min|h|d))?|\d+ of \d+)?$/;
