import { parentPort } from 'node:worker_threads';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { InsightOptions } from '../pipeline/telemetry/insight-options.ts';
import type { TlsFiles } from '../sinks/live/socket-server.ts';
import type { OidcOptions } from './security/oidc.ts';

/** What a read-side thread needs to reach the others, as workerData. */
export interface ThreadConnections {
  readonly nats_url: string;
  /** `postgres://...`. */
  readonly questdb_pg_url: string;
  /** Copies of buckets that the read side makes; one when absent. */
  readonly stream_replicas?: number;
  readonly host: string;
  readonly port: number;
  /** A proxy in front hands on what others ask; false when absent. */
  readonly behind_proxy?: boolean;
  readonly stale_after_ms?: number;
  /** Plain when absent. */
  readonly tls?: TlsFiles | null;
  /** Single sign-on; none when absent. */
  readonly oidc?: Omit<OidcOptions, 'clock'> | null;
  readonly insight: InsightOptions;
}

/** A question to a thread, and what it says; status 0: it could not. */
export interface ThreadQuestion {
  readonly number: number;
  readonly path: string;
}
export interface ThreadAnswer {
  readonly number: number;
  readonly status: number;
  readonly text: string;
}

interface RunningFace {
  readonly url: string;
  readonly ask?: (path: string) => Promise<Response>;
  close(): Promise<void>;
}

async function answerTo(
  { number, path }: ThreadQuestion,
  ask: (path: string) => Promise<Response>,
): Promise<ThreadAnswer> {
  try {
    const response = await ask(path);
    return { number, status: response.status, text: await response.text() };
  } catch (error) {
    return { number, status: 0, text: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The frame of a worker thread: says `{ ready: { url } }` when `start` is done, or `{ error }` (code, what, where, action), and
 * ends on the message `stop`. `{ ask: { number, path } }` is answered with `{ answer: { number, status, text } }`, where the
 * thread can be asked. Other messages go to `onMessage`.
 */
export async function runAsThread(
  start: () => Promise<RunningFace>,
  onMessage: (message: unknown) => void = () => {},
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new VitalsError('GV-CLI-004', 'This file runs as a worker thread only', '');
  try {
    const running = await start();
    port.on('message', (message) => {
      const { ask } = (message ?? {}) as { readonly ask?: ThreadQuestion };
      if (ask !== undefined && running.ask !== undefined) {
        void answerTo(ask, running.ask).then((answer) => port.postMessage({ answer }));
        return;
      }
      if (message !== 'stop') {
        onMessage(message);
        return;
      }
      void running.close().finally(() => port.close());
    });
    port.postMessage({ ready: { url: running.url } });
  } catch (error) {
    const known =
      error instanceof VitalsError
        ? error
        : new VitalsError('GV-CLI-004', error instanceof Error ? error.message : String(error), '');
    port.postMessage({ error: known.toJSON() });
    port.close();
  }
}
