/** Tries until it succeeds, with a pause after each failure, or until `stop`. */
export function seedUntilDone(
  seed: () => Promise<void>,
  options: { readonly retry_ms?: number | undefined } = {},
): { readonly done: boolean; readonly finished: Promise<void>; stop(): void } {
  let done = false;
  let stopped = false;
  let wake: () => void = () => {};
  async function run(): Promise<void> {
    while (!stopped && !done) {
      try {
        await seed();
        done = true;
      } catch {
        if (stopped) return;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, options.retry_ms ?? 1_000);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  }
  const finished = run();
  return {
    get done() {
      return done;
    },
    finished,
    stop() {
      stopped = true;
      wake();
    },
  };
}
