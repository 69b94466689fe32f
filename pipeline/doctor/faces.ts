import { request } from 'node:http';
import { type Finding, finding, type Part } from './finding.ts';

export interface ApiFacts {
  readonly url: string;
  readonly alive: boolean;
  /** What /readyz says; null when it does not answer. */
  readonly ready: boolean | null;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly answer_ms: number;
}

export interface LiveFacts {
  readonly url: string;
  readonly upgraded: boolean;
  readonly answer_ms: number;
}

const TIMEOUT_MS = 3_000;

export function judgeApi({ url, alive, ready, checks, answer_ms }: ApiFacts): Finding[] {
  const figures = { url, answer_ms };
  if (!alive) return [silent('api', url)];
  const livez = finding('api', 'livez', { what: `${url} answers`, figures });
  if (ready === true) return [livez, finding('api', 'readyz', { what: 'all parts are there' })];
  const missing = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  const what = ready === null ? '/readyz does not answer' : `not ready: ${missing.join('; ')}`;
  return [livez, finding('api', 'readyz', { state: 'fail', what, code: 'GV-API-003', action: ACTION })];
}

export function judgeLive({ url, upgraded, answer_ms }: LiveFacts): Finding {
  return upgraded
    ? finding('live', 'socket', { what: `${url} opens`, figures: { url, answer_ms } })
    : silent('live', url);
}

const ACTION = 'Mend the parts named; the others go on meanwhile.';

const silent = (part: Part, url: string): Finding =>
  finding(part, 'answer', {
    state: 'fail',
    what: `${url} does not answer`,
    code: 'GV-API-003',
    action: 'Restart gpu-vitals, and report what its log says.',
    figures: { url },
  });

export async function lookAtApi(url: string, monotonic: () => number): Promise<ApiFacts> {
  const started = monotonic();
  const livez = await getJson(`${url}/livez`);
  const answer_ms = monotonic() - started;
  const readyz = (await getJson(`${url}/readyz`)) as { ready?: boolean; checks?: ApiFacts['checks'] } | null;
  return {
    url,
    alive: (livez as { alive?: unknown } | null)?.alive === true,
    ready: typeof readyz?.ready === 'boolean' ? readyz.ready : null,
    checks: readyz?.checks ?? [],
    answer_ms,
  };
}

async function getJson(url: string): Promise<unknown> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return await answer.json();
  } catch {
    return null;
  }
}

/** Opens a WebSocket as a client would, and lets it go. */
export async function lookAtLive(url: string, monotonic: () => number): Promise<LiveFacts> {
  const started = monotonic();
  const upgraded = await new Promise<boolean>((resolve) => {
    const call = request(url.replace(/^ws/, 'http'), {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.from('gpu-vitals doctor').subarray(0, 16).toString('base64'),
        'Sec-WebSocket-Protocol': 'gpu-vitals.v1',
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    call.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve(true);
    });
    call.on('response', (response) => {
      response.resume();
      resolve(false);
    });
    call.on('error', () => resolve(false));
    call.end();
  });
  return { url, upgraded, answer_ms: monotonic() - started };
}
