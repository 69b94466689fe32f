import { dirname } from 'node:path';
import { cacheFolder } from '../../deploy/services/cache.ts';
import { findJava } from '../../deploy/services/find-java.ts';
import { findNats } from '../../deploy/services/find-nats.ts';
import { findProgram, realPath } from '../../deploy/services/find-program.ts';
import { findQuestdbJar } from '../../deploy/services/find-questdb.ts';
import { notFound } from '../../deploy/services/not-found.ts';
import type { ServiceName } from '../../deploy/services/report.ts';
import { type Finding, finding } from './finding.ts';

export interface ProgramFacts {
  readonly service: ServiceName;
  /** What a start would take; empty when nothing is here yet. */
  readonly here: string;
  /** Clients that could bring it. */
  readonly clients: readonly string[];
  readonly tried: readonly string[];
}

/** Whether a service that does not run could be started. */
export function judgeProgram({ service, here, clients, tried }: ProgramFacts): Finding {
  if (here !== '') return finding(service, 'program', { what: here, figures: { program: here } });
  if (clients.length > 0) {
    const what = `not here yet; a start tries ${clients.join(', ')}`;
    const action = 'A first start needs a way to packages; `gpu-vitals services start` tries it.';
    return finding(service, 'program', { state: 'warn', what, action });
  }
  const { message, code, action } = notFound(service, tried);
  return finding(service, 'program', { state: 'fail', what: message, code, action });
}

const CLIENTS: Readonly<Record<ServiceName, readonly string[]>> = {
  nats: ['python3', 'go', 'apt-get', 'docker'],
  questdb: ['mvn', 'gradle', 'cs', 'docker'],
};

/** Looks on PATH and in the caches, and brings nothing. */
export async function lookForProgram(
  service: ServiceName,
  env: NodeJS.ProcessEnv,
  cache: string,
): Promise<ProgramFacts> {
  const tried: string[] = [];
  // Without a PATH no package client is found, so that nothing is downloaded.
  const context = {
    env: { ...env, PATH: '' },
    cache: cache || cacheFolder(env),
    platform: `${process.platform}-${process.arch}`,
    report: () => undefined,
    tried,
  };
  const clients = CLIENTS[service].filter((name) => findProgram(name, env) !== null);
  const facts = (here: string): ProgramFacts => ({ service, here, clients, tried });
  if (service === 'nats') {
    const program = findProgram('nats-server', env);
    if (program !== null) return facts(program);
    const found = await findNats(context);
    return facts(found === null ? '' : `nats-server ${found.version}, ${found.source}`);
  }
  const program = findProgram('questdb', env) ?? findProgram('questdb.sh', env);
  const jar = program ?? (await findQuestdbJar(context))?.jar ?? null;
  const java = findProgram('java', env);
  const home = java === null ? env.JAVA_HOME : dirname(dirname(realPath(java)));
  const runtime = await findJava({ ...context, env: { ...context.env, ...(home ? { JAVA_HOME: home } : {}) } });
  return facts(jar === null || runtime === null ? '' : `${jar}, Java ${runtime.major}`);
}
