import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';

/**
 * Where a call comes from; empty when it came over no socket. Behind a proxy, the last address that the proxy added: those
 * before it are anybody's word.
 */
export function peerAddress(c: Context, behindProxy: boolean): string {
  if (behindProxy) {
    const told = c.req.header('X-Forwarded-For')?.split(',').at(-1)?.trim();
    if (told !== undefined && told !== '') return told.slice(0, 64);
  }
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  return incoming?.socket.remoteAddress ?? '';
}
