/** Runs something later; the answer takes it back. Tests hand in one that stands until it is moved. */
export type RunAfter = (ms: number, run: () => void) => () => void;

/** A timer of the machine that keeps no process alive. */
export const runAfter: RunAfter = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};
