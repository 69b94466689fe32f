import { useEffect, useRef } from 'preact/hooks';
import { type Asking, keepAsking } from './keep-asking.ts';

/** Keeps asking while the component is there: anew when `about` changes, hurried when `hint` does. */
export function useAsking(
  ask: (signal: AbortSignal) => Promise<boolean>,
  options: { readonly about: string; readonly hint: string | number; readonly every_ms: number },
): void {
  const { about, hint, every_ms } = options;
  const asking = useRef<Asking | null>(null);
  const latest = useRef(ask);
  latest.current = ask;
  const heard = useRef(hint);
  useEffect(() => {
    const begun = keepAsking((signal) => latest.current(signal), every_ms);
    asking.current = begun;
    return () => begun.stop();
  }, [about, every_ms]);
  useEffect(() => {
    if (heard.current === hint) return;
    heard.current = hint;
    asking.current?.hurry();
  }, [hint]);
}
