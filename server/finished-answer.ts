import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { MiddlewareHandler } from 'hono';

const pack = promisify(gzip);
/** A smaller answer arrives in one round trip as it is: it fits TCP's first window (RFC 6928, ten segments). */
const PACKED_BYTES_MIN = 14_000;
const REMEMBERED_MAX = 16;
/** A small state is half the work for an answer of some 15 kB, and JSON that repeats itself packs no worse in 8 kB. */
const PACKING = { level: constants.Z_BEST_SPEED, windowBits: 13, memLevel: 6 };
const PACKABLE = /^(text\/|application\/(json|problem\+json|openmetrics-text|javascript|xml))|\+(json|xml)\b/;
/** A browser puts the headers of a 304 over those it has kept: without its own policy a page would work only once. */
const KEPT_304 = ['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary', 'content-security-policy'];

/**
 * What every good answer to GET and HEAD gets at its end: an ETag of its bytes, unless it brings one; 304 when that is known
 * to who asks; gzip when it is worth it and wanted, off this thread. One reading of the body: hono's own middlewares for
 * this take several, through streams, which for small answers is most of their cost.
 */
export function finishedAnswer(): MiddlewareHandler {
  const remembered = rememberedTexts();
  return async (c, next) => {
    await next();
    const { method } = c.req;
    if ((method !== 'GET' && method !== 'HEAD') || !c.res.ok) return;
    const text = c.get('answer_text');
    // To ask for the body is to make a stream of it.
    if (text === undefined && c.res.body === null) return;
    const { headers, status } = c.res;
    let made: Made | null = null;
    if (text !== undefined) made = c.get('answer_again') ? remembered(text) : madeOf(text);
    else if (!headers.has('ETag')) made = madeOf(Buffer.from(await c.res.arrayBuffer()));
    if (!headers.has('ETag') && made !== null) headers.set('ETag', made.etag);
    const etag = headers.get('ETag') ?? '';
    if (isKnown(etag, c.req.header('If-None-Match'))) {
      const kept = KEPT_304.flatMap((name): [string, string][] => {
        const value = headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      c.res = undefined;
      c.res = new Response(null, { status: 304, headers: kept });
      return;
    }
    const packable = !headers.has('Content-Encoding') && PACKABLE.test(headers.get('Content-Type') ?? '');
    if (made === null && packable) made = madeOf(Buffer.from(await c.res.arrayBuffer()));
    if (made === null) return;
    let packed: Buffer | null = null;
    if (packable) {
      if (!/\baccept-encoding\b/i.test(headers.get('Vary') ?? '')) headers.append('Vary', 'Accept-Encoding');
      if (made.bytes >= PACKED_BYTES_MIN && takesGzip(c.req.header('Accept-Encoding'))) {
        made.packed ??= pack(made.content, PACKING);
        packed = await made.packed;
        headers.set('Content-Encoding', 'gzip');
        headers.delete('Content-Length');
        if (!etag.startsWith('W/')) headers.set('ETag', `W/${etag}`);
      }
    }
    c.res = undefined;
    const body = packed ?? made.content;
    c.res = new Response(typeof body === 'string' ? body : new Uint8Array(body), { status, headers });
  };
}

interface Made {
  readonly content: string | Buffer;
  readonly bytes: number;
  readonly etag: string;
  packed: Promise<Buffer> | null;
}

const madeOf = (content: string | Buffer): Made => ({
  content,
  bytes: Buffer.byteLength(content),
  etag: `"${hash('sha1', content, 'base64url')}"`,
  packed: null,
});

/** The last few texts that answer more than once: a fleet's summary is hundreds of kB, and the same for all who ask in a second. */
function rememberedTexts(): (text: string) => Made {
  const last: { readonly text: string; readonly made: Made }[] = [];
  return (text) => {
    const known = last.find((one) => one.text === text);
    if (known !== undefined) return known.made;
    const made = madeOf(text);
    last.unshift({ text, made });
    last.length = Math.min(last.length, REMEMBERED_MAX);
    return made;
  };
}

/** By the weak comparison of RFC 9110. */
function isKnown(etag: string, asked: string | undefined): boolean {
  if (asked === undefined) return false;
  const tag = etag.replace(/^W\//, '');
  return asked.trim() === '*' || (asked.match(/"[^"]*"/g)?.includes(tag) ?? false);
}

/** Named, or by `*`, and not with a quality of 0. */
export function takesGzip(accepted = ''): boolean {
  const asked = accepted
    .toLowerCase()
    .split(',')
    .map((one) => one.trim().split(/\s*;\s*q=/));
  const one = asked.find(([name]) => name === 'gzip') ?? asked.find(([name]) => name === '*');
  return one !== undefined && Number(one[1] ?? 1) > 0;
}
