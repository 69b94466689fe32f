/** Reads CSV to the letter of RFC 4180; throws on what it does not allow. */
export function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (;;) {
        const end = text.indexOf('"', at + 1);
        if (end < 0) throw new Error('A quote is not closed');
        cell += text.slice(at + 1, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
      }
    } else {
      const length = text.slice(at).search(/[,\r\n"]/);
      if (length < 0) throw new Error('The last line does not end');
      cell = text.slice(at, at + length);
      at += length;
    }
    row.push(cell);
    if (text[at] === ',') at++;
    else if (text.startsWith('\r\n', at)) {
      at += 2;
      rows.push(row);
      row = [];
    } else throw new Error(`Neither a comma nor the end of the line at ${at}: ${text.slice(at, at + 20)}`);
  }
  if (row.length > 0) throw new Error('The last line does not end');
  if (new Set(rows.map(({ length }) => length)).size > 1) throw new Error('Lines differ in length');
  return rows;
}
