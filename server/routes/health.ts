import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { readinessSchema } from '../schemas-fleet.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

const DATABASE_CHECK_AGE_MS = 1_000;
const ENGINE_SILENT_MS = 15_000;

/** /livez, /readyz and /metrics: for orchestrators and Prometheus. */
export function healthRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const database = databaseCheck(parts);
  defineGet(
    app,
    {
      path: '/livez',
      tag: 'operations',
      summary: 'Answers while the process is alive.',
      params: NO_PARAMETERS,
      query: NO_PARAMETERS,
      answer: z.object({ alive: z.literal(true) }),
    },
    (c) => c.json({ alive: true }),
  );
  defineGet(
    app,
    {
      path: '/readyz',
      tag: 'operations',
      summary: 'Whether every part needed for answers is there, with reasons.',
      params: NO_PARAMETERS,
      query: NO_PARAMETERS,
      answer: readinessSchema,
      also: 503,
    },
    async (c) => {
      const checks = [busCheck(parts), await database(), seedCheck(parts), engineCheck(parts)];
      const ready = checks.every(({ ok }) => ok);
      return c.json({ ready, checks }, ready ? 200 : 503, { 'Cache-Control': 'no-store' });
    },
  );
  defineGet(
    app,
    {
      path: '/metrics',
      tag: 'operations',
      summary: 'Our own metrics in the Prometheus text format.',
      params: NO_PARAMETERS,
      query: NO_PARAMETERS,
      answer: z.string(),
      media: 'text/plain',
    },
    (c) =>
      c.body(parts.metrics.text(), 200, {
        'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
        'Cache-Control': 'no-store',
      }),
  );
}

function busCheck({ bus }: ApiParts): Check {
  return { name: 'nats', ok: bus.connected, detail: bus.connected ? 'connected' : 'not connected, trying again' };
}

function databaseCheck({ database, clock }: ApiParts): () => Promise<Check> {
  let last: { at: number; check: Promise<Check> } | null = null;
  return () => {
    const now = clock.monotonic();
    if (last === null || now - last.at > DATABASE_CHECK_AGE_MS) {
      const check = database.query('SELECT 1').then(
        () => ({ name: 'questdb', ok: true, detail: 'answers' }),
        (error: unknown) => ({
          name: 'questdb',
          ok: false,
          detail: error instanceof Error ? error.message : 'does not answer',
        }),
      );
      last = { at: now, check };
    }
    return last.check;
  };
}

function seedCheck({ feed, view }: ApiParts): Check {
  const detail = feed.seeded ? `${view.size} GPUs and instances known` : 'the last state is still being read';
  return { name: 'fleet', ok: feed.seeded, detail };
}

/** An engine tells of its steps every second, also when no samples come. */
function engineCheck({ clock, feed, topology }: ApiParts): Check {
  const heard = Math.max(topology.last()?.received_at ?? 0, feed.last_frame_at || 0);
  if (heard === 0) return { name: 'engine', ok: false, detail: 'no engine was heard yet' };
  const silent_ms = Math.max(0, clock.now() - heard);
  const detail = `heard ${(silent_ms / 1_000).toFixed(1)} s ago`;
  return { name: 'engine', ok: silent_ms <= ENGINE_SILENT_MS, detail };
}
