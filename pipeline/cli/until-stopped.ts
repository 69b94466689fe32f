import { VitalsError } from '../contract/errors.ts';

const STOP_MAX_MS = 9_500;
const PARENT_LOOK_MS = 250;

/**
 * Runs something until SIGINT or SIGTERM, then stops it and returns; when it fails, stops it and throws. A signal while it
 * still starts ends the process at once: what it has started ends with it. The end of the npm or npx above counts as a signal.
 * Stopping may take `stop_max_ms`, then the process ends all the same.
 */
export async function untilStopped(
  start: () => Promise<{ readonly failed: Promise<never>; stop(): Promise<void> }>,
  stop_max_ms = STOP_MAX_MS,
): Promise<void> {
  let signalled: () => void = () => process.exit(0);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => signalled());
  onNpmGone(() => signalled());
  const running = await start();
  const ended = new Promise<void>((resolve) => {
    signalled = resolve;
  });
  const stop = async (): Promise<void> => {
    signalled = () => undefined;
    const timer = setTimeout(() => process.exit(1), stop_max_ms);
    await running.stop();
    clearTimeout(timer);
  };
  try {
    await Promise.race([ended, running.failed]);
  } catch (error) {
    await stop();
    throw error instanceof Error ? error : new VitalsError('GV-CLI-004', String(error), '');
  }
  await stop();
}

/** npm hands a signal to a shell that dies of it without passing it on: what is left to see is that the parent is another one. */
function onNpmGone(call: () => void): void {
  if (process.env.npm_execpath === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    call();
  }, PARENT_LOOK_MS);
  timer.unref();
}
