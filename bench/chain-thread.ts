import { readFileSync } from 'node:fs';
import { type MessagePort, parentPort, Worker } from 'node:worker_threads';

/** Calls to a worker thread and their answers; a chain's parts run in threads so that they share the cores as processes do. */
export type Calls = Readonly<Record<string, (argument: never) => Promise<unknown> | unknown>>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export interface ChainThread {
  call<T>(name: string, argument?: unknown): Promise<T>;
  /** Calls `close`, then ends the thread. */
  close(): Promise<void>;
}

/** CPU of the calling thread so far, ms; 0 where the system does not tell. */
export function threadCpu(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
}

/** The worker's side: answers calls until `close` was called. */
export function serveCalls(calls: Calls): void {
  const port = parentPort as MessagePort;
  port.on('message', (call: Call) => {
    void (async () => {
      try {
        const value = await calls[call.name]?.(call.argument as never);
        port.postMessage({ id: call.id, value } satisfies Answer);
      } catch (error) {
        port.postMessage({ id: call.id, error: error instanceof Error ? (error.stack ?? '') : String(error) });
      }
      if (call.name === 'close') port.close();
    })();
  });
}

/** The caller's side. A thread that fails rejects all calls. */
export function openThread(file: URL, data: unknown): ChainThread {
  const worker = new Worker(file, { workerData: data });
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let next = 0;
  let failure: Error | null = null;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const one of open.values()) one.reject(failure);
    open.clear();
  };
  worker.on('error', fail);
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      fail(new Error(`thread ${file.pathname} ended with ${code}`));
      resolve();
    });
  });
  worker.on('message', ({ id, value, error }: Answer) => {
    const one = open.get(id);
    open.delete(id);
    if (error === undefined) one?.resolve(value);
    else one?.reject(new Error(error));
  });
  const call = <T>(name: string, argument?: unknown): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (failure !== null) {
        reject(failure);
        return;
      }
      const id = next++;
      open.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, name, argument } satisfies Call);
    });
  return {
    call,
    async close() {
      await call('close');
      await exited;
    },
  };
}
