/** A question that is put again and again. */
export interface Asking {
  /** Something has changed: asks in a moment, and once more when the answer had time to settle. */
  hurry(): void;
  stop(): void;
}

const RETRY_MS = 3_000;
/** What the live server tells at once is in the tables after a commit, and scores and incidents follow it. */
const SETTLED_MS = 1_500;
const ECHO_MS = 6_000;

/**
 * Asks now and `every_ms` after each answer; sooner while the answer is no. `ask` must not throw. However often it is
 * hurried, it never asks more than about every 1.5 s.
 */
export function keepAsking(ask: (signal: AbortSignal) => Promise<boolean>, every_ms: number): Asking {
  const gone = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  let hurried = false;
  let next: number[] = [];

  const plan = (wait_ms: number): void => {
    clearTimeout(timer);
    if (!gone.signal.aborted) timer = setTimeout(once, wait_ms);
  };
  async function once(): Promise<void> {
    asking = true;
    hurried = false;
    const answered = await ask(gone.signal);
    asking = false;
    plan(next.shift() ?? (answered ? every_ms : RETRY_MS));
  }
  void once();
  return {
    hurry() {
      if (hurried) return;
      hurried = true;
      next = asking ? [SETTLED_MS, ECHO_MS] : [ECHO_MS];
      if (!asking) plan(SETTLED_MS);
    },
    stop() {
      gone.abort();
      clearTimeout(timer);
    },
  };
}
