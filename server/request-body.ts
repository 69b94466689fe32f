import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { BadRequest } from './problem.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** The body of the request, where a route has read it. */
    body_text: string;
  }
}

export interface RequestBodyOptions {
  /** Larger ones are large. */
  readonly large_from_bytes: number;
  /** Of all large ones together, beyond that of each, from their first byte to their answer. Default 256 MiB. */
  readonly held_bytes_max?: number;
  /** How many may wait for their turn, and how long. Defaults 8 and 20 s. */
  readonly waiting_max?: number;
  readonly patience_ms?: number;
}

type Work = (text: string) => Response | Promise<Response>;
const RETRY_AFTER_S = '5';

/**
 * Reads bodies, and lets one large one at a time be worked on: each is many times its size in memory, and all of them in one
 * thread. The turn begins when a body is there, so that who sends slowly keeps nobody waiting. When too many are held or wait, or
 * it takes too long, 503 with Retry-After; 413 as soon as a body is larger than its route takes.
 */
export function requestBody(
  options: RequestBodyOptions,
): (c: Context, bytes_max: number, work: Work) => Promise<Response> {
  const { large_from_bytes, held_bytes_max = 256 * 2 ** 20, waiting_max = 8, patience_ms = 20_000 } = options;
  const waiting: (() => void)[] = [];
  let busy = false;
  let held_bytes = 0;

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
  const putOff = (c: Context): never => {
    c.header('Retry-After', RETRY_AFTER_S);
    throw new VitalsError('GV-API-003', 'Other large bodies are being read', '');
  };

  return async (c, bytes_max, work) => {
    let held = 0;
    try {
      const text = await textOf(c, bytes_max, (length) => {
        const beyond = Math.max(0, length - large_from_bytes);
        held_bytes += beyond - held;
        held = beyond;
        if (held_bytes > held_bytes_max) putOff(c);
      });
      c.set('body_text', text);
      if (held === 0) return await work(text);
      if (!(await turn())) return putOff(c);
      try {
        return await work(text);
      } finally {
        pass();
      }
    } finally {
      held_bytes -= held;
    }
  };
}

/** `onGrown` hears how much there is of it, and may throw. */
async function textOf(c: Context, bytes_max: number, onGrown: (length: number) => void): Promise<string> {
  const check = (length: number): void => {
    if (length > bytes_max) throw new HTTPException(413, { message: `The body is larger than ${bytes_max} bytes` });
  };
  check(Number(c.req.header('Content-Length') ?? 0));
  const reader = c.req.raw.body?.getReader();
  // One that grows: a part may be a single byte, and costs a hundred.
  let bytes = new Uint8Array(0);
  let length = 0;
  for (;;) {
    const part = await reader?.read().catch(() => {
      throw new BadRequest([{ field: 'body', detail: 'Must arrive whole' }]);
    });
    if (part === undefined || part.done) return new TextDecoder().decode(bytes.subarray(0, length));
    const before = length;
    length += part.value.length;
    check(length);
    onGrown(length);
    if (length > bytes.length) {
      const grown = new Uint8Array(Math.min(bytes_max, Math.max(length, bytes.length * 2)));
      grown.set(bytes.subarray(0, before));
      bytes = grown;
    }
    bytes.set(part.value, before);
  }
}
