import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** Calls to a child process and their answers: parts of a bench whose CPU and memory are looked at apart. */
export type ChildCalls = Readonly<Record<string, (argument: never) => Promise<unknown> | unknown>>;

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

export interface Child {
  readonly pid: number;
  call<T>(name: string, argument?: unknown): Promise<T>;
  /** Ends the process. */
  close(): Promise<void>;
}

/** The child's side. It ends with its parent. */
export function answerCalls(calls: ChildCalls): void {
  process.on('message', (call: Call) => {
    void (async () => {
      try {
        const value = await calls[call.name]?.(call.argument as never);
        process.send?.({ id: call.id, value } satisfies Answer);
      } catch (error) {
        process.send?.({ id: call.id, error: error instanceof Error ? (error.stack ?? '') : String(error) });
      }
    })();
  });
  process.on('disconnect', () => process.exit(0));
}

/** The caller's side. A child that ends rejects what it was asked. */
export function forkChild(file: URL): Child {
  const child: ChildProcess = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const exited = once(child, 'exit').then(([code]) => {
    for (const one of open.values()) one.reject(new Error(`${file.pathname} ended with ${code}`));
    open.clear();
  });
  let next = 0;
  child.on('message', ({ id, value, error }: Answer) => {
    const one = open.get(id);
    open.delete(id);
    if (error === undefined) one?.resolve(value);
    else one?.reject(new Error(error));
  });
  return {
    pid: child.pid ?? 0,
    call: <T>(name: string, argument?: unknown): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        const id = next++;
        open.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, name, argument } satisfies Call);
      }),
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
