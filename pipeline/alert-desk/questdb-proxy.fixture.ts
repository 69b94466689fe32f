import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A way to QuestDB that refuses everything until it is told to take it. */
export async function questdbProxy(url: string) {
  const asked = { refused: 0, taken: 0 };
  let taking = false;
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    asked[taking ? 'taken' : 'refused']++;
    const status = taking ? (await fetch(`${url}${request.url}`, { method: 'POST', body })).status : 503;
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    take(): void {
      taking = true;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
