import { WebSocket } from 'ws';
import { sharedInstant } from '../live/shared-instant.ts';

export interface PushLatency {
  readonly deltas: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** A scrape of a watched node, and when (shared instant) it was published. */
export interface PublishedScrape {
  readonly node: string;
  /** Event time, epoch ms. */
  readonly ts: number;
  readonly published_ms: number;
}

/**
 * From the publishing of a scrape to its receipt, over a span, by sockets that watch a node each. `published` is asked at the end
 * for the scrapes of these nodes.
 */
export async function pushLatency(options: {
  readonly live: string;
  readonly nodes: readonly string[];
  readonly span_ms: number;
  readonly published: (nodes: readonly string[]) => Promise<readonly PublishedScrape[]>;
}): Promise<PushLatency> {
  const { live, nodes, span_ms } = options;
  const received: { readonly node: string; readonly text: string; readonly at: number }[] = [];
  const sockets = nodes.map((node) => {
    const socket = new WebSocket(live, 'gpu-vitals.v1');
    socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', topic: `node/${node}` })));
    socket.on('message', (data: Buffer) => {
      const at = sharedInstant();
      if (data.includes('"type":"delta"')) received.push({ node, text: data.toString('utf8'), at });
    });
    return socket;
  });
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          socket.once('open', () => resolve());
          socket.once('error', reject);
        }),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, span_ms));
  for (const socket of sockets) socket.terminate();
  const sent = new Map((await options.published(nodes)).map((one) => [`${one.node} ${one.ts}`, one.published_ms]));
  const taken: number[] = [];
  for (const { node, text, at } of received) {
    const scrape = `${node} ${scrapeTime(text)}`;
    const published_ms = sent.get(scrape);
    if (published_ms !== undefined) taken.push(at - published_ms);
    // What is thought of a GPU changes between scrapes, too.
    sent.delete(scrape);
  }
  taken.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? Number.NaN;
  return { deltas: taken.length, p50_ms: quantile(0.5), p99_ms: quantile(0.99) };
}

/** Of the newest sample in a message; the message's own time comes first in it. */
const scrapeTime = (text: string): number =>
  Math.max(...[...text.matchAll(/"ts":"([^"]+)"/g)].slice(1).map(([, ts]) => Date.parse(ts as string)));
