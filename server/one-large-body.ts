import type { Context, MiddlewareHandler } from 'hono';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { problem } from './problem.ts';

export interface OneLargeBodyOptions {
  /** Larger ones are large; so is one that does not say how long it is. */
  readonly from_bytes: number;
  /** How many may wait for their turn, and how long. Defaults 8 and 20 s, less than a request may take to arrive. */
  readonly waiting_max?: number;
  readonly patience_ms?: number;
}

type Answer = Awaited<ReturnType<MiddlewareHandler>>;
const RETRY_AFTER_S = '5';

/**
 * Lets one large body at a time be read and worked on: each is many times its size in memory, and all of them in one thread. Those
 * that wait are not read meanwhile; when there are too many, or it takes too long, 503 with Retry-After.
 */
export function oneLargeBody(
  options: OneLargeBodyOptions,
): (c: Context, work: () => Promise<Answer>) => Promise<Answer> {
  const { from_bytes, waiting_max = 8, patience_ms = 20_000 } = options;
  const waiting: (() => void)[] = [];
  let busy = false;

  /** False when it did not come in time. */
  function turn(): Promise<boolean> {
    if (!busy) {
      busy = true;
      return Promise.resolve(true);
    }
    if (waiting.length >= waiting_max) return Promise.resolve(false);
    return new Promise((resolve) => {
      const mine = (): void => {
        clearTimeout(late);
        resolve(true);
      };
      const late = setTimeout(() => {
        waiting.splice(waiting.indexOf(mine), 1);
        resolve(false);
      }, patience_ms);
      waiting.push(mine);
    });
  }
  const pass = (): void => {
    const next = waiting.shift();
    if (next === undefined) busy = false;
    else next();
  };

  return async (c, work) => {
    const length = c.req.header('Content-Length');
    const large = length === undefined ? c.req.header('Transfer-Encoding') !== undefined : Number(length) > from_bytes;
    if (!large) return work();
    if (!(await turn())) {
      const answer = problem(c, new VitalsError('GV-API-003', 'Other large bodies are being read', ''));
      answer.headers.set('Retry-After', RETRY_AFTER_S);
      return answer;
    }
    try {
      return await work();
    } finally {
      pass();
    }
  };
}
