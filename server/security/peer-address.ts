import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';

/** What tells where a call comes from: the other end of its socket, and X-Forwarded-For. */
export interface Origins {
  readonly address: string;
  readonly forwarded_for: string | null;
}

const ADDRESS_CHARACTERS_MAX = 64;

/**
 * Where a call comes from; empty when it came over no socket. Behind a proxy, the last address that the proxy added: those
 * before it are anybody's word.
 */
export function peerAddress(c: Context, behindProxy: boolean): string {
  const origins = originsOf(c);
  return clientAddress(origins, behindProxy) ?? origins.address;
}

/** Whom limits by address count for; null behind a proxy that does not say: one caller could use up what is for all. */
export function clientAddress({ address, forwarded_for }: Origins, behindProxy: boolean): string | null {
  if (!behindProxy) return address;
  const told = forwarded_for?.split(',').at(-1)?.trim() ?? '';
  return told === '' ? null : told.slice(0, ADDRESS_CHARACTERS_MAX);
}

export function originsOf(c: Context): Origins {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  return {
    address: incoming?.socket.remoteAddress ?? '',
    forwarded_for: c.req.header('X-Forwarded-For') ?? null,
  };
}
