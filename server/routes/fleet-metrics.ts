import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Clock } from '../../pipeline/clock.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { fleetMetrics } from '../fleet-metrics.ts';
import { keptAnswer } from '../kept-answer.ts';
import { OPENMETRICS_TYPE } from '../openmetrics-text.ts';

/** The page, both ways, as it was at an instant (monotonic ms). */
interface Page {
  readonly plain: Buffer<ArrayBuffer>;
  readonly packed: Buffer<ArrayBuffer>;
  readonly at: number;
}

const INVENTORY = { age_ms: 10_000, kept_ms: 300_000 };
/** A page is made anew so often while somebody asks, and is never older by more than the time that takes. */
const EVERY_MS = 5_000;
/** And for so long after somebody has asked: a Prometheus asks at least every two minutes. */
const ASKED_MS = 150_000;
const pack = promisify(gzip);

/** `GET /metrics/fleet`: health, risk, decisions and open anomalies of every GPU, for those who stay in Prometheus. */
export function fleetMetricsRoute(app: OpenAPIHono, parts: ApiParts): void {
  const { clock, view } = parts;
  const inventory = keptAnswer(clock, INVENTORY, () => parts.assets.all());
  const page = readyPage(clock, async () => fleetMetrics(view, (await inventory.first()) ?? []));
  defineGet(
    app,
    {
      path: '/metrics/fleet',
      tag: 'operations',
      summary:
        'Health, risk, decisions and open anomalies of every GPU as OpenMetrics, at most ten seconds old; see deploy/prometheus.',
      params: NO_PARAMETERS,
      query: NO_PARAMETERS,
      answer: z.string(),
      media: 'application/openmetrics-text',
    },
    async (c) => {
      const { plain, packed, at } = await page();
      const gzipped = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(c.req.header('Accept-Encoding') ?? '');
      const headers = {
        'Content-Type': OPENMETRICS_TYPE,
        'Cache-Control': 'no-store',
        Vary: 'Accept-Encoding',
        ETag: `"${Math.round(at * 1_000).toString(36)}${gzipped ? 'z' : ''}"`,
      };
      return gzipped ? c.body(packed, 200, { ...headers, 'Content-Encoding': 'gzip' }) : c.body(plain, 200, headers);
    },
  );
}

/**
 * A page that is there when it is asked for: made ahead, in pieces, for as long as somebody keeps asking; only the first waits.
 */
function readyPage(clock: Clock, write: () => Promise<Iterable<string>>): () => Promise<Page> {
  let last: Page | null = null;
  let making: Promise<Page> | null = null;
  let asked = Number.NEGATIVE_INFINITY;
  let waiting = false;

  async function made(): Promise<Page> {
    const at = clock.monotonic();
    const pieces: Buffer[] = [];
    for (const piece of await write()) {
      pieces.push(Buffer.from(piece));
      await new Promise(setImmediate);
    }
    const plain = Buffer.concat(pieces);
    last = { plain, packed: Buffer.from(await pack(plain, { level: constants.Z_BEST_SPEED })), at };
    return last;
  }
  function make(): Promise<Page> {
    making ??= made().finally(() => {
      making = null;
      if (!waiting) setTimeout(again, EVERY_MS).unref();
      waiting = true;
    });
    return making;
  }
  function again(): void {
    waiting = false;
    if (clock.monotonic() - asked > ASKED_MS) last = null;
    else make().catch(() => undefined);
  }
  return async () => {
    asked = clock.monotonic();
    return last !== null && asked - last.at < 2 * EVERY_MS ? last : make();
  };
}
