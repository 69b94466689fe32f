import { gunzip, gunzipSync } from 'node:zlib';
import { Client, type Dispatcher } from 'undici';
import type { ErrorCode } from '../contract/error-catalogue.ts';
import { isLinkLocal, isRefusedName, lookupBeyondLink } from '../contract/link-local.ts';
import type { Access } from './scraper-access.ts';
import type { Target } from './targets.ts';

export interface ScraperOptions {
  readonly target: Target;
  readonly access: Access;
  /** From the first byte sent to the last one received, connecting included. */
  readonly timeout_ms: number;
  /** Of the body, as it comes and unpacked. */
  readonly size_max_bytes: number;
  /** Idle connections are kept this long. */
  readonly keep_alive_ms: number;
  /** Addresses of the machine's own link may be scraped too; refused when absent. */
  readonly allow_link_local?: boolean;
}

export type ScrapeOutcome =
  | { readonly ok: true; readonly body: Uint8Array }
  | {
      readonly ok: false;
      readonly code: 'GV-COL-001' | 'GV-COL-002' | 'GV-COL-003' | 'GV-COL-004' | 'GV-SEC-007';
      readonly detail: string;
    };

/** Smaller bodies are unpacked at once: a thread's round trip costs more. */
const GUNZIP_HERE_BYTES = 64 * 1024;

class ScrapeError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/**
 * Gets the text of one target over one kept connection. Never two requests at a time; never rejects. After a failure the
 * connection is thrown away, so the next try starts clean, with certificates read anew. A kept connection that breaks
 * before any answer is tried once more, on a new one.
 */
export class Scraper {
  readonly #options: ScraperOptions;
  #client: Client | null = null;
  #abort: ((error: Error) => void) | null = null;
  /** Whether the last request got any answer. */
  #answered = false;
  #closed = false;

  constructor(options: ScraperOptions) {
    this.#options = options;
  }

  async fetch(): Promise<ScrapeOutcome> {
    const kept = this.#client !== null;
    const first = await this.#attempt();
    // A server may close an idle connection in the instant in which it is used: that says nothing about the target.
    if (first.ok || !kept || first.code !== 'GV-COL-002' || this.#answered || this.#closed) return first;
    return this.#attempt();
  }

  async #attempt(): Promise<ScrapeOutcome> {
    try {
      return { ok: true, body: await this.#body() };
    } catch (error) {
      this.#reset();
      return { ok: false, ...explain(error, this.#options) };
    }
  }

  /** Breaks off what runs and lets go of the connection. */
  close(): void {
    this.#closed = true;
    this.#abort?.(new ScrapeError('GV-COL-002', 'the collector stops'));
    this.#reset();
  }

  #reset(): void {
    // The promise settles when the socket is gone; nobody waits for that, and its error was told already.
    this.#client?.destroy().catch(() => {});
    this.#client = null;
  }

  #connected(): Client {
    const { target, access, timeout_ms, keep_alive_ms, allow_link_local = false } = this.#options;
    // Whoever lists targets must not make us ask where clouds give credentials away, with a token of ours at that.
    if (this.#client === null && !allow_link_local && isLinkLocal(new URL(target.origin).hostname)) {
      throw new ScrapeError('GV-SEC-007', `${target.address} is an address of the machine's own link`);
    }
    this.#client ??= new Client(target.origin, {
      connect: {
        timeout: timeout_ms,
        ...(allow_link_local ? {} : { lookup: lookupBeyondLink }),
        ...(target.origin.startsWith('https:') ? access.tls() : {}),
      },
      keepAliveTimeout: keep_alive_ms,
      // The deadline of the whole scrape is ours, one timer instead of two.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return this.#client;
  }

  #body(): Promise<Uint8Array> {
    const { target, access, timeout_ms, size_max_bytes } = this.#options;
    return new Promise((resolve, reject) => {
      this.#answered = false;
      const authorization = access.authorization();
      const client = this.#connected();
      const chunks: Buffer[] = [];
      let bytes = 0;
      let packed = false;
      let refusal: ScrapeError | null = null;
      let ended = false;
      const end = (error: unknown, body: Uint8Array | null): void => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        this.#abort = null;
        if (body === null) reject(error);
        else resolve(body);
      };
      const timer = setTimeout(() => {
        end(new ScrapeError('GV-COL-001', `no whole answer within ${timeout_ms} ms, ${bytes} bytes came`), null);
      }, timeout_ms);
      this.#abort = (error) => end(error, null);
      const stop = (controller: Dispatcher.DispatchController, error: ScrapeError): void => {
        refusal = error;
        controller.abort(error);
      };
      client.dispatch(
        {
          method: 'GET',
          path: target.path,
          headers: {
            accept: 'text/plain;version=0.0.4, */*;q=0.1',
            'accept-encoding': 'gzip',
            'user-agent': 'gpu-vitals',
            'x-prometheus-scrape-timeout-seconds': String(timeout_ms / 1_000),
            ...(authorization === null ? {} : { authorization }),
          },
        },
        {
          onRequestStart() {},
          onResponseStart: (controller, status, headers) => {
            this.#answered = true;
            if (status < 200) return;
            const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
            packed = encoding === 'gzip' || encoding === 'x-gzip';
            if (status !== 200) stop(controller, new ScrapeError('GV-COL-003', `HTTP ${status}`));
            else if (!packed && encoding !== 'identity') {
              stop(controller, new ScrapeError('GV-COL-003', `answered in encoding '${encoding}', asked for gzip`));
            }
          },
          onResponseData(controller, chunk) {
            bytes += chunk.length;
            if (bytes > size_max_bytes) stop(controller, tooLarge(size_max_bytes));
            else chunks.push(chunk);
          },
          onResponseEnd() {
            const first = chunks.length === 1 ? chunks[0] : undefined;
            const whole = first ?? Buffer.concat(chunks, bytes);
            if (packed)
              unpack(whole, size_max_bytes).then(
                (body) => end(null, body),
                (error) => end(error, null),
              );
            else end(null, whole);
          },
          onResponseError(_controller, error) {
            end(refusal ?? error, null);
          },
        },
      );
    });
  }
}

const tooLarge = (size_max_bytes: number): ScrapeError =>
  new ScrapeError('GV-COL-004', `more than ${size_max_bytes} bytes`);

async function unpack(data: Uint8Array, size_max_bytes: number): Promise<Uint8Array> {
  try {
    if (data.length <= GUNZIP_HERE_BYTES) return gunzipSync(data, { maxOutputLength: size_max_bytes });
    return await new Promise<Uint8Array>((resolve, reject) => {
      gunzip(data, { maxOutputLength: size_max_bytes }, (error, body) => (error ? reject(error) : resolve(body)));
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(size_max_bytes);
    throw new ScrapeError('GV-COL-003', `the gzip body is damaged: ${(error as Error).message}`);
  }
}

function explain(error: unknown, options: ScraperOptions): Omit<ScrapeOutcome & { ok: false }, 'ok'> {
  if (error instanceof ScrapeError) {
    return { code: error.code as (ScrapeOutcome & { ok: false })['code'], detail: error.message };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return { code: 'GV-COL-001', detail: `no connection within ${options.timeout_ms} ms` };
  }
  if (isRefusedName(error)) return { code: 'GV-SEC-007', detail: message };
  // A refused connection to a name with several addresses says nothing but its code.
  return { code: 'GV-COL-002', detail: message === '' || message === undefined ? String(code) : message };
}
