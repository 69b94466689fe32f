import { createHash } from 'node:crypto';
import { htmlText } from '../html-text.ts';

export interface ReportTable {
  readonly heads: readonly string[];
  /** Columns whose cells are numbers. */
  readonly numeric: readonly number[];
  readonly rows: readonly (readonly string[])[];
}

export interface ReportPage {
  readonly title: string;
  /** Sentences below the title. */
  readonly lead: readonly string[];
  readonly sections: readonly { readonly name: string; readonly table: ReportTable; readonly empty: string }[];
  readonly terms: readonly (readonly [term: string, meaning: string])[];
}

const STYLE = `:root{color-scheme:light}body{font:13px/1.45 system-ui,sans-serif;max-width:62rem;margin:1.5rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #999}p{margin:.4rem 0;max-width:46rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.15rem .7rem .15rem 0;border-bottom:1px solid #ddd;overflow-wrap:break-word}
th{font-weight:600}td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}tr{break-inside:avoid}thead{display:table-header-group}
dt{font-weight:600;margin-top:.5rem}dd{margin:0;max-width:46rem}
@media print{body{margin:0;max-width:none;font-size:10px}h2{break-after:avoid}.wide{overflow:visible}}@page{margin:12mm}`;

const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** The Content-Security-Policy of the page: its own style and nothing else. */
export const REPORT_POLICY = `default-src 'none'; style-src ${STYLE_HASH}; frame-ancestors 'none'`;

const ROWS_MAX = 2_000;

/** A report as one printable HTML page: no script, nothing fetched. Every text is escaped; tables show 2,000 rows at most and say so. Pure. */
export function reportPage({ title, lead, sections, terms }: ReportPage): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${htmlText(title)}</title><style>${STYLE}</style></head><body>
<h1>${htmlText(title)}</h1>
${lead.map((sentence) => `<p>${htmlText(sentence)}</p>`).join('')}
${sections.map(({ name, table, empty }) => `<h2>${htmlText(name)}</h2>${table.rows.length === 0 ? `<p>${htmlText(empty)}</p>` : tableHtml(table)}`).join('\n')}
${terms.length === 0 ? '' : `<h2>What the words mean</h2><dl>${terms.map(([term, meaning]) => `<dt>${htmlText(term)}</dt><dd>${htmlText(meaning)}</dd>`).join('')}</dl>`}
</body></html>`;
}

function tableHtml({ heads, numeric, rows }: ReportTable): string {
  const kind = (i: number): string => (numeric.includes(i) ? ' class="n"' : '');
  const left_out = rows.length - ROWS_MAX;
  const head = heads.map((text, i) => `<th scope="col"${kind(i)}>${htmlText(text)}</th>`).join('');
  const body = rows
    .slice(0, ROWS_MAX)
    .map((row) => `<tr>${row.map((cell, i) => `<td${kind(i)}>${htmlText(cell)}</td>`).join('')}</tr>`)
    .join('');
  const more = left_out > 0 ? `<p>${left_out} more rows are left out here; the CSV has them all.</p>` : '';
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>${more}`;
}
