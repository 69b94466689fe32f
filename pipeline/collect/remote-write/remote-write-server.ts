import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { VitalsError } from '../../contract/errors.ts';
import { isLoopback, isLoopbackHostHeader } from '../../contract/loopback.ts';
import { ownEntry } from '../../contract/own-entry.ts';
import type { RemoteWriteOutcome, RemoteWriteVersion } from './remote-write-options.ts';

export interface RemoteWriteServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Files of a certificate and its key; null or absent: plain HTTP. */
  readonly tls?: { readonly cert_file: string; readonly key_file: string } | null;
  readonly take: (packed: Uint8Array, version: RemoteWriteVersion) => RemoteWriteOutcome;
  /** Why requests are put off now; null: they are not. Asked before a body is read and again before it is taken. */
  readonly busy: () => string | null;
  /** A request was put off for this. */
  readonly putOff: (detail: string) => RemoteWriteOutcome;
  /** What `Authorization` must be; null: nothing. What it throws puts requests off. */
  readonly authorization: () => string | null;
  readonly on_outcome?: (outcome: RemoteWriteOutcome) => void;
  /** Of one body as it comes. Default 16 MiB. */
  readonly body_max_bytes?: number;
  /** Of all bodies that are being read. Default 256 MiB. */
  readonly reading_max_bytes?: number;
}

export interface RemoteWriteServer {
  /** Where Prometheus is to write to. */
  readonly url: string;
  /** Takes no more requests; those under way end within a second. */
  close(): Promise<void>;
}

const PATH = '/api/v1/write';
const MIB = 1_048_576;
/** Less than an incomplete scrape waits for the rest. */
const RETRY_AFTER_S = 3;
const CLOSE_GRACE_MS = 1_000;
const REQUEST_TIMEOUT_MS = 30_000;

const PROTOCOLS: Readonly<Record<string, RemoteWriteVersion>> = {
  '': 1,
  'prometheus.writerequest': 1,
  'io.prometheus.write.v2.request': 2,
};

/**
 * Prometheus' remote write over HTTP or HTTPS (specifications 1.0 and 2.0): 204 for what was taken; 400 for what is wrong and will
 * stay so, which Prometheus does not send again; 503 with Retry-After for what is to be sent again, so that it keeps its
 * write-ahead log. Rejects with VitalsError GV-SVC-006 when the address cannot be had.
 */
export async function startRemoteWriteServer(options: RemoteWriteServerOptions): Promise<RemoteWriteServer> {
  const body_max_bytes = options.body_max_bytes ?? 16 * MIB;
  const reading_max_bytes = options.reading_max_bytes ?? 256 * MIB;
  let reading_bytes = 0;
  let closing = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuse(request);
    if (refusal !== null) {
      refusal(response);
      return;
    }
    const version = versionOf(request) as RemoteWriteVersion;
    const body = await read(request);
    if (body === null) {
      plain(response, 413, `the body is larger than ${body_max_bytes} bytes`);
      return;
    }
    const busy = closing ? 'stopping' : options.busy();
    const outcome: RemoteWriteOutcome = busy === null ? options.take(body, version) : options.putOff(busy);
    options.on_outcome?.(outcome);
    tell(response, outcome);
  }

  /** What is wrong before the body is looked at. */
  function refuse(request: IncomingMessage): ((response: ServerResponse) => void) | null {
    if (request.url?.split('?', 1)[0] !== PATH) {
      return (response) => plain(response, 404, `there is only ${PATH} here`);
    }
    if (request.method !== 'POST') {
      return (response) => plain(response, 405, `${request.method} is not allowed here`, { Allow: 'POST' });
    }
    let wanted: string | null;
    try {
      wanted = options.authorization();
    } catch {
      return (response) => putOff(response, 'the file with the bearer token cannot be read');
    }
    const { origin, host = '', 'sec-fetch-site': site } = request.headers;
    // No Prometheus sends these; a browser does, and no page has anything to write here.
    if (origin !== undefined || site !== undefined) {
      return (response) => plain(response, 403, 'web pages may not write');
    }
    // A page whose own name was made to mean this machine; it cannot know a token.
    if (wanted === null && isLoopback(options.host) && !isLoopbackHostHeader(host)) {
      const way = 'a token (remote-write-bearer-token-file) lets others in';
      return (response) => plain(response, 403, `without a token this answers to names of loopback only; ${way}`);
    }
    if (wanted !== null && !alike(request.headers.authorization ?? '', wanted)) {
      return (response) => plain(response, 401, 'the bearer token is not the one', { 'WWW-Authenticate': 'Bearer' });
    }
    if (versionOf(request) === null) {
      return (response) =>
        plain(
          response,
          415,
          `application/x-protobuf with proto=prometheus.WriteRequest or io.prometheus.write.v2.Request is read, not ${request.headers['content-type'] ?? 'nothing'}`,
        );
    }
    const coding = (request.headers['content-encoding'] ?? 'snappy').toLowerCase();
    if (coding !== 'snappy') return (response) => plain(response, 415, `snappy is unpacked, not ${coding}`);
    if (Number(request.headers['content-length'] ?? 0) > body_max_bytes) {
      return (response) => plain(response, 413, `the body is larger than ${body_max_bytes} bytes`);
    }
    const busy = closing ? 'stopping' : options.busy();
    if (busy !== null) {
      options.on_outcome?.(options.putOff(busy));
      return (response) => putOff(response, busy);
    }
    if (reading_bytes > reading_max_bytes) return (response) => putOff(response, 'too many requests at once');
    return null;
  }

  /** Null when it is too large. Rejects when the sender goes away. */
  async function read(request: IncomingMessage): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const part of request as AsyncIterable<Buffer>) {
        bytes += part.length;
        reading_bytes += part.length;
        if (bytes > body_max_bytes) return null;
        parts.push(part);
      }
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, bytes);
    } finally {
      reading_bytes -= bytes;
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((cause: unknown) => {
      if (response.headersSent || request.destroyed) response.destroy();
      else plain(response, 500, cause instanceof Error ? cause.message : String(cause));
    });
  };
  const { tls = null } = options;
  const server =
    tls === null
      ? createServer(listener)
      : createTlsServer({ cert: readFileSync(tls.cert_file), key: readFileSync(tls.key_file) }, listener);
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VitalsError('GV-SVC-006', `remote write: ${cause.message}`, `${options.host}:${options.port}`, { cause }),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${tls === null ? 'http' : 'https'}://${host}:${port}${PATH}`,
    async close() {
      closing = true;
      await new Promise<void>((resolve) => {
        const end = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
        server.close(() => {
          clearTimeout(end);
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** By the media type, which both specifications ask for, and its `proto`; null for anything else. Without `proto` it is 1.0. */
function versionOf({ headers }: IncomingMessage): RemoteWriteVersion | null {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/x-protobuf') return null;
  const proto = parameters.find((part) => /^proto\s*=/i.test(part)) ?? 'proto=';
  return (
    ownEntry(
      PROTOCOLS,
      proto
        .replace(/^proto\s*=\s*/i, '')
        .replace(/^"|"$/g, '')
        .toLowerCase(),
    ) ?? null
  );
}

function tell(response: ServerResponse, outcome: RemoteWriteOutcome): void {
  if (outcome.kind === 'put_off') {
    putOff(response, outcome.detail);
    return;
  }
  const { samples, histograms, exemplars } =
    outcome.kind === 'taken' ? outcome : { samples: 0, histograms: 0, exemplars: 0 };
  const written = {
    'X-Prometheus-Remote-Write-Samples-Written': samples,
    'X-Prometheus-Remote-Write-Histograms-Written': histograms,
    'X-Prometheus-Remote-Write-Exemplars-Written': exemplars,
  };
  if (outcome.kind === 'unreadable') {
    plain(response, 400, outcome.detail, written);
  } else if (outcome.invalid > 0) {
    plain(response, 400, `${outcome.invalid} samples were refused, the rest was taken: ${outcome.fault}`, written);
  } else {
    response.writeHead(204, written).end();
  }
}

const putOff = (response: ServerResponse, why: string): void =>
  plain(response, 503, `${why}; send it again`, { 'Retry-After': RETRY_AFTER_S });

/** One line: Prometheus logs the first. */
function plain(
  response: ServerResponse,
  status: number,
  line: string,
  headers: Readonly<Record<string, string | number>> = {},
): void {
  // What is left of a refused body is read and thrown away, so that the sender sees the answer; not of one that is too large.
  const close = status === 413 ? { Connection: 'close' } : {};
  response.writeHead(status, { ...headers, ...close, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${line}\n`);
}

/** In a time that does not tell how much of it was right. */
function alike(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
