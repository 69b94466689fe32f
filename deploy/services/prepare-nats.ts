import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerName, dockerRunArguments, findDocker, removeContainer } from './docker.ts';
import type { FindContext } from './find-context.ts';
import { findNats } from './find-nats.ts';
import { freePort } from './free-port.ts';
import { natsHasSyncInterval, renderNatsConfig } from './nats-config.ts';
import { notFound } from './not-found.ts';
import { NATS_IMAGE } from './pinned.ts';
import { probeNats } from './probe.ts';
import { PREFERRED_PORTS, type PreparedService, type ServicesOptions } from './services-options.ts';

/**
 * Messages pass through nats-server's heap in small pieces: collected at four times the live memory instead of twice, a fifth
 * of its CPU is saved; near the limit Go collects as often as it must. Both give way to the environment's own. So its memory
 * rises for some ten minutes, and stays at about four times what lives: that is the blocks of the streams written or read in
 * the last ten seconds and an index of those of the last two minutes, 40 MiB at 310 scrapes of 8 GPUs a second and 110 MiB at
 * 2,000, whatever the streams hold.
 */
export const NATS_GO_GC = '300';
const GO_MEMORY_LIMIT = '2GiB';

/** Programs to launch: our own nats-server, or a Docker client when there is no program for this machine. */
export interface NatsProgram {
  readonly program: string;
  readonly version: string;
  readonly source: string;
}

/** Throws VitalsError GV-SVC-001 with the ways to get one when there is none. */
export async function locateNats(context: FindContext): Promise<NatsProgram> {
  const found = await findNats(context);
  if (found !== null) return found;
  const docker = await findDocker(context);
  if (docker !== null) return { program: docker, version: NATS_IMAGE.split(':')[1] ?? '', source: 'Docker' };
  throw notFound('nats', context.tried);
}

/** Chooses ports and writes the configuration of one start. */
export async function prepareNats(
  found: NatsProgram,
  options: ServicesOptions & { readonly data: string },
  context: FindContext,
  taken: Set<number>,
): Promise<PreparedService> {
  const { report, env } = context;
  const want = { ...PREFERRED_PORTS, ...options.ports };
  const port = await freePort(want.nats, taken);
  const monitor_port = await freePort(want.nats_monitor, taken);
  if (port !== want.nats && want.nats !== 0) {
    report({ service: 'nats', step: 'port', detail: `${want.nats} is taken, ${port} instead` });
  }
  const durability = options.durability ?? 'fast';
  if (durability === 'safe' && !natsHasSyncInterval(found.version)) {
    const detail = `${found.version} cannot write every message to the disk at once: durability is "fast" here`;
    report({ service: 'nats', step: 'start', detail });
  }
  const folder = join(options.data, 'nats');
  const config = join(folder, 'nats.conf');
  await mkdir(join(folder, 'store'), { recursive: true });
  const inDocker = found.source === 'Docker';
  // Told in the server's greeting, so that whoever else got the port in between is not taken for ours.
  const server_name = `gpu-vitals-${randomBytes(6).toString('hex')}`;
  await writeFile(
    config,
    renderNatsConfig({
      version: found.version,
      host: inDocker ? '0.0.0.0' : '127.0.0.1',
      port,
      monitor_port,
      server_name,
      store_dir: join(folder, 'store'),
      durability,
      file_store_max_mib: options.jetstream_max_mib ?? 65_536,
    }),
    { mode: 0o600 },
  );
  const name = containerName('nats', options.data);
  const container = {
    name,
    image: NATS_IMAGE,
    ports: [port, monitor_port],
    folders: [folder],
    args: ['--config', config],
  };
  return {
    service: 'nats',
    source: found.source,
    program: found.program,
    args: inDocker ? dockerRunArguments(container) : ['--config', config],
    cwd: folder,
    env: { GOGC: NATS_GO_GC, GOMEMLIMIT: GO_MEMORY_LIMIT, ...env },
    log_path: join(options.data, 'logs', 'nats.log'),
    stop_grace_ms: 5_000,
    urls: { url: `nats://127.0.0.1:${port}`, pg_url: '' },
    probe: async () => {
      const info = await probeNats('127.0.0.1', port, 1_000);
      return info?.jetstream === true && info.server_name === server_name && (await healthy(monitor_port))
        ? info.version
        : null;
    },
    clear: () => (inDocker ? removeContainer(found.program, name, env) : Promise.resolve()),
  };
}

/** JetStream has read its store: before that the greeting is there but streams are not. */
async function healthy(monitorPort: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${monitorPort}/healthz?js-enabled-only=true`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
