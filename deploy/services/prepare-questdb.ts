import { realpathSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerName, dockerRunArguments, findDocker, removeContainer } from './docker.ts';
import type { FindContext } from './find-context.ts';
import { findJava } from './find-java.ts';
import { findQuestdbJar } from './find-questdb.ts';
import { freePort } from './free-port.ts';
import { notFound } from './not-found.ts';
import { QUESTDB_IMAGE } from './pinned.ts';
import { probeQuestdb, probeQuestdbRoot, probeTcp } from './probe.ts';
import { questdbArguments, renderQuestdbConfig, renderQuestdbLogConfig } from './questdb-config.ts';
import { PREFERRED_PORTS, type PreparedService, type ServicesOptions } from './services-options.ts';

export interface QuestdbProgram {
  /** `java`, or the Docker client. */
  readonly program: string;
  readonly jar: string;
  readonly java_major: number;
  readonly source: string;
}

/** Throws VitalsError GV-SVC-001 with the ways to get one when there is none. */
export async function locateQuestdb(context: FindContext): Promise<QuestdbProgram> {
  const found = await findQuestdbJar(context);
  if (found !== null) {
    const java = await findJava(context);
    if (java !== null) {
      context.report({ service: 'questdb', step: 'take', detail: `Java ${java.major} from ${java.source}` });
      return { program: java.program, jar: found.jar, java_major: java.major, source: found.source };
    }
  }
  const docker = await findDocker(context);
  if (docker !== null) return { program: docker, jar: '', java_major: 0, source: 'Docker' };
  throw notFound('questdb', context.tried);
}

/** Chooses ports and writes the configuration of one start. */
export async function prepareQuestdb(
  found: QuestdbProgram,
  options: ServicesOptions & { readonly data: string },
  context: FindContext,
  taken: Set<number>,
): Promise<PreparedService> {
  const { report, env } = context;
  const want = { ...PREFERRED_PORTS, ...options.ports };
  const http_port = await freePort(want.questdb_http, taken);
  const pg_port = await freePort(want.questdb_pg, taken);
  for (const [wanted, got] of [
    [want.questdb_http, http_port],
    [want.questdb_pg, pg_port],
  ] as const) {
    if (wanted !== got && wanted !== 0) {
      report({ service: 'questdb', step: 'port', detail: `${wanted} is taken, ${got} instead` });
    }
  }
  const root = join(options.data, 'questdb');
  const logs = join(options.data, 'logs');
  await mkdir(join(root, 'conf'), { recursive: true });
  await mkdir(logs, { recursive: true });
  const inDocker = found.source === 'Docker';
  const user = options.pg_user ?? 'admin';
  const password = options.pg_password ?? 'quest';
  const config = renderQuestdbConfig({
    host: inDocker ? '0.0.0.0' : '127.0.0.1',
    http_port,
    pg_port,
    pg_user: user,
    pg_password: password,
    http_login: options.pg_password !== undefined,
    reader_password: options.reader_password ?? null,
    durability: options.durability ?? 'fast',
  });
  await writeFile(join(root, 'conf', 'server.conf'), config, { mode: 0o600 });
  const scratch = join(root, 'scratch');
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch);
  await writeFile(join(root, 'conf', 'log.conf'), renderQuestdbLogConfig());
  const name = containerName('questdb', options.data);
  const container = {
    name,
    image: QUESTDB_IMAGE,
    ports: [http_port, pg_port],
    folders: [root, logs],
    entrypoint: '/app/bin/java',
    args: ['-m', 'io.questdb/io.questdb.ServerMain', '-d', root],
  };
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const http_url = `http://${options.pg_password === undefined ? '' : `${login}@`}127.0.0.1:${http_port}`;
  return {
    service: 'questdb',
    source: found.source,
    program: found.program,
    args: inDocker
      ? dockerRunArguments(container)
      : questdbArguments({
          java_major: found.java_major,
          jar: found.jar,
          root,
          heap_max_mib: options.questdb_heap_max_mib ?? 512,
          quick_start: options.questdb_quick_start ?? false,
          scratch,
          crash_log: join(logs, 'questdb-crash-%p.log'),
        }),
    cwd: root,
    env,
    log_path: join(logs, 'questdb.log'),
    stop_grace_ms: 8_000,
    urls: { url: http_url, pg_url: `postgres://${login}@127.0.0.1:${pg_port}/qdb` },
    probe: async () => {
      const version = await probeQuestdb(http_url, 2_000);
      if (version === null || !(await probeTcp('127.0.0.1', pg_port, 1_000))) return null;
      // Whoever else got the port in between is not taken for ours: rows would be written to a stranger's tables.
      const folder = await probeQuestdbRoot(http_url, 2_000);
      return folder === '' || (folder !== null && sameFolder(folder, root)) ? version : null;
    },
    clear: () => (inDocker ? removeContainer(found.program, name, env) : Promise.resolve()),
  };
}

function sameFolder(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
