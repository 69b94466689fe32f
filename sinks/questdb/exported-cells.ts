/** A cell of QuestDB's CSV: null where nothing stands, which is NULL; an empty text stands in quotes. */
export type ExportedCell = string | null;

/**
 * One line of QuestDB's `/exp`, without its end. Texts stand in quotes, with JSON's escapes inside and quotes doubled, so
 * that a line never ends in the middle of one. Null when the line is not of that kind.
 */
export function exportedCells(line: string): ExportedCell[] | null {
  const cells: ExportedCell[] = [];
  for (let at = 0; ; ) {
    if (line.charCodeAt(at) === QUOTE) {
      let end = at + 1;
      for (;;) {
        end = line.indexOf('"', end);
        if (end < 0) return null;
        if (line.charCodeAt(end + 1) !== QUOTE) break;
        end += 2;
      }
      const text = unescaped(line.slice(at + 1, end));
      if (text === null) return null;
      cells.push(text);
      at = end + 1;
    } else {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      cells.push(end === at ? null : line.slice(at, end));
      at = end;
    }
    if (at === line.length) return cells;
    if (line.charCodeAt(at) !== COMMA) return null;
    at += 1;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;

function unescaped(text: string): string | null {
  if (!text.includes('\\') && !text.includes('"')) return text;
  try {
    return JSON.parse(`"${text.replaceAll('""', '\\"')}"`) as string;
  } catch {
    return null;
  }
}
