import { join } from 'node:path';
import { cacheFolder, fillCache } from './services/cache.ts';
import { isProgram } from './services/find-program.ts';
import { lastLine, runCommand } from './services/run-command.ts';

const INSTALL_MS = 300_000;

/** Node of another version, from npm's package `node`, kept in the cache; or why it cannot be had. */
export async function nodeVersion(version: string): Promise<{ readonly node: string } | { readonly why: string }> {
  const cache = cacheFolder(process.env);
  const name = `node-${version}`;
  const program = ['node_modules', 'node', 'bin', 'node'];
  if (isProgram(join(cache, name, ...program))) return { node: join(cache, name, ...program) };
  let why = '';
  await fillCache(cache, name, async (folder) => {
    // Its own script fetches the program, and this is the only place where that is wanted.
    const args = [
      'install',
      '--prefix',
      folder,
      '--no-audit',
      '--no-fund',
      '--ignore-scripts=false',
      `node@${version}`,
    ];
    const { code, output } = await runCommand('npm', args, { env: process.env, timeout_ms: INSTALL_MS });
    if (code !== 0 || !isProgram(join(folder, ...program))) why = `npm has no node ${version}: ${lastLine(output)}`;
    if (why !== '') throw new Error(why);
  }).catch((error: unknown) => {
    if (why === '') throw error;
  });
  return why === '' ? { node: join(cache, name, ...program) } : { why };
}
