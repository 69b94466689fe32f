import { type ClientRequest, request as plain, type RequestOptions } from 'node:http';
import { request as secure } from 'node:https';
import type { TLSSocket } from 'node:tls';

const TIMEOUT_MS = 3_000;

/**
 * A call to a part of ours. Whose certificate it shows is not asked: the part is looked at, nothing secret is sent to it, and
 * its own machine seldom knows it by the name that the certificate is for.
 */
export function askFace(url: string, options: RequestOptions = {}): ClientRequest {
  const limited = { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) };
  return url.startsWith('https:') ? secure(url, { ...limited, rejectUnauthorized: false }) : plain(url, limited);
}

/** Until when the certificate is good that was shown (epoch ms); null without TLS. */
export function certificateEnd(socket: unknown): number | null {
  const end = (socket as Partial<TLSSocket> | null)?.getPeerCertificate?.().valid_to;
  const at = end === undefined ? Number.NaN : Date.parse(end);
  return Number.isNaN(at) ? null : at;
}
