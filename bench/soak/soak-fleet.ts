import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../../pipeline/clock.ts';
import { encodeScrape } from '../../pipeline/contract/encode-scrape.ts';
import { createFleet } from '../fleet/fleet.ts';
import { answerCalls } from '../live/child-calls.ts';
import { ServedLog, type ServedPage } from './served-log.ts';

/**
 * Process: the exporters of a simulated fleet, and beside them one that never answers and one that sends rubbish. Keeps a log of every page
 * that it has served, with the time that stands in it, so that the tables can be compared with it row for row.
 */
export interface SoakFleetOptions {
  readonly gpus: number;
  readonly seed: number;
  readonly interval_ms: number;
  /** Folder of the log. */
  readonly log: string;
  readonly faulty_exporters: boolean;
}

export interface SoakFleetReady {
  readonly sd_url: string;
  readonly nodes: readonly string[];
  /** What a node's scrape is as a message, bytes. */
  readonly message_bytes: number;
  readonly rows_per_message: number;
}

export interface SoakFleetFigures {
  readonly pages: number;
  readonly rows: number;
  readonly rubbish: number;
  readonly hangs: number;
}

const FLUSH_MS = 500;
const RUBBISH_BYTES = 2_048;
const NO_TEXT = Buffer.of(0xff);
const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const figures = { pages: 0, rows: 0, rubbish: 0, hangs: 0 };
let stop: () => void = () => undefined;

answerCalls({
  start,
  figures: () => ({ ...figures }),
  /** Nobody is answered any more, and the log is complete. */
  stop: () => stop(),
});

async function start(options: SoakFleetOptions): Promise<SoakFleetReady> {
  const fleet = createFleet({ ...options, start_ms: systemClock.now() });
  const nodes = new Map(fleet.node_names.map((name, index) => [name, index]));
  const log = new ServedLog(options.log);
  const timer = setInterval(() => log.flush(), FLUSH_MS);
  /** The last page that went over a connection: the next question on it says that it was taken. */
  const last = new Map<Socket, ServedPage>();
  const settle = (socket: Socket, taken: boolean): void => {
    const page = last.get(socket);
    if (page === undefined) return;
    last.delete(socket);
    log.add({ ...page, cut_after_ms: taken ? null : systemClock.now() - page.ts });
  };

  const answer = (name: string, request: IncomingMessage, response: ServerResponse): void => {
    const node = nodes.get(name);
    const ts = systemClock.now();
    const how = node === undefined ? 'refuses' : fleet.answer(name, ts);
    if (how === 'hangs') return;
    const page = node === undefined || how === 'refuses' ? null : fleet.exposition(name, ts, { timestamps: true });
    if (node === undefined || page === null || request.socket.destroyed) {
      request.socket.destroy();
      return;
    }
    const rows = fleet.scrape(name, ts)?.gpus.length ?? 0;
    figures.pages++;
    figures.rows += rows;
    last.set(request.socket, { ts, node, rows, cut_after_ms: null });
    response.writeHead(200, { 'content-type': TYPE }).end(page);
  };

  const server = createServer((request, response) => {
    settle(request.socket, true);
    const path = request.url ?? '/';
    const name = /^\/node\/([^/]+)\/metrics$/.exec(path)?.[1];
    if (name !== undefined) answer(name, request, response);
    else if (path === '/hangs') figures.hangs++;
    else if (path === '/rubbish') {
      figures.rubbish++;
      // Without the first byte one in a hundred would pass for JSON and leave a letter for each of its lines.
      const rubbish = Buffer.concat([NO_TEXT, randomBytes(RUBBISH_BYTES)]);
      response.writeHead(200, { 'content-type': TYPE }).end(rubbish);
    } else if (path === '/sd') {
      const odd = options.faulty_exporters ? ['/hangs', '/rubbish'] : [];
      const paths = [...fleet.node_names.map((node) => `/node/${node}/metrics`), ...odd];
      const host = request.headers.host ?? '';
      const targets = paths.map((one) => ({
        targets: [host],
        labels: { __metrics_path__: one, node: /node\/([^/]+)/.exec(one)?.[1] ?? one.slice(1) },
      }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(targets));
    } else response.writeHead(404).end();
  });
  server.on('connection', (socket) => socket.once('close', () => settle(socket, false)));
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => {
    clearInterval(timer);
    for (const socket of [...last.keys()]) settle(socket, false);
    log.flush();
    server.close();
    server.closeAllConnections();
  };
  const [one = ''] = fleet.node_names;
  const sample = createFleet({ ...options, gpus: 8, start_ms: systemClock.now() });
  const scrape = sample.scrape(sample.node_names[0] ?? one, systemClock.now());
  return {
    sd_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sd`,
    nodes: fleet.node_names,
    message_bytes: scrape === null ? 0 : encodeScrape(scrape).length,
    rows_per_message: Math.max(1, scrape?.gpus.length ?? 1),
  };
}
