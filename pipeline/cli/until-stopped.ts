import { VitalsError } from '../contract/errors.ts';

/** Longest time that stopping may take before the process ends all the same; children end with it. */
const STOP_MAX_MS = 9_500;

/**
 * Runs something until SIGINT or SIGTERM, then stops it and returns; when it fails, stops it and throws. A signal while it
 * still starts ends the process at once: what it has started ends with it.
 */
export async function untilStopped(
  start: () => Promise<{ readonly failed: Promise<never>; stop(): Promise<void> }>,
): Promise<void> {
  let signalled: () => void = () => process.exit(0);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => signalled());
  const running = await start();
  const ended = new Promise<void>((resolve) => {
    signalled = resolve;
  });
  const stop = async (): Promise<void> => {
    signalled = () => undefined;
    const timer = setTimeout(() => process.exit(1), STOP_MAX_MS);
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
