import { groupOf, groupToken } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';

/** What one node said in one exposition text. */
export interface PromBody {
  readonly node: string;
  readonly data: Uint8Array;
}

/** A longer name is none: what is matched without end exhausts the expression's stack. */
const HOST = /[{,]\s*"?[Hh]ostname"?\s*=\s*"((?:[^"\\]|\\.){0,1024})"/;
const HOSTS = new RegExp(HOST, 'g');

/**
 * Cuts an exposition text by the Hostname label of its samples: the text of one node stays as it came; a federated one gives
 * a body for each node. Samples without the label belong to the only node there is, else to `fallback`. Bytes are never
 * decoded for good, so that junk reaches the parser as it is.
 */
export function promBodies(data: Uint8Array, fallback: string): readonly PromBody[] {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
  const hosts = new Set<string>();
  for (const match of text.matchAll(HOSTS)) if (match[1] !== '') hosts.add(match[1] as string);
  if (hosts.size <= 1) {
    const [only] = hosts;
    return [{ node: only === undefined ? fallback : labelText(only), data }];
  }
  const lines = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const host = HOST.exec(line)?.[1];
    const node = host === undefined || host === '' ? fallback : labelText(host);
    const known = lines.get(node);
    if (known === undefined) lines.set(node, [line]);
    else known.push(line);
  }
  return [...lines].map(([node, own]) => ({ node, data: Buffer.from(`${own.join('\n')}\n`, 'latin1') }));
}

/** The value of a label as the parser reads it: UTF-8, escapes resolved. */
const labelText = (raw: string): string =>
  Buffer.from(raw, 'latin1')
    .toString('utf8')
    .replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));

/**
 * The message of a body. Its subject spells the node as it is: no NATS stands between, and texts without a Hostname label
 * take their node from there.
 */
export const promMessage = (body: PromBody, position: number, ts: number): RawMessage => ({
  subject: `dcgm.raw.${groupToken(groupOf(body.node))}.${body.node}`,
  data: body.data,
  content_type: 'text/plain',
  position,
  arrived_at: ts,
  event_time: ts,
});
