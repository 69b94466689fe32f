import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../deploy/services/free-port.ts';
import { GUARD_SCRIPT } from '../../deploy/services/guard.ts';
import { findInVenv, type VenvFound } from '../../deploy/services/python-venv.fixture.ts';
import { until } from '../bus/bus.fixture.ts';

const VERSIONS = ['3.17.2', '3.16.1'] as const;
/**
 * What `mlflow server` imports besides mlflow-skinny's own, with MLflow's bounds. All that MLflow names would be three times
 * as much (850 MB, with pyarrow, scipy and matplotlib), and as slow to install.
 */
const NEEDED = [
  ...['flask<4', 'flask-cors<7', 'aiohttp<4', 'alembic<2', 'cryptography<51', 'graphene<4', 'huey<4', 'pandas<4'],
  'sqlalchemy<3',
];
const START_MS = 150_000;
const STOP_TENTHS = '50';

export interface MlflowServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Python with MLflow, see `findInVenv`. */
export const findMlflow = (): Promise<VenvFound> =>
  findInVenv({
    name: 'mlflow',
    label: 'MLflow',
    versions: VERSIONS,
    installs: (version) => [
      [`mlflow-skinny==${version}`, ...NEEDED],
      ['--no-deps', `mlflow==${version}`, `mlflow-tracing==${version}`],
    ],
    imports: 'mlflow.server, mlflow.store.tracking.sqlalchemy_store',
  });

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
