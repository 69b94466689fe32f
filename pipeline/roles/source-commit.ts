import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The commit of the checkout that this runs from, with `-dirty` when files differ from it; null outside a checkout. */
export function sourceCommit(): string | null {
  try {
    // git looks for the checkout from here upwards; `.git` of somebody's project around an installed package is not ours.
    const here = fileURLToPath(new URL('.', import.meta.url));
    if (here.includes('/node_modules/')) return null;
    const text = execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], {
      cwd: here,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || null;
  } catch {
    return null;
  }
}
