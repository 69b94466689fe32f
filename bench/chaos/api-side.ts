import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { readLive } from './live-side.ts';
import { differences, type Results } from './read-results.ts';

/** Addresses of the API and of live now; null while they are not up. */
export type ApiAddress = () => { readonly api: string; readonly live: string } | null;

const AGAIN_MS = 200;
const ANSWER_MS = 5_000;
const SETTLE_MS = 1_300;
/** Lists of what is judged and told; samples are left out: the table has them, live views get those of the present only. */
const VIEWS = ['alerts', 'anomalies', 'episodes', 'assets', 'failure-labels'] as const;

/** What people do at a tick, through the API, again until it takes it; null: nothing. */
export function peopleAt(tick: number, gpu_uuid: string, api: ApiAddress): (() => Promise<void>) | null {
  const tell = (method: 'PATCH' | 'POST', path: string, body: object) => async (): Promise<void> => {
    for (;;) {
      try {
        const answer = await call(api, method, path, body);
        if (answer.status < 300) break;
        if (answer.status < 500 && answer.status !== 404 && answer.status !== 409 && answer.status !== 429) {
          throw new Refused(`${method} ${path}: HTTP ${answer.status}: ${answer.text}`);
        }
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
      await sleep(AGAIN_MS);
    }
    // A change counts for rows that are stored a second later.
    await sleep(SETTLE_MS);
  };
  if (tick === 24 || tick === 72) return tell('PATCH', `assets/${gpu_uuid}`, { owner: `team of tick ${tick}` });
  if (tick === 48) {
    const label = { gpu_uuid, failed_at: '2026-01-02T03:04:05Z', type: 'memory', note: 'told while everything shook' };
    return tell('POST', 'failure-labels', label);
  }
  return null;
}

class Refused extends Error {}

async function call(
  api: ApiAddress,
  method: 'GET' | 'PATCH' | 'POST',
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly text: string }> {
  const { statusCode, body: answer } = await request(`${api()?.api ?? 'http://127.0.0.1:1'}/api/v1/${path}`, {
    method,
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(body !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: statusCode, text: await answer.text() };
}

/** What lists and live topics tell: of a process that was started anew the same as of one that saw everything. */
async function readViews(api: ApiAddress): Promise<Results> {
  const out: Record<string, string[]> = {};
  const known = new Set<string | undefined>();
  for (const view of VIEWS) {
    const { status, text } = await call(api, 'GET', `${view}?limit=1000`);
    if (status !== 200) throw new Error(`GET ${view}: HTTP ${status}: ${text.slice(0, 300)}`);
    const { items } = JSON.parse(text) as { items: { readonly gpu_uuid?: string }[] };
    out[`api ${view}`] = items.map((item) => JSON.stringify(item)).sort();
    if (view === 'anomalies') for (const { gpu_uuid } of items) known.add(gpu_uuid);
  }
  const live = api()?.live;
  return live === undefined ? out : { ...out, ...(await readLive(live, known)) };
}

/** Lists and live topics, as soon as they are as wanted; after a while as they are then. `wanted` null: after two equal looks. */
export async function settledViews(api: ApiAddress, wanted: Results | null, limit_ms: number): Promise<Results> {
  let last: Results = {};
  for (let waited = 0; ; waited += AGAIN_MS) {
    try {
      const views = await readViews(api);
      const done = differences(wanted === null ? last : only(wanted, views), views).length === 0;
      if ((done && Object.keys(last).length > 0) || waited > limit_ms) return views;
      last = views;
    } catch (error) {
      if (waited > limit_ms) return { api: [String(error)] };
    }
    await sleep(AGAIN_MS * 5);
    waited += AGAIN_MS * 4;
  }
}

const only = (wanted: Results, views: Results): Results =>
  Object.fromEntries(Object.keys(views).map((name) => [name, wanted[name] ?? []]));
