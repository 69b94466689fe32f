import { Agent, request } from 'undici';
import type { Clock } from '../../pipeline/clock.ts';
import { isLinkLocal, isRefusedName, lookupBeyondLink } from '../../pipeline/contract/link-local.ts';
import { ChannelFailure } from '../../pipeline/contract/notifications.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { readAuthority } from './read-authority.ts';
import { decoded, withoutSecrets } from './without-secrets.ts';

export interface HttpPostOptions {
  /** PEM file of the authorities to trust instead of the system's; read again for every message. */
  readonly ca_file?: string | undefined;
  readonly timeout: DurationMs;
  readonly clock: Clock;
  /** Addresses of the machine's own link may be asked too. */
  readonly allow_link_local?: boolean | undefined;
}

interface Post {
  /** http or https; a login in it is sent as Basic authorization. */
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What must not be read in an error, besides the address. */
  readonly secrets?: readonly string[];
  readonly signal: AbortSignal;
}

/** The other side has taken it. */
interface Taken {
  readonly status: number;
  /** The beginning of what it answered. */
  readonly text: string;
  /** For people: `HTTP 200: ok`, without secrets. */
  readonly said: string;
}

const BODY_BYTES_MAX = 512 * 1024;
const ANSWER_BYTES_MAX = 4_096;
const RETRY_AFTER_MAX_MS = 3_600_000;
/** Answers after which the same message may be taken later. */
const PASSING: readonly number[] = [408, 421, 423, 425, 429];

/**
 * Posts JSON once. 2xx resolves; everything else rejects with a ChannelFailure that names the host, the status and the cut
 * answer without secrets. Redirects are not followed: they would carry the message, and what opens the door, elsewhere.
 * A connection a message: they are rare, and what proxies do to idle ones is nobody's business then.
 */
export async function httpPost(post: Post, options: HttpPostOptions): Promise<Taken> {
  const url = addressOf(post.url);
  const secrets = [post.url, ...(post.secrets ?? [])];
  const fail = (what: string, how: { retryable: boolean; retry_after_ms?: number | null }): ChannelFailure =>
    new ChannelFailure(`${url.host} ${withoutSecrets(what, secrets)}`, how);
  if (Buffer.byteLength(post.body) > BODY_BYTES_MAX) {
    throw fail(`was not asked: the message has more than ${BODY_BYTES_MAX} bytes`, { retryable: false });
  }
  if (options.allow_link_local !== true && isLinkLocal(url.hostname)) {
    throw fail("was not asked: it is an address of the machine's own link (GV-SEC-007)", { retryable: false });
  }
  const deadline = AbortSignal.timeout(options.timeout);
  const dispatcher = new Agent({
    connections: 1,
    connect: {
      timeout: options.timeout,
      ...(options.allow_link_local !== true && { lookup: lookupBeyondLink }),
      ...readAuthority(options.ca_file),
    },
  });
  try {
    const answer = await request(`${url.origin}${url.pathname}${url.search}`, {
      method: 'POST',
      dispatcher,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        accept: 'application/json, text/plain',
        'user-agent': 'gpu-vitals',
        ...(url.username !== '' && { authorization: basic(url) }),
        ...post.headers,
      },
      body: post.body,
      signal: AbortSignal.any([post.signal, deadline]),
    });
    const text = await beginning(answer.body as AsyncIterable<Buffer>);
    const status = answer.statusCode;
    const said = `HTTP ${status}${text.trim() === '' ? '' : `: ${withoutSecrets(text, secrets)}`}`;
    if (status >= 200 && status < 300) return { status, text, said };
    if (status >= 300 && status < 400) throw fail(`answers ${said}; redirects are not followed`, { retryable: false });
    throw fail(`answers ${said}`, {
      retryable: status >= 500 || PASSING.includes(status),
      retry_after_ms: retryAfter(answer.headers['retry-after'], options.clock),
    });
  } catch (error) {
    if (error instanceof ChannelFailure) throw error;
    if (deadline.aborted) throw fail(`does not answer within ${options.timeout} ms`, { retryable: true });
    if (post.signal.aborted) throw fail('was not waited for', { retryable: true });
    // What a name means may be mended; the address is asked for anew with every message.
    if (isRefusedName(error)) throw fail(`was not asked: ${reasonOf(error)} (GV-SEC-007)`, { retryable: true });
    throw fail(`cannot be reached: ${reasonOf(error)}`, { retryable: true });
  } finally {
    dispatcher.destroy().catch(() => undefined);
  }
}

/** An address that was read from a file or a variable. Throws ChannelFailure without repeating it. */
function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new ChannelFailure('the address is not an http or https address', { retryable: true });
}

const basic = ({ username, password }: URL): string =>
  `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;

async function beginning(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(pieces).subarray(0, ANSWER_BYTES_MAX).toString('utf8');
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); null when it is neither. */
function retryAfter(value: string | string[] | undefined, clock: Clock): number | null {
  const text = Array.isArray(value) ? value[0] : value;
  if (text === undefined) return null;
  const ms = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - clock.now();
  return Number.isFinite(ms) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms)) : null;
}

/** What is below an error that says nothing by itself. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
