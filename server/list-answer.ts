import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { csvCell } from '../pipeline/csv-lines.ts';
import { answerText } from './answer-text.ts';

/** A page of a list as JSON or, when the client prefers it, as CSV with the cursor in a Link header. */
export interface ListAnswer {
  /** Fields, in the order of the columns. */
  readonly columns: readonly string[];
  readonly next: string | null;
  readonly total: number;
  /** One JSON object per item. */
  readonly texts: readonly string[];
  /** Further members of the envelope. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export function listAnswer(c: Context, answer: ListAnswer): Response {
  const type = accepts(c, {
    header: 'Accept',
    supports: ['application/json', 'text/csv'],
    default: 'application/json',
  });
  c.header('Vary', 'Accept', { append: true });
  if (type !== 'text/csv') {
    const more = Object.entries(answer.more ?? {}).map(
      ([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`,
    );
    const text = `{"items":[${answer.texts.join(',')}],"next":${JSON.stringify(answer.next)},"total":${answer.total}${more.join('')}}`;
    return answerText(c, text);
  }
  if (answer.next !== null) {
    const url = new URL(c.req.url);
    url.searchParams.set('cursor', answer.next);
    c.header('Link', `<${url.pathname}${url.search}>; rel="next"`);
  }
  c.header('X-Total-Count', String(answer.total));
  const lines = [answer.columns.join(',')];
  for (const text of answer.texts) {
    const row = JSON.parse(text) as Record<string, unknown>;
    lines.push(answer.columns.map((name) => cellOf(row[name])).join(','));
  }
  return c.body(`${lines.join('\r\n')}\r\n`, 200, { 'Content-Type': 'text/csv; charset=utf-8' });
}

/** Missing is empty, what is no plain value is JSON. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return csvCell(value);
  return csvCell(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
