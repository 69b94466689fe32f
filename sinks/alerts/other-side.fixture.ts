import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface OtherSide {
  readonly url: string;
  readonly host: string;
  readonly asked: readonly Asked[];
  /** JSON bodies of all that was asked. */
  bodies<Body>(): Body[];
  /** What is answered from now on, in turn; the last one for ever. */
  answers(...answers: readonly Answer[]): void;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Keeps the connection open and says nothing. */
  readonly silent?: true;
  /** Cuts the connection when it has read everything. */
  readonly cut?: true;
}

const servers: Server[] = [];

/** A real HTTP server on loopback that writes down what it is asked. */
export async function otherSide(...first: readonly Answer[]): Promise<OtherSide> {
  const asked: Asked[] = [];
  let answers: Answer[] = first.length === 0 ? [{ status: 200, body: 'ok' }] : [...first];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      asked.push({ path: request.url ?? '', headers: request.headers, body });
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) as Answer;
      if (answer.silent) return;
      if (answer.cut) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    asked,
    bodies: <Body>() => asked.map(({ body }) => JSON.parse(body) as Body),
    answers(...next) {
      answers = [...next];
    },
  };
}

/** `afterEach(closeOtherSides)`. */
export async function closeOtherSides(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
