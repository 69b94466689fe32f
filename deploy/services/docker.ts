import { createHash } from 'node:crypto';
import type { FindContext } from './find-context.ts';
import { findProgram } from './find-program.ts';
import { runCommand } from './run-command.ts';

/** The Docker client when an engine answers it, else null with the reason in `context.tried`. */
export async function findDocker(context: FindContext): Promise<string | null> {
  const docker = findProgram('docker', context.env);
  if (docker === null) {
    context.tried.push('Docker: not on PATH');
    return null;
  }
  const check = await runCommand(docker, ['version', '--format', '{{.Server.Version}}'], {
    env: context.env,
    timeout_ms: 10_000,
  });
  if (check.code === 0 && check.stdout.trim() !== '') return docker;
  context.tried.push('Docker: no engine answers');
  return null;
}

export interface ContainerOptions {
  readonly name: string;
  readonly image: string;
  /** Ports, the same inside as on loopback outside. */
  readonly ports: readonly number[];
  /** Folders that the container sees at the same path. */
  readonly folders: readonly string[];
  readonly entrypoint?: string;
  readonly args: readonly string[];
}

/**
 * Arguments of `docker run` for a container that lives as long as this command: it is removed at its end, and the client
 * passes SIGTERM on. Files belong to the user who started it.
 */
export function dockerRunArguments(options: ContainerOptions): string[] {
  const user = process.getuid?.();
  const group = process.getgid?.();
  return [
    'run',
    '--rm',
    '--init',
    `--name=${options.name}`,
    ...(user === undefined || group === undefined ? [] : [`--user=${user}:${group}`]),
    ...options.ports.map((port) => `--publish=127.0.0.1:${port}:${port}`),
    ...options.folders.map((folder) => `--volume=${folder}:${folder}`),
    ...(options.entrypoint === undefined ? [] : [`--entrypoint=${options.entrypoint}`]),
    options.image,
    ...options.args,
  ];
}

/** Removes a container that a killed run left; it is no error when there is none. */
export async function removeContainer(docker: string, name: string, env: NodeJS.ProcessEnv): Promise<void> {
  await runCommand(docker, ['rm', '--force', name], { env, timeout_ms: 30_000 });
}

/** A container name that belongs to one service of one data folder. */
export function containerName(service: string, folder: string): string {
  return `gpu-vitals-${service}-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
}
