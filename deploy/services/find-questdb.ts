import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fillCache, requireHash, sha256Of } from './cache.ts';
import type { FindContext } from './find-context.ts';
import { findProgram, realPath } from './find-program.ts';
import { QUESTDB_ARTIFACT, QUESTDB_JAR_SHA256, QUESTDB_VERSION } from './pinned.ts';
import { lastLine, runCommand } from './run-command.ts';

export interface FoundJar {
  readonly jar: string;
  readonly source: string;
}

const JAR = `questdb-${QUESTDB_VERSION}.jar`;
const COORDINATE = `${QUESTDB_ARTIFACT.group}:${QUESTDB_ARTIFACT.name}:${QUESTDB_ARTIFACT.version}`;

/**
 * QuestDB's jar: beside a `questdb` on PATH, in our cache or the one of Maven, or brought by Maven, Gradle or Coursier.
 * Null, with reasons in `context.tried`. All but the first are checked against the pinned SHA-256 at every call.
 */
export async function findQuestdbJar(context: FindContext): Promise<FoundJar | null> {
  return (await onPath(context)) ?? (await inCaches(context)) ?? (await withClients(context));
}

async function onPath(context: FindContext): Promise<FoundJar | null> {
  for (const name of ['questdb', 'questdb.sh']) {
    const program = findProgram(name, context.env);
    if (program === null) continue;
    const folder = dirname(realPath(program));
    for (const place of ['questdb.jar', '../questdb.jar', '../libexec/questdb.jar']) {
      const jar = join(folder, place);
      if (existsSync(jar)) return { jar, source: 'PATH' };
    }
    context.tried.push(`PATH: no questdb.jar near ${program}`);
    return null;
  }
  context.tried.push('PATH: no questdb');
  return null;
}

async function inCaches(context: FindContext): Promise<FoundJar | null> {
  const home = context.env.HOME ?? homedir();
  const maven = join(home, '.m2/repository', QUESTDB_ARTIFACT.group.replaceAll('.', '/'), QUESTDB_ARTIFACT.name);
  const places = [
    { jar: join(context.cache, 'questdb', QUESTDB_VERSION, JAR), source: 'cache' },
    { jar: join(maven, QUESTDB_VERSION, JAR), source: "Maven's cache" },
  ];
  for (const { jar, source } of places) {
    if (!existsSync(jar)) continue;
    if ((await sha256Of(jar)) === QUESTDB_JAR_SHA256) return { jar, source };
    context.tried.push(`${source}: ${jar} is damaged`);
    // Ours is brought again; what belongs to others is only passed over.
    if (source === 'cache') await rm(dirname(jar), { recursive: true, force: true });
  }
  return null;
}

interface Client {
  readonly program: string;
  readonly source: string;
  /** Where the jar can be found after success is any place below the folder. */
  readonly args: (folder: string) => Promise<readonly string[]>;
}

const CLIENTS: readonly Client[] = [
  {
    program: 'mvn',
    source: 'Maven',
    args: async (folder) => [
      '--batch-mode',
      '--quiet',
      'dependency:copy',
      `-Dartifact=${COORDINATE}`,
      `-DoutputDirectory=${folder}`,
      '-Dmdep.useBaseVersion=true',
    ],
  },
  { program: 'gradle', source: 'Gradle', args: gradleArguments },
  { program: 'cs', source: 'Coursier', args: coursierArguments },
  { program: 'coursier', source: 'Coursier', args: coursierArguments },
];

async function gradleArguments(folder: string): Promise<readonly string[]> {
  await writeFile(join(folder, 'settings.gradle'), "rootProject.name = 'questdb-jar'\n");
  const script = [
    'repositories { mavenCentral() }',
    'configurations { jar }',
    `dependencies { jar('${COORDINATE}') { transitive = false } }`,
    "tasks.register('fetchJar', Copy) { from configurations.jar; into layout.projectDirectory }",
    '',
  ];
  await writeFile(join(folder, 'build.gradle'), script.join('\n'));
  return ['--no-daemon', '--quiet', '--project-dir', folder, 'fetchJar'];
}

async function coursierArguments(folder: string): Promise<readonly string[]> {
  return ['fetch', '--intransitive', '--cache', join(folder, 'coursier'), COORDINATE];
}

async function withClients(context: FindContext): Promise<FoundJar | null> {
  const { env, report, tried } = context;
  for (const client of CLIENTS) {
    const program = findProgram(client.program, env);
    if (program === null) {
      tried.push(`${client.program}: not on PATH`);
      continue;
    }
    report({ service: 'questdb', step: 'download', detail: `${COORDINATE} with ${client.source}` });
    let seconds = 0;
    let reason: string | null = null;
    try {
      const folder = await fillCache(context.cache, join('questdb', QUESTDB_VERSION), async (part) => {
        const work = join(part, 'work');
        await mkdir(work);
        const result = await runCommand(program, await client.args(work), {
          env,
          timeout_ms: 300_000,
          onTick: () => {
            seconds += 2;
            report({ service: 'questdb', step: 'download', detail: `${client.source}: ${seconds} s` });
          },
        });
        const found = (await readdir(work, { recursive: true })).find((name) => name.endsWith(JAR));
        if (result.code !== 0 || found === undefined) {
          reason = `${client.program}: ${lastLine(result.output)}`;
          throw new Error(reason);
        }
        await requireHash(join(work, found), [QUESTDB_JAR_SHA256], COORDINATE);
        await rename(join(work, found), join(part, JAR));
        await rm(work, { recursive: true });
      });
      return { jar: join(folder, JAR), source: client.source };
    } catch (error) {
      if (reason === null) throw error;
      tried.push(reason);
    }
  }
  return null;
}
