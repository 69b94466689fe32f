import { useState } from 'preact/hooks';
import { useAsking } from './use-asking.ts';

/** What the API last answered to a question that is asked again and again. */
export interface Answered<T> {
  /** Null until the first answer; an answer to an earlier `about` stays until the next one comes. */
  readonly value: T | null;
  /** The value is of this `about`. */
  readonly current: boolean;
  /** Why it cannot be had just now; null while it can. */
  readonly failure: string | null;
  /** When it was last read, epoch ms. */
  readonly read_at: number | null;
}

export function useAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  options: { readonly about: string; readonly hint?: string | number; readonly every_ms: number },
): Answered<T> {
  const { about, hint = '', every_ms } = options;
  const [known, setKnown] = useState<Omit<Answered<T>, 'current'> & { readonly about: string }>({
    value: null,
    failure: null,
    read_at: null,
    about: '',
  });
  useAsking(
    async (signal) => {
      try {
        const value = await ask(signal);
        if (!signal.aborted) setKnown({ value, failure: null, read_at: Date.now(), about });
        return true;
      } catch (error) {
        if (signal.aborted) return true;
        setKnown((before) => ({ ...before, failure: (error as Error).message }));
        return false;
      }
    },
    { about, hint, every_ms },
  );
  return { ...known, current: known.value !== null && known.about === about };
}
