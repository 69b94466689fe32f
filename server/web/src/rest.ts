import type { z } from 'zod';
import type { problemSchema } from '../../schemas.ts';
import { sessionFetch } from './session.ts';

type Problem = z.infer<typeof problemSchema>;

/** An answer that is no success, with what the server said about it. */
export class RestError extends Error {
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? `The API answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export interface List<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  readonly total: number;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** Reads JSON below /api/v1. Throws RestError; status 0 means that nothing answered. */
export function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const headers = { Accept: 'application/json' };
  return answerTo(withQuery(path, query), { headers, ...(signal === undefined ? {} : { signal }) });
}

/** Reads an answer of another kind, as text. Throws RestError as above. */
export async function getText(path: string, query: Query, type: string): Promise<string> {
  const response = await responseTo(withQuery(path, query), { headers: { Accept: type } });
  return response.text();
}

function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return `${path}${text === '' ? '' : `?${text}`}`;
}

/** Tells the API something. Throws RestError; status 0 means that nothing answered. */
export const postJson = <T>(path: string, body: object): Promise<T> => told('POST', path, body);

/**
 * Changes something that the API knows; with the tag of what was read, only that version of it. Throws RestError as above;
 * status 412 means that it has changed.
 */
export const patchJson = <T>(path: string, body: object, tag?: string): Promise<T> =>
  told('PATCH', path, body, tag === undefined ? {} : { 'If-Match': tag });

const told = <T>(method: string, path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  answerTo<T>(path, {
    method,
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Sends a file of rows. Throws RestError as above. */
export const postCsv = <T>(path: string, query: Query, csv: string): Promise<T> =>
  answerTo(withQuery(path, query), {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'text/csv' },
    body: csv,
  });

/** Reads one thing with the tag that says which version of it this is. Throws RestError as above. */
export async function getTagged<T>(path: string): Promise<{ readonly value: T; readonly tag: string }> {
  const response = await responseTo(path, { headers: { Accept: 'application/json' }, cache: 'no-store' });
  return { value: (await response.json()) as T, tag: response.headers.get('ETag') ?? '*' };
}

async function answerTo<T>(path: string, request: RequestInit): Promise<T> {
  const response = await responseTo(path, request);
  return (await response.json()) as T;
}

async function responseTo(path: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await sessionFetch(`/api/v1${path}`, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new RestError(0, { detail: 'The API does not answer' });
  }
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
    throw new RestError(response.status, problem);
  }
  return response;
}

/** All pages of a list, at most `pages_max`. */
export async function getList<T, L extends List<T> = List<T>>(
  path: string,
  query: Query,
  options: { readonly pages_max: number; readonly signal?: AbortSignal },
): Promise<{ readonly items: T[]; readonly first: L; readonly complete: boolean }> {
  const first = await getJson<L>(path, query, options.signal);
  const items = [...first.items];
  let { next } = first as List<T>;
  for (let page = 1; next !== null && page < options.pages_max; page++) {
    const more = await getJson<L>(path, { ...query, cursor: next }, options.signal);
    items.push(...more.items);
    next = more.next;
  }
  return { items, first, complete: next === null };
}
