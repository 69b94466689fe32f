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

const written = new WeakMap<ListAnswer, string>();

/** `again`: the same page may answer others too, so that its text is written once. */
export function listAnswer(c: Context, answer: ListAnswer, again = false): Response {
  const type = accepts(c, {
    header: 'Accept',
    supports: ['application/json', 'text/csv'],
    default: 'application/json',
  });
  c.header('Vary', 'Accept', { append: true });
  if (type !== 'text/csv') {
    const text = written.get(answer) ?? jsonOf(answer);
    if (again) written.set(answer, text);
    return answerText(c, text, again);
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

function jsonOf({ texts, next, total, more = {} }: ListAnswer): string {
  const others = Object.entries(more).map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{"items":[${texts.join(',')}],"next":${JSON.stringify(next)},"total":${total}${others.join('')}}`;
}

/** Missing is empty, what is no plain value is JSON. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return csvCell(value);
  return csvCell(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
