import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorCode } from '../pipeline/contract/error-catalogue.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';

const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  'GV-API-001': 400,
  'GV-API-002': 404,
  'GV-API-003': 503,
  'GV-API-005': 405,
  'GV-API-006': 409,
  'GV-API-007': 412,
  'GV-SEC-001': 401,
  'GV-SEC-002': 403,
  'GV-SEC-003': 429,
  'GV-SEC-004': 403,
  'GV-SEC-005': 404,
  'GV-MDL-101': 404,
  'GV-MDL-103': 400,
  'GV-MDL-104': 409,
  'GV-MDL-105': 503,
  'GV-BUS-001': 503,
  'GV-BUS-002': 503,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Content too large',
  429: 'Too many requests',
  431: 'Request header fields too large',
  500: 'Internal server error',
  503: 'Service unavailable',
};

export interface FieldError {
  readonly field: string;
  readonly detail: string;
}

/** So many errors of one request are told; what else is wrong with it is counted. */
export const FIELD_ERRORS_MAX = 100;
/** Names may be anything that was sent. */
const FIELD_CHARACTERS_MAX = 200;

/**
 * A request that cannot be answered because of what it says: which fields, and what is wrong with each; of many the first, and how
 * many more there are. `left_out` counts those that are not among `errors` already.
 */
export class BadRequest extends VitalsError {
  readonly errors: readonly FieldError[];
  constructor(errors: readonly FieldError[], left_out = 0) {
    const told = errors
      .slice(0, FIELD_ERRORS_MAX)
      .map(({ field, detail }) => ({ field: field.slice(0, FIELD_CHARACTERS_MAX), detail }));
    const more = errors.length - told.length + left_out;
    const texts = told.map(({ field, detail }) => `${field}: ${detail}`);
    super('GV-API-001', [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join('; '), told[0]?.field ?? '');
    this.errors = told;
  }
}

/** An error as RFC 9457 problem+json with our code. What is no error of ours tells nothing of its inside. */
export function problem(c: Context, error: unknown): Response {
  const known =
    error instanceof VitalsError
      ? error
      : error instanceof HTTPException && error.status < 500
        ? new VitalsError('GV-API-001', error.message || 'The request cannot be read', '')
        : new VitalsError('GV-API-004', 'The request failed', '');
  const status = error instanceof HTTPException ? (error.status as ContentfulStatusCode) : (STATUS[known.code] ?? 500);
  // As it was asked, since a reference has no spaces and no letters beyond ASCII.
  return c.body(problemText(known, status, new URL(c.req.url).pathname), status, PROBLEM_HEADERS);
}

export const PROBLEM_HEADERS = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' } as const;

/** The body of an answer that is no success. */
export const problemText = (error: VitalsError, status: number, instance: string): string =>
  JSON.stringify({
    type: `/docs/errors#${error.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: error.message,
    instance,
    code: error.code,
    action: error.action,
    ...(error instanceof BadRequest ? { errors: error.errors } : {}),
  });
