import { askFace, certificateEnd } from './ask-face.ts';
import { type Finding, finding, type Part } from './finding.ts';

export interface ApiFacts {
  readonly url: string;
  readonly alive: boolean;
  /** What /readyz says; null when it does not answer. */
  readonly ready: boolean | null;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly answer_ms: number;
  /** Until when its certificate is good, epoch ms; null without TLS. */
  readonly certificate_until: number | null;
}

export interface LiveFacts {
  readonly url: string;
  readonly upgraded: boolean;
  readonly answer_ms: number;
}

const DAY_MS = 86_400_000;
/** Time to get another one. */
const CERTIFICATE_DAYS_LEFT = 14;

export function judgeApi({ url, alive, ready, checks, answer_ms }: ApiFacts): Finding[] {
  const figures = { url, answer_ms };
  if (!alive) return [silent('api', url)];
  const livez = finding('api', 'livez', { what: `${url} answers`, figures });
  if (ready === true) return [livez, finding('api', 'readyz', { what: 'all parts are there' })];
  const missing = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  const what = ready === null ? '/readyz does not answer' : `not ready: ${missing.join('; ')}`;
  return [livez, finding('api', 'readyz', { state: 'fail', what, code: 'GV-API-003', action: ACTION })];
}

/** Both servers show the same certificate. None without TLS. */
export function judgeCertificate(
  { certificate_until: until }: Pick<ApiFacts, 'certificate_until'>,
  now: number,
): Finding[] {
  if (until === null) return [];
  const left = Math.floor((until - now) / DAY_MS);
  const figures = { days_left: left };
  const day = new Date(until).toISOString().slice(0, 10);
  if (left >= CERTIFICATE_DAYS_LEFT) {
    return [finding('api', 'certificate', { what: `the certificate is good until ${day}`, figures })];
  }
  const over = until <= now;
  return [
    finding('api', 'certificate', {
      state: over ? 'fail' : 'warn',
      what: over ? `the certificate has ended on ${day}` : `the certificate ends on ${day}, in ${left} days`,
      code: 'GV-SEC-006',
      action: 'Put another one where tls-cert and tls-key point to, and restart gpu-vitals.',
      figures,
    }),
  ];
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
  const { said } = await getJson(`${url}/readyz`);
  const readyz = said as { ready?: boolean; checks?: ApiFacts['checks'] } | null;
  return {
    url,
    alive: (livez.said as { alive?: unknown } | null)?.alive === true,
    ready: typeof readyz?.ready === 'boolean' ? readyz.ready : null,
    checks: readyz?.checks ?? [],
    answer_ms,
    certificate_until: livez.certificate_until,
  };
}

/** `said` is null when it does not answer, or something else than JSON. */
function getJson(url: string): Promise<{ readonly said: unknown; readonly certificate_until: number | null }> {
  return new Promise((resolve) => {
    const call = askFace(url);
    call.on('error', () => resolve({ said: null, certificate_until: null }));
    call.on('response', (response) => {
      const certificate_until = certificateEnd(response.socket);
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('error', () => resolve({ said: null, certificate_until }));
      response.on('end', () => resolve({ said: parsed(text), certificate_until }));
    });
    call.end();
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Opens a WebSocket as a client would, and lets it go. */
export async function lookAtLive(url: string, monotonic: () => number): Promise<LiveFacts> {
  const started = monotonic();
  const upgraded = await new Promise<boolean>((resolve) => {
    const call = askFace(url.replace(/^ws/, 'http'), {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.from('gpu-vitals doctor').subarray(0, 16).toString('base64'),
        'Sec-WebSocket-Protocol': 'gpu-vitals.v1',
      },
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
