import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, fillCache, folderBytes } from './cache.ts';
import { findProgram } from './find-program.ts';
import { type CommandResult, lastLine, runCommand } from './run-command.ts';

const INSTALL_MS = 600_000;

export interface PythonPackage {
  /** On PyPI, and of the folder in the cache. */
  readonly name: string;
  readonly label: string;
  /** The best first: package mirrors differ in how many of them they offer. */
  readonly versions: readonly string[];
  /** Arguments of pip, one call after the other. */
  readonly installs: (version: string) => readonly (readonly string[])[];
  /** What must be there in the end: `a, b.c`. */
  readonly imports: string;
}

export type VenvFound = { readonly python: string } | { readonly reason: string };

/**
 * Python of a virtual environment with a package in it, in the cache of this user and made there when it is missing; else why
 * there is none, which is told too.
 */
export async function findInVenv(wanted: PythonPackage): Promise<VenvFound> {
  const found = await findOrInstall(wanted);
  if ('reason' in found) process.stderr.write(`no ${wanted.label} to test against: ${found.reason}\n`);
  return found;
}

async function findOrInstall(wanted: PythonPackage): Promise<VenvFound> {
  const { env } = process;
  const { name, label, versions } = wanted;
  const python = findProgram('python3', env);
  if (python === null) return { reason: 'no python3 on PATH' };
  const asked = await runCommand(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
    env,
    timeout_ms: 30_000,
  });
  const minor = asked.stdout.trim();
  if (asked.code !== 0) return { reason: `python3 does not run: ${lastLine(asked.output)}` };
  const cache = cacheFolder(env);
  const places = versions.map((version) => ({ version, place: join(name, `${version}-python${minor}`) }));
  for (const { version, place } of places) {
    const folder = join(cache, place);
    if (await works(folder, name, version)) return { python: pythonIn(folder) };
    // Of a Python that has gone.
    await rm(folder, { recursive: true, force: true });
  }
  let reason = '';
  for (const { version, place } of places) {
    const trouble = new Error(version);
    const folder = await fillCache(cache, place, async (part) => {
      reason = await install(python, wanted, version, part);
      if (reason !== '') throw trouble;
    }).catch((error: unknown) => {
      if (error !== trouble) throw error;
      return null;
    });
    if (folder !== null && (await works(folder, name, version))) return { python: pythonIn(folder) };
    if (!reason.includes('No matching distribution')) break;
  }
  return { reason: reason === '' ? `${label} was installed and does not run` : reason };
}

const pythonIn = (folder: string): string => join(folder, 'bin', 'python');

/** Why it could not be installed, empty when it was. */
async function install(python: string, wanted: PythonPackage, version: string, part: string): Promise<string> {
  const { env } = process;
  const { label, imports } = wanted;
  const made = await runCommand(python, ['-m', 'venv', part], { env, timeout_ms: 120_000 });
  if (made.code !== 0) return `no virtual environment: ${lastLine(made.output)}`;
  const say = (text: string): unknown => process.stderr.write(`${label} ${version} from PyPI: ${text}\n`);
  let ticks = 0;
  say('installing, half a minute to some minutes');
  const pip = (packages: readonly string[]): Promise<CommandResult> =>
    runCommand(
      pythonIn(part),
      ['-m', 'pip', 'install', '--only-binary=:all:', '--no-compile', '--retries', '1', '--timeout', '20', ...packages],
      {
        env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
        timeout_ms: INSTALL_MS,
        onTick: () => {
          ticks += 1;
          if (ticks % 5 === 0) void folderBytes(part).then((bytes) => say(`${(bytes / 2 ** 20).toFixed(0)} MiB`));
        },
      },
    );
  for (const packages of wanted.installs(version)) {
    const { code, output } = await pip(packages);
    if (code === 0) continue;
    return /\(from versions: none\)/.test(output) ? 'PyPI cannot be reached' : `pip: ${lastLine(output)}`;
  }
  // Its dependencies are as new as PyPI has them, which is not always what it was made for.
  const tried = await runCommand(pythonIn(part), ['-c', `import ${imports}`], { env, timeout_ms: 120_000 });
  return tried.code === 0 ? '' : `${label} was installed and does not run: ${lastLine(tried.output)}`;
}

async function works(folder: string, name: string, version: string): Promise<boolean> {
  const { code, stdout } = await runCommand(
    pythonIn(folder),
    ['-c', `import importlib.metadata as m; print(m.version("${name}"))`],
    { env: process.env, timeout_ms: 60_000 },
  );
  return code === 0 && stdout.trim() === version;
}
