import { chmod, copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fillCache } from './cache.ts';
import type { FindContext } from './find-context.ts';
import { findProgram, isProgram } from './find-program.ts';
import { NATS_GO_MODULE, NATS_GO_VERSION, NATS_WHEELS } from './pinned.ts';
import { pipWheel } from './pip-wheel.ts';
import { lastLine, runCommand } from './run-command.ts';

export interface FoundNats {
  readonly program: string;
  readonly version: string;
  /** For people: `PATH`, `cache`, `PyPI`, `Go`, `Debian`. */
  readonly source: string;
}

/** JetStream as we use it is in every server from here on. */
const VERSION_MIN = [2, 9] as const;

/**
 * A nats-server program: on PATH, in the cache, or brought into the cache by pip, go or apt (whose package is only
 * unpacked there: nothing is installed into the system, no daemon starts). Null, with reasons in `context.tried`.
 */
export async function findNats(context: FindContext): Promise<FoundNats | null> {
  return (
    (await onPath(context)) ??
    (await inCache(context)) ??
    (await withPip(context)) ??
    (await withGo(context)) ??
    (await withApt(context))
  );
}

async function onPath(context: FindContext): Promise<FoundNats | null> {
  const program = findProgram('nats-server', context.env);
  if (program === null) {
    context.tried.push('PATH: no nats-server');
    return null;
  }
  return accept(program, 'PATH', context);
}

async function inCache(context: FindContext): Promise<FoundNats | null> {
  for (const wheel of NATS_WHEELS) {
    if (wheel.sha256[context.platform] === undefined) continue;
    const found = await fromCache(join(wheel.package, wheel.version, 'nats-server'), context);
    if (found !== null) return found;
  }
  return (
    (await fromCache(join('nats-server-go', NATS_GO_VERSION, 'nats-server'), context)) ??
    (await fromCache(join('nats-server-debian', 'package', 'nats-server'), context))
  );
}

async function fromCache(name: string, context: FindContext): Promise<FoundNats | null> {
  const program = join(context.cache, name);
  return isProgram(program) ? accept(program, 'cache', context) : null;
}

async function withPip(context: FindContext): Promise<FoundNats | null> {
  const wheel = await pipWheel('nats', NATS_WHEELS, context, async (folder) => {
    const names = await readdir(folder, { recursive: true });
    const packed = names.find((name) => name.endsWith('.data/scripts/nats-server'));
    if (packed === undefined) throw new Error('the wheel holds no nats-server');
    await copyFile(join(folder, packed), join(folder, 'nats-server'));
    await rm(join(folder, packed));
    await chmod(join(folder, 'nats-server'), 0o755);
  });
  return wheel === null ? null : accept(join(wheel.folder, 'nats-server'), 'PyPI', context);
}

async function withGo(context: FindContext): Promise<FoundNats | null> {
  const { env, tried, report } = context;
  const go = findProgram('go', env);
  if (go === null) {
    tried.push('go: not on PATH');
    return null;
  }
  report({ service: 'nats', step: 'download', detail: `${NATS_GO_MODULE} with go install, about a minute` });
  return build(context, join('nats-server-go', NATS_GO_VERSION), 'Go', async (folder) => {
    const ticks = { seconds: 0 };
    const result = await runCommand(go, ['install', NATS_GO_MODULE], {
      env: { ...env, GOBIN: folder, GOFLAGS: '-trimpath' },
      cwd: folder,
      timeout_ms: 600_000,
      onTick: () => {
        ticks.seconds += 2;
        if (ticks.seconds % 10 === 0) report({ service: 'nats', step: 'download', detail: `go: ${ticks.seconds} s` });
      },
    });
    return result.code === 0 ? null : `go: ${lastLine(result.output)}`;
  });
}

async function withApt(context: FindContext): Promise<FoundNats | null> {
  const { env, tried, report } = context;
  const apt = findProgram('apt-get', env);
  const dpkg = findProgram('dpkg-deb', env);
  if (apt === null || dpkg === null) {
    tried.push('apt-get: not on PATH');
    return null;
  }
  report({ service: 'nats', step: 'download', detail: 'the nats-server package with apt-get' });
  return build(context, join('nats-server-debian', 'package'), 'Debian', async (folder) => {
    const download = () => runCommand(apt, ['download', 'nats-server'], { env, cwd: folder, timeout_ms: 120_000 });
    await chmod(folder, 0o755);
    let result = await download();
    if (result.code !== 0 && process.getuid?.() === 0) {
      report({ service: 'nats', step: 'download', detail: 'apt-get update' });
      await runCommand(apt, ['update'], { env, timeout_ms: 300_000 });
      result = await download();
    }
    const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (result.code !== 0 || file === undefined) return `apt-get: ${lastLine(result.output)}`;
    const unpacked = join(folder, 'unpacked');
    await mkdir(unpacked);
    const unpack = await runCommand(dpkg, ['-x', join(folder, file), unpacked], { env, timeout_ms: 60_000 });
    if (unpack.code !== 0) return `dpkg-deb: ${lastLine(unpack.output)}`;
    const names = await readdir(unpacked, { recursive: true });
    const packed = names.find((name) => /(^|\/)s?bin\/nats-server$/.test(name));
    if (packed === undefined) return 'apt-get: the package holds no nats-server';
    await copyFile(join(unpacked, packed), join(folder, 'nats-server'));
    await chmod(join(folder, 'nats-server'), 0o755);
    await rm(unpacked, { recursive: true });
    await rm(join(folder, file));
    return null;
  });
}

/** Fills a cache folder that is to hold `nats-server`; `make` tells why it could not, or null. */
async function build(
  context: FindContext,
  name: string,
  source: string,
  make: (folder: string) => Promise<string | null>,
): Promise<FoundNats | null> {
  let reason: string | null = null;
  try {
    const folder = await fillCache(context.cache, name, async (part) => {
      reason = await make(part);
      if (reason !== null) throw new Error(reason);
    });
    return await accept(join(folder, 'nats-server'), source, context);
  } catch (error) {
    if (reason === null) throw error;
    context.tried.push(reason);
    return null;
  }
}

/** Takes a program that runs here and is new enough. */
async function accept(program: string, source: string, context: FindContext): Promise<FoundNats | null> {
  const result = await runCommand(program, ['--version'], { env: context.env, timeout_ms: 10_000 });
  const version = /v?(\d+\.\d+\.\d+\S*)/.exec(result.output)?.[1];
  if (result.code !== 0 || version === undefined) {
    context.tried.push(`${source}: ${program} does not run (${lastLine(result.output)})`);
    return null;
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1])) {
    context.tried.push(`${source}: ${program} is ${version}, at least ${VERSION_MIN.join('.')} is needed`);
    return null;
  }
  return { program, version, source };
}
