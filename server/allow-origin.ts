import { isLoopback, isLoopbackHostHeader } from '../pipeline/contract/loopback.ts';
import type { Handshake } from '../sinks/live/socket-server.ts';

const hostname = (hostOrUrl: string): string | null => {
  try {
    return new URL(hostOrUrl.includes('://') ? hostOrUrl : `http://${hostOrUrl}`).hostname;
  } catch {
    return null;
  }
};

/**
 * Which web pages may open a live socket. A client without an Origin is no browser and may; a page may when it comes from
 * the same host name (any port: console and live socket have different ones) or is listed. A server on loopback answers
 * only to loopback names, so that a foreign name which resolves to it (DNS rebinding) opens nothing.
 */
export function allowOrigin(options: {
  host: string;
  origins: readonly string[];
}): (handshake: Pick<Handshake, 'origin' | 'host'>) => boolean {
  const loopbackOnly = isLoopback(options.host);
  return ({ origin, host }) => {
    if (origin === null || options.origins.includes(origin)) return true;
    const [page, server] = [hostname(origin), hostname(host)];
    if (page === null || server === null) return false;
    if (loopbackOnly) return isLoopbackHostHeader(page) && isLoopbackHostHeader(server);
    return page === server;
  };
}
