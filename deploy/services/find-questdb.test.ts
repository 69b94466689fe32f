import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FakeMachine, fakeMachine } from './fake-program.fixture.ts';
import { findQuestdbJar } from './find-questdb.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

it('takes the jar beside a questdb.sh on PATH', async () => {
  await machine.install('questdb.sh', '');
  await writeFile(join(machine.bin, 'questdb.jar'), 'jar');
  expect(await findQuestdbJar(machine)).toEqual({ jar: join(machine.bin, 'questdb.jar'), source: 'PATH' });
});

it('refuses a jar of Maven with other bytes than the pinned ones and keeps nothing of it', async () => {
  await machine.install(
    'mvn',
    `for a in "$@"; do case "$a" in -DoutputDirectory=*) cd "$(echo "$a" | cut -d= -f2)" && echo x > questdb-9.3.4.jar;; esac; done`,
  );
  await expect(findQuestdbJar(machine)).rejects.toMatchObject({ code: 'GV-SVC-004' });
  expect(await readdir(join(machine.cache, 'questdb'))).toEqual([]);
});

it('passes over damaged jars in the caches, and clears its own', async () => {
  const maven = join(machine.folder, '.m2/repository/org/questdb/questdb/9.3.4');
  const ours = join(machine.cache, 'questdb/9.3.4');
  for (const folder of [maven, ours]) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'questdb-9.3.4.jar'), 'half');
  }
  expect(await findQuestdbJar(machine)).toBeNull();
  expect(machine.tried.filter((line) => line.endsWith('is damaged'))).toHaveLength(2);
  expect(await readdir(maven)).toEqual(['questdb-9.3.4.jar']);
  expect(await readdir(join(machine.cache, 'questdb'))).toEqual([]);
});

it('tells which clients it looked for and why they failed', async () => {
  await machine.install('mvn', 'echo "[ERROR] offline"; exit 1');
  expect(await findQuestdbJar(machine)).toBeNull();
  expect(machine.tried).toEqual([
    'PATH: no questdb',
    'mvn: [ERROR] offline',
    'gradle: not on PATH',
    'cs: not on PATH',
    'coursier: not on PATH',
  ]);
});
