import { type AliasBook, versionOf } from '../../models/registry/alias-book.ts';
import { VitalsError } from '../contract/errors.ts';
import type { RegistryStore } from './registry-store.ts';

interface WatchOptions {
  readonly alias: string;
  readonly onChange: (version: number | null) => void;
  readonly tell: (error: VitalsError) => void;
  /** Throws VitalsError when the text is no book. */
  readonly read: (text: string) => AliasBook;
}

const AGAIN_MS = 500;

/** See ModelRegistry.watch. Trouble is told once and tried again until it is over or the watch is stopped. */
export function watchAlias(store: RegistryStore, options: WatchOptions): { stop(): Promise<void> } {
  const { alias, onChange, tell } = options;
  const stopping = new AbortController();
  let last: number | null | undefined;
  let troubled = false;

  function take(text: string): void {
    const version = versionOf(options.read(text), alias);
    troubled = false;
    if (version === last || stopping.signal.aborted) return;
    last = version;
    try {
      onChange(version);
    } catch (cause) {
      tell(toError(cause, `the listener to ${alias} failed`));
    }
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        take((await store.book()).text);
        for await (const text of store.followBook(stopping.signal)) take(text);
      } catch (cause) {
        if (!troubled) tell(toError(cause, `${alias} cannot be followed`));
        troubled = true;
        await pause(stopping.signal);
      }
    }
  }

  const toError = (cause: unknown, what: string): VitalsError =>
    cause instanceof VitalsError
      ? cause
      : new VitalsError('GV-MDL-105', `${what}: ${cause instanceof Error ? cause.message : cause}`, store.place, {
          cause,
        });

  const done = follow();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, AGAIN_MS);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
