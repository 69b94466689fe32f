import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, fillCache, folderBytes } from '../../deploy/services/cache.ts';
import { findProgram } from '../../deploy/services/find-program.ts';
import { freePort } from '../../deploy/services/free-port.ts';
import { GUARD_SCRIPT } from '../../deploy/services/guard.ts';
import { type CommandResult, lastLine, runCommand } from '../../deploy/services/run-command.ts';
import { until } from '../bus/bus.fixture.ts';

/** The best first: package mirrors differ in how many of them they offer. */
const VERSIONS = ['3.17.2', '3.16.1'] as const;
/**
 * What `mlflow server` imports besides mlflow-skinny's own, with MLflow's bounds. All that MLflow names would be three times
 * as much (850 MB, with pyarrow, scipy and matplotlib), and as slow to install.
 */
const NEEDED = [
  ...['flask<4', 'flask-cors<7', 'aiohttp<4', 'alembic<2', 'cryptography<51', 'graphene<4', 'huey<4', 'pandas<4'],
  'sqlalchemy<3',
];
const INSTALL_MS = 600_000;
const START_MS = 150_000;
const STOP_TENTHS = '50';

export interface MlflowServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Python of a virtual environment with MLflow in it, in the cache of this user and made there when it is missing; else why
 * there is none.
 */
export async function findMlflow(): Promise<{ readonly python: string } | { readonly reason: string }> {
  const found = await findOrInstall();
  if ('reason' in found) process.stderr.write(`no MLflow to test against: ${found.reason}\n`);
  return found;
}

async function findOrInstall(): Promise<{ readonly python: string } | { readonly reason: string }> {
  const { env } = process;
  const python = findProgram('python3', env);
  if (python === null) return { reason: 'no python3 on PATH' };
  const asked = await runCommand(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
    env,
    timeout_ms: 30_000,
  });
  const minor = asked.stdout.trim();
  if (asked.code !== 0) return { reason: `python3 does not run: ${lastLine(asked.output)}` };
  const cache = cacheFolder(env);
  const places = VERSIONS.map((version) => ({ version, name: join('mlflow', `${version}-python${minor}`) }));
  for (const { version, name } of places) {
    const inside = pythonIn(join(cache, name));
    if (await works(inside, version)) return { python: inside };
    // Of a Python that has gone.
    await rm(join(cache, name), { recursive: true, force: true });
  }
  let reason = '';
  for (const { version, name } of places) {
    const trouble = new Error(version);
    const folder = await fillCache(cache, name, async (part) => {
      reason = await install(python, version, part);
      if (reason !== '') throw trouble;
    }).catch((error: unknown) => {
      if (error !== trouble) throw error;
      return null;
    });
    if (folder !== null && (await works(pythonIn(folder), version))) return { python: pythonIn(folder) };
    if (!reason.includes('No matching distribution')) break;
  }
  return { reason: reason === '' ? 'MLflow was installed and does not run' : reason };
}

const pythonIn = (folder: string): string => join(folder, 'bin', 'python');

/** Why it could not be installed, empty when it was. */
async function install(python: string, version: string, part: string): Promise<string> {
  const { env } = process;
  const made = await runCommand(python, ['-m', 'venv', part], { env, timeout_ms: 120_000 });
  if (made.code !== 0) return `no virtual environment: ${lastLine(made.output)}`;
  const say = (text: string): unknown => process.stderr.write(`MLflow ${version} from PyPI: ${text}\n`);
  let ticks = 0;
  say('installing, half a minute to some minutes');
  const pip = (...packages: string[]): Promise<CommandResult> =>
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
  let result = await pip(`mlflow-skinny==${version}`, ...NEEDED);
  if (result.code === 0) result = await pip('--no-deps', `mlflow==${version}`, `mlflow-tracing==${version}`);
  if (result.code === 0) {
    // Its dependencies are as new as PyPI has them, which is not always what it was made for.
    const tried = await runCommand(
      pythonIn(part),
      ['-c', 'import mlflow.server, mlflow.store.tracking.sqlalchemy_store'],
      {
        env,
        timeout_ms: 120_000,
      },
    );
    return tried.code === 0 ? '' : `MLflow was installed and does not run: ${lastLine(tried.output)}`;
  }
  return /\(from versions: none\)/.test(result.output) ? 'PyPI cannot be reached' : `pip: ${lastLine(result.output)}`;
}

async function works(python: string, version: string): Promise<boolean> {
  const result = await runCommand(python, ['-c', 'import importlib.metadata as m; print(m.version("mlflow"))'], {
    env: process.env,
    timeout_ms: 60_000,
  });
  return result.code === 0 && result.stdout.trim() === version;
}

/** A real MLflow server on a free port, with its data in a temporary folder; ends with this process whatever happens. */
export async function startMlflow(python: string): Promise<MlflowServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-mlflow-'));
  const port = await freePort(0, new Set());
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(folder, 'server.log');
  const log = openSync(logFile, 'a');
  const command = [
    ...[python, '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
    ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
    ...['--artifacts-destination', join(folder, 'artifacts')],
  ];
  const guard = spawn('sh', ['-c', GUARD_SCRIPT, 'mlflow', STOP_TENTHS, ...command], {
    cwd: folder,
    // A group of its own, so that what the server starts ends with it.
    detached: true,
    stdio: ['pipe', log, log, 'ignore'],
    env: {
      ...process.env,
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      MLFLOW_TRACKING_URI: '',
    },
  });
  closeSync(log);
  guard.stdin?.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => guard.once('exit', () => resolve()));
  const server: MlflowServer = {
    url,
    async stop() {
      // Its data goes too, so that nothing has to be ended gently.
      try {
        process.kill(-(guard.pid ?? 0), 'SIGKILL');
      } catch {
        // Nothing of the group is left.
      }
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  try {
    await until(async () => {
      if (guard.exitCode !== null) throw new Error(`MLflow ended:\n${await readFile(logFile, 'utf8')}`);
      return fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    }, START_MS);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
