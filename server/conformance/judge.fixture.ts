import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { ApiDescription, Operation } from './openapi.fixture.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const PROBLEM = 'application/problem+json';
/** What tells of our inside. */
const INSIDE =
  /Invalid (input|option|string)|Too (small|big):|node_modules|\bat \S+ \(|\.ts:\d+|ECONN|SELECT |Cannot read prop|is not a function|undefined/;

/** What is wrong with an answer to an operation; null: nothing. */
export function judgeAnswer(
  description: ApiDescription,
  operation: Operation,
  { status, headers, text }: Answered,
): string | null {
  const media = (headers.get('Content-Type') ?? '').split(';')[0]?.trim() ?? '';
  if (headers.get('X-Content-Type-Options') !== 'nosniff') return 'lets the browser guess its type';
  if (status >= 500 && status !== 503) return `${status}: ${text}`;
  const told = operation.responses[String(status)];
  if (told === undefined) return `a status that is not told of: ${status} ${text.slice(0, 300)}`;
  if (status === 304) return text === '' ? null : 'a body with 304';
  const content = told.content?.[media];
  if (content === undefined) return `a type that is not told of: ${status} ${media}`;
  if (status >= 400 && media === PROBLEM) {
    const wrong = judgeProblem(status, headers, text);
    if (wrong !== null) return wrong;
  }
  if (!media.endsWith('json')) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `no JSON: ${text.slice(0, 200)}`;
  }
  const problems = description.problemsOf(content.schema, value);
  return problems === null ? null : `not of its schema: ${problems.slice(0, 600)}`;
}

/** RFC 9457 as we tell it, for any answer that is no success. */
export function judgeProblem(status: number, headers: Headers, text: string): string | null {
  if (!headers.get('Content-Type')?.startsWith(PROBLEM)) return `no problem+json: ${status} ${text.slice(0, 200)}`;
  const problem = JSON.parse(text) as Record<string, unknown>;
  const { code, type, title, detail, instance, action } = problem;
  if (problem.status !== status) return `tells status ${problem.status}, is ${status}`;
  for (const [name, value] of Object.entries({ code, type, title, detail, instance, action })) {
    if (typeof value !== 'string') return `${name} is no text`;
  }
  if (!isCode(String(code))) return `${code} is not in the catalogue`;
  if (type !== `/docs/errors#${code}`) return `type is ${type}`;
  if (detail === '' || title === '') return 'says nothing';
  if (INSIDE.test(String(detail))) return `tells of our inside: ${detail}`;
  return headers.get('Cache-Control') === 'no-store' ? null : 'may be cached';
}

function isCode(code: string): boolean {
  try {
    return new VitalsError(code as VitalsError['code'], 'x', 'x').action !== undefined;
  } catch {
    return false;
  }
}
