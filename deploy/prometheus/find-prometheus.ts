import { chmod, copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, fillCache } from '../services/cache.ts';
import { findProgram, isProgram } from '../services/find-program.ts';
import { lastLine, runCommand } from '../services/run-command.ts';

export interface FoundPrometheus {
  readonly prometheus: string;
  readonly promtool: string;
}

const PROGRAMS = ['prometheus', 'promtool'] as const;

/**
 * Prometheus and promtool: named by the variables PROMETHEUS and PROMTOOL, on PATH, in the cache, or Debian's package,
 * unpacked into the cache (nothing is installed, no daemon starts). Otherwise the reason why there is none.
 */
export async function findPrometheus(env: NodeJS.ProcessEnv): Promise<FoundPrometheus | string> {
  const named = (variable: string, name: string): string | null => {
    const given = env[variable];
    return given !== undefined && isProgram(given) ? given : findProgram(name, env);
  };
  const prometheus = named('PROMETHEUS', 'prometheus');
  const promtool = named('PROMTOOL', 'promtool');
  if (prometheus !== null && promtool !== null) return { prometheus, promtool };
  const cache = cacheFolder(env);
  const folder = join(cache, 'prometheus-debian', 'package');
  const found = { prometheus: join(folder, 'prometheus'), promtool: join(folder, 'promtool') };
  if (isProgram(found.prometheus) && isProgram(found.promtool)) return found;
  const apt = findProgram('apt-get', env);
  const dpkg = findProgram('dpkg-deb', env);
  if (apt === null || dpkg === null) return 'there is no Prometheus on PATH, and no apt-get';
  let reason = '';
  try {
    await fillCache(cache, join('prometheus-debian', 'package'), async (part) => {
      await chmod(part, 0o755);
      reason = (await unpack(part, apt, dpkg, env)) ?? '';
      if (reason !== '') throw new Error(reason);
    });
  } catch (error) {
    if (reason === '') throw error;
    return `there is no Prometheus on PATH, and ${reason}`;
  }
  return found;
}

async function unpack(folder: string, apt: string, dpkg: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const download = () => runCommand(apt, ['download', 'prometheus'], { env, cwd: folder, timeout_ms: 180_000 });
  let result = await download();
  if (result.code !== 0 && process.getuid?.() === 0) {
    await runCommand(apt, ['update'], { env, timeout_ms: 300_000 });
    result = await download();
  }
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (result.code !== 0 || file === undefined) return `apt-get: ${lastLine(result.output)}`;
  const unpacked = await runCommand(dpkg, ['-x', join(folder, file), folder], { env, timeout_ms: 60_000 });
  if (unpacked.code !== 0) return `dpkg-deb: ${lastLine(unpacked.output)}`;
  for (const name of PROGRAMS) {
    const packed = join(folder, 'usr', 'bin', name);
    if (!isProgram(packed)) return `the package holds no ${name}`;
    await copyFile(packed, join(folder, name));
    await chmod(join(folder, name), 0o755);
  }
  for (const left of await readdir(folder)) {
    if (!(PROGRAMS as readonly string[]).includes(left)) await rm(join(folder, left), { recursive: true });
  }
  const ran = await runCommand(join(folder, 'prometheus'), ['--version'], { env, timeout_ms: 20_000 });
  return ran.code === 0 ? null : `it does not run: ${lastLine(ran.output)}`;
}
