import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';
import type { Clock } from '../../pipeline/clock.ts';

export interface LiveWatchOptions {
  /** `ws://host:port/live`. */
  readonly url: string;
  /** Nodes whose topics are followed. */
  readonly nodes: readonly string[];
  readonly clock: Clock;
}

export interface LatencyFigures {
  /** Scrapes that were seen. */
  readonly scrapes: number;
  /** From the time that stands in a scrape to its message here, ms; NaN when none was seen. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

/** A client of the live server that comes back whenever it is thrown out. */
export interface LiveWatch {
  /** Since the last time it was asked. */
  take(): LatencyFigures;
  /** Age of the newest scrape known, the median of the nodes, ms. */
  age_ms(): number;
  readonly connects: number;
  stop(): void;
}

const INSTANT = /"ts":"([^"]+)"/g;
const AGAIN_MS = 200;

export function watchLive({ url, nodes, clock }: LiveWatchOptions): LiveWatch {
  const newest = new Map(nodes.map((node) => [`node/${node}`, 0]));
  let latencies: number[] = [];
  let connects = 0;
  let stopped = false;
  let socket: WebSocket | null = null;

  const take = (topic: string, text: string): void => {
    const now = clock.now();
    let last = newest.get(topic) ?? 0;
    const before = last;
    for (const [, instant = ''] of text.matchAll(INSTANT)) {
      const ts = Date.parse(instant);
      if (!(ts > last) || ts > now + 1) continue;
      last = ts;
    }
    if (last === before) return;
    newest.set(topic, last);
    latencies.push(now - last);
  };
  const follow = (): Promise<void> =>
    new Promise((resolve) => {
      const one = new WebSocket(url, 'gpu-vitals.v1');
      socket = one;
      one.addEventListener('open', () => {
        connects++;
        for (const topic of newest.keys()) one.send(JSON.stringify({ op: 'subscribe', topic }));
      });
      one.addEventListener('message', ({ data }) => {
        const text = String(data);
        const topic = /"topic":"([^"]+)"/.exec(text.slice(0, 200))?.[1] ?? '';
        // A snapshot's rows are as old as they are: only what is pushed tells how long the way is.
        if (newest.has(topic) && /"type":"delta"/.test(text.slice(0, 200))) take(topic, text);
      });
      one.addEventListener('error', () => resolve());
      one.addEventListener('close', () => resolve());
    });
  const run = async (): Promise<void> => {
    while (!stopped) {
      await follow();
      if (!stopped) await sleep(AGAIN_MS);
    }
  };
  void run();

  return {
    take() {
      const figures = latencyFigures(latencies);
      latencies = [];
      return figures;
    },
    age_ms() {
      const ages = [...newest.values()].map((ts) => clock.now() - ts).sort((a, b) => a - b);
      return ages[Math.floor(ages.length / 2)] ?? Number.POSITIVE_INFINITY;
    },
    get connects() {
      return connects;
    },
    stop() {
      stopped = true;
      socket?.close();
    },
  };
}

export function latencyFigures(latencies: readonly number[]): LatencyFigures {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { scrapes: sorted.length, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
}
