import * as tf from '@tensorflow/tfjs-core';

export type TensorBackend = 'tensorflow' | 'wasm' | 'cpu';

/** A backend of TensorFlow.js that is ready. */
export interface Tensors {
  readonly name: TensorBackend;
  /** Runs synchronous work on this backend and frees all tensors that it made; other users of the library keep their backend. */
  run<T>(work: () => T): T;
}

/** Not known to the compiler: it is installed by whoever wants it. */
const NATIVE: string = '@tensorflow/tfjs-node';

/**
 * Loads a backend: the native one where @tensorflow/tfjs-node is installed and works, else WebAssembly, which runs on
 * one thread under Node. `deploy/install-tfjs-node.sh` installs the native one from npm and PyPI alone.
 * Errors: of TensorFlow.js, when the backend that is asked for by name cannot be had.
 */
export async function loadTensors(wanted: TensorBackend | null): Promise<Tensors> {
  // In production mode TensorFlow.js writes nothing to stderr.
  tf.enableProdMode();
  const former = tf.getBackend() as string | undefined;
  const name = wanted ?? ((await hasNative()) ? 'tensorflow' : 'wasm');
  if (wanted === 'tensorflow') await startNative();
  if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  if (!(await withoutListeners(() => tf.setBackend(name)))) throw new Error(`TensorFlow.js has no backend ${name}`);
  if (former) await tf.setBackend(former);
  return {
    name,
    run(work) {
      const before = tf.getBackend();
      // With a backend that is ready this takes effect before it returns.
      void tf.setBackend(name);
      tf.engine().startScope();
      try {
        return work();
      } finally {
        tf.engine().endScope();
        if (before && before !== name) void tf.setBackend(before);
      }
    },
  };
}

/** WebAssembly comes with listeners that turn every error of the process that nobody catches into `undefined`; they are taken off. */
async function withoutListeners<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.rawListeners(event));
  const result = await start();
  events.forEach((event, e) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[e]?.includes(listener)) process.removeListener(event, listener as (...args: unknown[]) => void);
    }
  });
  return result;
}

async function hasNative(): Promise<boolean> {
  try {
    await startNative();
    return true;
  } catch {
    return false;
  }
}

/** Loads it and has it compute something: 4.22 loads under Node 23 and later too, and fails there in its first operation. */
async function startNative(): Promise<void> {
  const before = tf.getBackend() as string | undefined;
  await import(NATIVE);
  await tf.setBackend('tensorflow');
  try {
    tf.tidy(() => tf.sum(tf.tensor1d([1, 2])).dataSync());
  } catch (error) {
    if (before) await tf.setBackend(before);
    throw error;
  }
}
