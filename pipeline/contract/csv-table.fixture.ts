/** Rows of a CSV text by the names of its header; fields may be quoted and then hold commas. */
export function parseCsvTable(text: string): Record<string, string>[] {
  const rows = text.trim().split('\n').map(fieldsOf);
  const header = rows[0] ?? [];
  return rows.slice(1).map((fields) => Object.fromEntries(header.map((name, i) => [name, fields[i] ?? ''])));
}

const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((match) => match[1] ?? match[2] ?? '');
