import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveCalls } from './chain-thread.ts';
import { expositionPage } from './parser.ts';

/** Thread: exporters of as many nodes as are asked for, `/N/metrics` each, of which every page has other values. */
const PAGES = 16;
const HOST = 'gpu-node-0017';

const pages = Array.from({ length: PAGES }, (_, scrape) =>
  Buffer.from(expositionPage(scrape, 'steady')).toString('latin1'),
);
let served = 0;
const server = createServer((request, response) => {
  const node = /^\/(\d+)\/metrics$/.exec(request.url ?? '')?.[1] ?? '0';
  const page = (pages[served++ % PAGES] as string).replaceAll(HOST, `gpu-node-${node.padStart(4, '0')}`);
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page, 'latin1');
});
server.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

serveCalls({
  port: () => (server.address() as AddressInfo).port,
  async close() {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
});
