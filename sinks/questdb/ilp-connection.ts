import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { type Outcome, readFailure, readOutcome } from './send-until-taken.ts';

export interface IlpConnection {
  /** One request: all rows in it are of one table and one transaction. Never rejects: what went wrong is in the outcome. */
  post(body: Uint8Array, precision: 'ms' | 'n', signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * One kept connection to QuestDB's `/write`. `url` is `http://host:9000`, a user and password in it are sent as Basic.
 * `onSocket` is called with every socket that it makes, one after the other.
 */
export function ilpConnection(
  url: string,
  answer_timeout: DurationMs,
  onSocket?: (socket: Socket) => void,
): IlpConnection {
  const { origin, username, password } = new URL(url);
  const client = new Client(origin, {
    ...(onSocket !== undefined && { connect: telling(onSocket) }),
    pipelining: 1,
    headersTimeout: answer_timeout,
    bodyTimeout: answer_timeout,
    keepAliveTimeout: 60_000,
  });
  const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = {
    'content-type': 'text/plain',
    ...(username === '' ? {} : { authorization: `Basic ${pair}` }),
  };
  return {
    async post(body, precision, signal) {
      try {
        const answer = await client.request({
          path: `/write?precision=${precision}`,
          method: 'POST',
          headers,
          body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
          signal,
        });
        return readOutcome(answer.statusCode, await answer.body.text());
      } catch (error) {
        return readFailure(error);
      }
    },
    close: () => client.destroy(),
  };
}

function telling(onSocket: (socket: Socket) => void): buildConnector.connector {
  const dial = buildConnector({});
  return (options, callback) =>
    dial(options, (...made) => {
      // Where none was made there is an error, and null or nothing in its place.
      if (made[1]) onSocket(made[1]);
      callback(...made);
    });
}
