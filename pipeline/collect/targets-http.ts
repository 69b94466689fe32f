import { Agent, request } from 'undici';
import { VitalsError } from '../contract/errors.ts';
import { isLinkLocal, isRefusedName, lookupBeyondLink } from '../contract/link-local.ts';
import type { Access } from './scraper-access.ts';
import { parseTargetGroups, type Target } from './targets.ts';
import type { TargetSource } from './targets-file.ts';

export interface TargetUrlOptions {
  /** http or https. Redirects are not followed. */
  readonly url: string;
  readonly on_targets: (targets: Target[]) => void;
  /** What is wrong, or null when it is right again. Called at every poll. */
  readonly on_problem: (where: string, detail: string | null) => void;
  /** Default 60 s. */
  readonly refresh_ms?: number;
  /** Default 10 s. */
  readonly timeout_ms?: number;
  /** TLS and token; read anew for every poll, so that renewed files count. */
  readonly access?: Pick<Access, 'tls' | 'authorization'>;
  /** Addresses of the machine's own link may be asked too; refused when absent. */
  readonly allow_link_local?: boolean;
}

const REFRESH_MS = 60_000;
const TIMEOUT_MS = 10_000;
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Prometheus `http_sd`: polls a URL for a JSON list of groups; while it fails the last good list stays. Throws GV-COL-005 for a bad URL, GV-SEC-007 for one on the machine's own link. */
export function pollTargetUrl(options: TargetUrlOptions): TargetSource {
  const refresh_ms = options.refresh_ms ?? REFRESH_MS;
  const url = URL.canParse(options.url) ? new URL(options.url) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new VitalsError('GV-COL-005', 'not an http or https address', options.url);
  }
  if (options.allow_link_local !== true && isLinkLocal(url.hostname)) {
    throw new VitalsError('GV-SEC-007', "the list of targets lies at an address of the machine's own link", url.host);
  }
  const where = `${url.origin}${url.pathname}`;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | null = null;

  async function poll(): Promise<void> {
    try {
      const { targets, problems } = parseTargetGroups(await fetchJson(url as URL, options, stop.signal), where);
      if (stop.signal.aborted) return;
      options.on_targets(targets);
      options.on_problem(where, problems.length === 0 ? null : problems.join('; '));
    } catch (error) {
      if (stop.signal.aborted) return;
      const detail = error instanceof Error ? error.message : String(error);
      options.on_problem(where, isRefusedName(error) ? `${detail} (GV-SEC-007)` : detail);
    }
    timer = setTimeout(() => void poll(), refresh_ms);
    timer.unref();
  }

  return {
    ready: poll(),
    stop() {
      stop.abort();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

async function fetchJson(url: URL, options: TargetUrlOptions, stopped: AbortSignal): Promise<unknown> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'user-agent': 'gpu-vitals',
    'x-prometheus-refresh-interval-seconds': String((options.refresh_ms ?? REFRESH_MS) / 1_000),
  };
  const authorization = options.access?.authorization() ?? null;
  if (authorization !== null) headers.authorization = authorization;
  const dispatcher = new Agent({
    connect: {
      ...(options.allow_link_local !== true && { lookup: lookupBeyondLink }),
      ...(url.protocol === 'https:' && options.access?.tls()),
    },
  });
  const timeout_ms = options.timeout_ms ?? TIMEOUT_MS;
  const deadline = AbortSignal.timeout(timeout_ms);
  try {
    const answer = await request(url, { headers, dispatcher, signal: AbortSignal.any([stopped, deadline]) });
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > BODY_BYTES_MAX) throw new Error(`more than ${BODY_BYTES_MAX} bytes`);
      if (answer.statusCode === 200) pieces.push(piece);
    }
    if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`);
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch (error) {
    if (deadline.aborted) throw new Error(`no answer within ${timeout_ms} ms`, { cause: error });
    throw error;
  } finally {
    dispatcher.destroy().catch(() => {});
  }
}
