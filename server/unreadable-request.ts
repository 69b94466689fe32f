import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { PROBLEM_HEADERS, problemText } from './problem.ts';
import { browserHeaders } from './security/browser-headers.ts';

const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const bodyOf = (status: number): string =>
  problemText(new VitalsError('GV-API-001', 'The request cannot be read', ''), status, '');

/** To a request whose head was read but names no address of ours, and to whatever else goes wrong before there is an answer. */
export function answerBefore(error: unknown, tls: boolean): Response {
  const headers = { ...PROBLEM_HEADERS, ...browserHeaders(tls) };
  if (error instanceof RequestError) return new Response(bodyOf(400), { status: 400, headers });
  const failed = problemText(new VitalsError('GV-API-004', 'The request failed', ''), 500, '');
  return new Response(failed, { status: 500, headers });
}

/** To what is no HTTP, too long or too slow: problem+json as to everything else, and the end of the connection. */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS[error.code ?? ''] ?? 400;
  const body = bodyOf(status);
  const headers = {
    Connection: 'close',
    ...PROBLEM_HEADERS,
    ...browserHeaders('encrypted' in socket),
    'Content-Length': String(Buffer.byteLength(body)),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () => socket.destroy());
}
