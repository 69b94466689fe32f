import type { GetOperations, PatchOperations, PostOperations, Problem } from './api-types.generated.ts';

export type * from './api-types.generated.ts';

/** An answer of the API that is no success, with what it said; status 0: nothing answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? `The API answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export interface ApiClientOptions {
  /** `http://127.0.0.1:8080`; empty in a page that the API serves itself. */
  readonly base?: string;
  /** An API key, once one exists. */
  readonly key?: string;
  readonly fetch?: (url: string, request: RequestInit) => Promise<Response>;
}

/** Paths whose JSON is a page of a list. */
export type ListPath = {
  [P in keyof GetOperations]: GetOperations[P] extends { answer: { items: readonly unknown[]; next: string | null } }
    ? P
    : never;
}[keyof GetOperations];
export type JsonPath = {
  [P in keyof GetOperations]: GetOperations[P] extends { answer: unknown } ? P : never;
}[keyof GetOperations];
/** Paths that answer with something besides JSON. */
export type TextPath = {
  [P in keyof GetOperations]: Exclude<GetOperations[P]['media'], 'application/json'> extends never ? never : P;
}[keyof GetOperations];
export type CsvPath = {
  [P in keyof GetOperations]: 'text/csv' extends GetOperations[P]['media'] ? P : never;
}[keyof GetOperations];

type MemberOf<O, Name extends string> = O extends { readonly [N in Name]: infer T } ? T : never;
type AnswerOf<O> = MemberOf<O, 'answer'>;
type ItemOf<O> = MemberOf<O, 'answer'> extends { readonly items: readonly (infer T)[] } ? T : never;

/** What a request may say besides its path. */
export type Asked<O> = (O extends { readonly params: infer P } ? { readonly params: P } : unknown) &
  (O extends { readonly query: infer Q } ? { readonly query?: Q | undefined } : unknown) & {
    readonly signal?: AbortSignal | undefined;
  };
type MayAsk<O> = O extends { readonly params: unknown } ? [asked: Asked<O>] : [asked?: Asked<O>];
type Told<O> = Asked<O> &
  (O extends { readonly csv_body: string }
    ? { readonly body: MemberOf<O, 'body'> } | { readonly csv: string }
    : { readonly body: MemberOf<O, 'body'> });

export interface Tagged<T> {
  readonly answer: T;
  readonly tag: string;
}

/**
 * The REST API, typed by its OpenAPI document: paths as they are written there, `{name}` filled in from `params`. Every
 * call throws ApiError when the answer is no success, or the signal's reason when it was aborted.
 */
export interface ApiClient {
  /** The JSON of a path. */
  get<P extends JsonPath>(path: P, ...asked: MayAsk<GetOperations[P]>): Promise<AnswerOf<GetOperations[P]>>;
  /** The same, never from a cache, with the tag that says which version this is: `if_match` of a change. */
  tagged<P extends JsonPath>(path: P, ...asked: MayAsk<GetOperations[P]>): Promise<Tagged<AnswerOf<GetOperations[P]>>>;
  /** Every page of a list, from the first or from `query.cursor` on; each is asked for when the one before was used. */
  pages<P extends ListPath>(path: P, ...asked: MayAsk<GetOperations[P]>): AsyncGenerator<AnswerOf<GetOperations[P]>>;
  /** Every item of a list, page by page as above; `query.limit` is the size of a page. */
  items<P extends ListPath>(path: P, ...asked: MayAsk<GetOperations[P]>): AsyncGenerator<ItemOf<GetOperations[P]>>;
  /** Every page of a list as CSV; only the first has the line of names. */
  csv<P extends CsvPath>(path: P, ...asked: MayAsk<GetOperations[P]>): AsyncGenerator<string>;
  /** An answer as text: of a list, one page as `text/csv`. */
  text<P extends TextPath>(
    path: P,
    media: Exclude<GetOperations[P]['media'], 'application/json'>,
    ...asked: MayAsk<GetOperations[P]>
  ): Promise<string>;
  post<P extends keyof PostOperations>(path: P, told: Told<PostOperations[P]>): Promise<AnswerOf<PostOperations[P]>>;
  /** With the tag of what was read only that version is changed; another one throws with status 412. */
  patch<P extends keyof PatchOperations>(
    path: P,
    told: Told<PatchOperations[P]> & { readonly if_match?: string | undefined },
  ): Promise<AnswerOf<PatchOperations[P]>>;
}

/** The above without its types. */
interface Sent {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly csv?: string;
  readonly if_match?: string | undefined;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal | undefined;
}
type Page = { readonly items: readonly unknown[]; readonly next: string | null };

const JSON_MEDIA = 'application/json';
const CSV_MEDIA = 'text/csv';

/** A client over `fetch` alone; holds no state and no connection of its own. */
export function apiClient(options: ApiClientOptions = {}): ApiClient {
  const { base = '', key, fetch: send = (url, request) => fetch(url, request) } = options;

  async function responseTo(method: string, path: string, accept: string, sent: Sent = {}): Promise<Response> {
    const headers: Record<string, string> = { Accept: accept };
    if (key !== undefined) headers.Authorization = `Bearer ${key}`;
    const request: RequestInit & { cache?: 'no-store' } = { method, headers };
    if (sent.signal !== undefined) request.signal = sent.signal;
    if (sent.if_match !== undefined) headers['If-Match'] = sent.if_match;
    if (sent.fresh === true) request.cache = 'no-store';
    if (sent.csv !== undefined) {
      headers['Content-Type'] = CSV_MEDIA;
      request.body = sent.csv;
    } else if (method !== 'GET') {
      headers['Content-Type'] = JSON_MEDIA;
      request.body = JSON.stringify(sent.body);
    }
    let response: Response;
    try {
      response = await send(`${base}${placed(path, sent)}`, request);
    } catch (error) {
      if (sent.signal?.aborted) throw error;
      throw new ApiError(0, { detail: 'The API does not answer' });
    }
    if (response.ok) return response;
    throw new ApiError(response.status, (await response.json().catch(() => ({}))) as Partial<Problem>);
  }
  const json = async (method: string, path: string, sent?: Sent): Promise<unknown> =>
    (await responseTo(method, path, JSON_MEDIA, sent)).json();

  async function tagged(path: string, sent: Sent = {}): Promise<Tagged<unknown>> {
    const response = await responseTo('GET', path, JSON_MEDIA, { ...sent, fresh: true });
    // A server that tells none cannot compare: whatever it has is changed.
    return { answer: await response.json(), tag: response.headers.get('ETag') ?? '*' };
  }

  async function* pages(path: string, sent: Sent = {}): AsyncGenerator<Page> {
    let cursor: string | null = null;
    do {
      const query: Sent['query'] = cursor === null ? sent.query : { ...sent.query, cursor };
      const page = (await json('GET', path, { ...sent, query })) as Page;
      yield page;
      cursor = page.next;
    } while (cursor !== null);
  }
  async function* items(path: string, sent?: Sent): AsyncGenerator<unknown> {
    for await (const page of pages(path, sent)) yield* page.items;
  }
  async function* csv(path: string, sent: Sent = {}): AsyncGenerator<string> {
    let cursor: string | null = null;
    do {
      const query: Sent['query'] = cursor === null ? sent.query : { ...sent.query, cursor };
      const response = await responseTo('GET', path, CSV_MEDIA, { ...sent, query });
      const text = await response.text();
      // Names of columns have no line breaks.
      yield cursor === null ? text : text.slice(text.indexOf('\n') + 1);
      cursor = nextCursor(response.headers.get('Link'));
    } while (cursor !== null);
  }
  return {
    get: (path: string, sent?: Sent) => json('GET', path, sent),
    tagged,
    pages,
    items,
    csv,
    text: async (path: string, media: string, sent?: Sent) => (await responseTo('GET', path, media, sent)).text(),
    post: (path: string, sent: Sent) => json('POST', path, sent),
    patch: (path: string, sent: Sent) => json('PATCH', path, sent),
  } as ApiClient;
}

function placed(path: string, { params = {}, query = {} }: Sent): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  return `${filled}${text === '' ? '' : `?${text}`}`;
}

function nextCursor(link: string | null): string | null {
  const target = /<([^>]*)>; rel="next"/.exec(link ?? '')?.[1];
  return target === undefined ? null : new URL(target, 'http://localhost').searchParams.get('cursor');
}
