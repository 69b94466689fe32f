import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Everybody else on the machine goes first from now on, whatever this process computes. On Linux priority is a thread's own, and the
 * threads of V8 that collect garbage are there before any of our code is: each is told by itself; threads that begin later take
 * after the one that begins them.
 */
export function giveWay(): void {
  setPriority(constants.priority.PRIORITY_LOW);
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    } catch {
      // It has ended since.
    }
  }
}
