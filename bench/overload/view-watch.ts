import { WebSocket } from 'undici';
import type { Clock } from '../../pipeline/clock.ts';

/** What a client of the live server sees: when rows of a few nodes came, and how new the whole fleet is for it. */
export interface ViewWatch {
  /** Epoch ms at which a node's row of this time was there; null as long as it is not. */
  seen_at(node: string, ts: number): number | null;
  /** Newest event time on topic `fleet`. */
  readonly fleet_ts: number;
  readonly fleet_messages: number;
  readonly gaps: number;
  close(): void;
}

const INSTANT = '"ts":"';
const DATA = '"data":';
const INSTANT_LENGTH = 24;

/** Follows `fleet` and the topics of some nodes, over two connections; rejects when there is no server. */
export async function watchViews(url: string, nodes: readonly string[], clock: Clock): Promise<ViewWatch> {
  const seen = new Map<string, { readonly ts: number; readonly at: number }[]>(
    nodes.map((node) => [`node/${node}`, []]),
  );
  let fleet_ts = 0;
  let fleet_messages = 0;
  let gaps = 0;
  const open = (topics: readonly string[], take: (topic: string, text: string, at: number) => void) =>
    new Promise<WebSocket>((resolve, reject) => {
      const socket = new WebSocket(url, 'gpu-vitals.v1');
      socket.addEventListener('open', () => {
        for (const topic of topics) socket.send(JSON.stringify({ op: 'subscribe', topic }));
        resolve(socket);
      });
      socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)));
      socket.addEventListener('message', ({ data }) => {
        const at = clock.now();
        const text = String(data);
        const head = text.slice(0, 200);
        if (/"type":"gap"/.test(head)) gaps++;
        take(/"topic":"([^"]+)"/.exec(head)?.[1] ?? '', text, at);
      });
    });
  const sockets = await Promise.all([
    open([...seen.keys()], (topic, text, at) => {
      const ts = newest(text);
      if (ts > 0) seen.get(topic)?.push({ ts, at });
    }),
    open(['fleet'], (_, text) => {
      fleet_messages++;
      fleet_ts = Math.max(fleet_ts, newest(text));
    }),
  ]);
  return {
    seen_at: (node, ts) => seen.get(`node/${node}`)?.find((one) => one.ts >= ts)?.at ?? null,
    get fleet_ts() {
      return fleet_ts;
    },
    get fleet_messages() {
      return fleet_messages;
    },
    get gaps() {
      return gaps;
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

/** Newest instant in what a message carries (its own says when it was sent); instants of one form compare as text. */
export function newest(text: string): number {
  let best = '';
  for (let at = text.indexOf(INSTANT, Math.max(0, text.indexOf(DATA))); at >= 0; at = text.indexOf(INSTANT, at)) {
    at += INSTANT.length;
    const instant = text.slice(at, at + INSTANT_LENGTH);
    if (instant > best) best = instant;
  }
  return best === '' ? 0 : Date.parse(best);
}
