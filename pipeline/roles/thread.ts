import { Worker } from 'node:worker_threads';
import type { ErrorCode } from '../contract/error-catalogue.ts';
import { VitalsError } from '../contract/errors.ts';

/** What a thread of ours says to the one that started it; anything else goes to `onMessage`. */
type ThreadMessage =
  | { readonly ready: unknown }
  | { readonly error: { code: ErrorCode; what: string; where: string; action: string } };

export interface RunningThread<Ready> {
  readonly ready: Ready;
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Asks the thread to end, and ends it when it has not after `grace_ms`. */
  stop(grace_ms: number): Promise<void>;
  /** Ends the thread at once. */
  kill(): Promise<void>;
}

/**
 * Starts a worker thread and waits until it says `{ ready }`; `{ error }` becomes the VitalsError that it was.
 * A thread ends on the message `stop`. Its later death is told through `onExit`.
 */
export async function startThread<Ready>(options: {
  readonly file: URL;
  readonly name: string;
  readonly data: unknown;
  readonly onMessage?: (message: unknown) => void;
  readonly onExit: (error: VitalsError) => void;
}): Promise<RunningThread<Ready>> {
  const worker = new Worker(options.file, { name: options.name, workerData: options.data });
  let stopping = false;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const ready = await new Promise<Ready>((resolve, reject) => {
    worker.on('message', (message: ThreadMessage) => {
      if (typeof message === 'object' && message !== null && 'ready' in message) resolve(message.ready as Ready);
      else if (typeof message === 'object' && message !== null && 'error' in message) reject(revived(message.error));
      else options.onMessage?.(message);
    });
    worker.once('error', (cause) => {
      const error = new VitalsError('GV-CLI-004', `the ${options.name} thread failed: ${cause.message}`, '', { cause });
      reject(error);
      if (!stopping) options.onExit(error);
    });
    worker.once('exit', (code) => {
      const error = new VitalsError('GV-CLI-004', `the ${options.name} thread ended with ${code}`, '');
      reject(error);
      if (!stopping) options.onExit(error);
    });
  }).catch(async (error: unknown) => {
    // What it had opened before it failed would keep it, and the whole process, alive.
    stopping = true;
    await worker.terminate();
    throw error;
  });
  return {
    ready,
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    async kill() {
      stopping = true;
      await worker.terminate();
    },
    async stop(grace_ms) {
      stopping = true;
      worker.postMessage('stop');
      const timer = setTimeout(() => void worker.terminate(), grace_ms);
      await exited;
      clearTimeout(timer);
    },
  };
}

const revived = ({
  code,
  what,
  where,
  action,
}: {
  code: ErrorCode;
  what: string;
  where: string;
  action: string;
}): VitalsError => new VitalsError(code, what, where, { action });
