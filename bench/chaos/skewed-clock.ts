import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a process's clock is off by, and how it jumps on while the process lives. */
export interface Skew {
  readonly off_ms: number;
  /** After so much time of the process ... */
  readonly jump_after_ms: number;
  /** ... it is off by this. */
  readonly then_off_ms: number;
}

/**
 * Environment of a Node process whose wall clock is wrong, in all of its threads: a file loaded ahead of the program takes the
 * place of `Date.now`. Durations stay right, as they do on a machine whose clock is set.
 */
export function skewedClock(folder: string, skew: Skew): NodeJS.ProcessEnv {
  const path = join(folder, `clock-${skew.off_ms}-${skew.jump_after_ms}-${skew.then_off_ms}.cjs`);
  writeFileSync(
    path,
    [
      'const now = Date.now;',
      `const jump = now() + ${skew.jump_after_ms};`,
      `Date.now = () => { const ms = now(); return ms + (ms < jump ? ${skew.off_ms} : ${skew.then_off_ms}); };`,
    ].join('\n'),
  );
  return { NODE_OPTIONS: `--require ${path}` };
}
