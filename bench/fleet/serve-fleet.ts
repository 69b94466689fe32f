import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzip } from 'node:zlib';
import type { Clock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { formatDuration, milliseconds } from '../../pipeline/contract/time.ts';
import type { Fleet } from './fleet.ts';
import { fleetPage } from './fleet-page.ts';
import { STORIES } from './stories/story-kinds.ts';

export interface ServeFleetOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly clock: Clock;
  /** Fleet seconds per second. */
  readonly speed: number;
  /** Scrape distance in fleet time; told to scrapers in their own time as `__scrape_interval__`. */
  readonly interval_ms: number;
  /** Loopback only. */
  readonly host: '127.0.0.1';
  /** Fleet time at which serving begins; the wall's when left out. */
  readonly from_ms?: number;
}

export interface ServedFleet {
  readonly url: string;
  /** Prometheus http_sd. */
  readonly sd_url: string;
  /** The fleet's own time, epoch ms. */
  now(): number;
  close(): Promise<void>;
}

const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const BODY_MAX = 16_384;
/** At some 18 KB each what fits into the 16 MiB that a collector takes by default from one target. */
const ONE_PAGE_GPUS_MAX = 800;
/** A fleet whose clock is this close to the wall's is served without timestamps, as exporters do. */
const SAME_CLOCK_MS = 2_000;

/**
 * One HTTP server that stands for all exporters of a fleet.
 *
 * `GET /sd` target list, `GET /node/NAME/metrics` that node's page, `GET /metrics` the pages of all nodes as one, for up to
 * 800 GPUs (else 413), `GET /stories`, `POST /inject {"story", "gpu_uuid"}`. A node that refuses has its connection cut, one
 * that hangs never answers; in the page of all nodes they are missing. Rejects with VitalsError GV-SVC-006 when the port
 * is taken.
 */
export async function serveFleet(fleet: Fleet, options: ServeFleetOptions): Promise<ServedFleet> {
  const { clock, speed } = options;
  const wall_start = clock.now();
  const from_ms = options.from_ms ?? wall_start;
  const timestamps = speed !== 1 || Math.abs(from_ms - wall_start) > SAME_CLOCK_MS;
  const now = (): number => Math.round(from_ms + (clock.now() - wall_start) * speed);
  const known = new Set(fleet.node_names);

  const send = (page: string, request: IncomingMessage, response: ServerResponse): void => {
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
      response.writeHead(200, { 'content-type': EXPOSITION_TYPE }).end(page);
      return;
    }
    gzip(page, { level: 1 }, (failure, body) => {
      if (failure) response.destroy(failure);
      else response.writeHead(200, { 'content-type': EXPOSITION_TYPE, 'content-encoding': 'gzip' }).end(body);
    });
  };

  const all = (request: IncomingMessage, response: ServerResponse): void => {
    if (fleet.gpus <= ONE_PAGE_GPUS_MAX) {
      send(fleetPage(fleet, now(), { timestamps }), request, response);
      return;
    }
    const where = `http://${request.headers.host ?? ''}/sd`;
    response
      .writeHead(413, { 'content-type': 'text/plain; charset=utf-8' })
      .end(
        `${fleet.gpus} GPUs are too many for one page, which has at most ${ONE_PAGE_GPUS_MAX}: ${where} lists one for each node\n`,
      );
  };

  const metrics = (name: string, request: IncomingMessage, response: ServerResponse): void => {
    if (!known.has(name)) {
      problem(response, 404, 'GV-API-002', `there is no node "${name}"`);
      return;
    }
    const ts_ms = now();
    const answer = fleet.answer(name, ts_ms);
    if (answer === 'hangs') return;
    const page = answer === 'refuses' ? null : fleet.exposition(name, ts_ms, { timestamps });
    if (page === null) {
      request.socket.destroy();
      return;
    }
    send(page, request, response);
  };

  const inject = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { story, gpu_uuid } = await readOrder(request);
      const told = fleet.inject(story, gpu_uuid, now());
      json(response, 200, {
        id: told.id,
        story: told.story,
        gpu_uuid,
        since_ms: told.since_ms,
        until_ms: told.until_ms,
      });
    } catch (failure) {
      if (!(failure instanceof VitalsError)) throw failure;
      problem(response, failure.code === 'GV-API-002' ? 404 : 400, failure.code, failure.message);
    }
  };

  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const node = /^\/node\/([^/]+)\/metrics$/.exec(path)?.[1];
    const read = request.method === 'GET' || request.method === 'HEAD';
    if (node !== undefined && read) metrics(node, request, response);
    else if (path === '/metrics' && read) all(request, response);
    else if (path === '/sd' && read) json(response, 200, targets(fleet, request.headers.host ?? '', options));
    else if (path === '/stories' && read) json(response, 200, STORIES);
    else if (path === '/inject' && request.method === 'POST') {
      inject(request, response).catch((failure: unknown) =>
        response.destroy(failure instanceof Error ? failure : undefined),
      );
    } else problem(response, 404, 'GV-API-002', `there is no ${request.method} ${path}`);
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new VitalsError('GV-SVC-006', `port ${options.port} cannot be listened on`, 'fleet simulator', { cause })),
    );
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${options.host}:${port}`;
  return {
    url,
    sd_url: `${url}/sd`,
    now,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function targets(fleet: Fleet, host: string, options: ServeFleetOptions): unknown[] {
  const scrape_interval = formatDuration(milliseconds(Math.max(1, Math.round(options.interval_ms / options.speed))));
  return fleet.node_names.map((node) => ({
    targets: [host],
    labels: { __metrics_path__: `/node/${node}/metrics`, __scrape_interval__: scrape_interval, node },
  }));
}

async function readOrder(request: IncomingMessage): Promise<{ story: string; gpu_uuid: string }> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_MAX) break;
  }
  let order: unknown;
  try {
    order = JSON.parse(text);
  } catch (cause) {
    throw new VitalsError('GV-API-001', 'the body is not JSON', 'POST /inject', { cause });
  }
  const { story, gpu_uuid } = (typeof order === 'object' && order !== null ? order : {}) as Record<string, unknown>;
  if (typeof story !== 'string' || typeof gpu_uuid !== 'string') {
    throw new VitalsError('GV-API-001', 'an order needs the texts "story" and "gpu_uuid"', 'POST /inject');
  }
  return { story, gpu_uuid };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ status, code, detail }));
}
