import { readFileSync } from 'node:fs';

/** How long the main thread has been ready to run without a core, ms since it began; 0 where the system does not tell. */
export function runQueueMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
