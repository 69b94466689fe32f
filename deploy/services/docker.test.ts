import { afterEach, beforeEach, expect, it } from 'vitest';
import { containerName, dockerRunArguments, findDocker } from './docker.ts';
import { type FakeMachine, fakeMachine } from './fake-program.fixture.ts';
import { locateNats } from './prepare-nats.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

it('is taken last, and only when an engine answers', async () => {
  const docker = await machine.install('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  expect(await findDocker(machine)).toBeNull();
  await expect(locateNats(machine)).rejects.toMatchObject({ code: 'GV-SVC-001', where: /Docker: no engine answers/ });
  await machine.install('docker', 'echo 27.1.0');
  expect(await locateNats(machine)).toMatchObject({ program: docker, source: 'Docker' });
});

it('publishes on loopback only and shows the folders at their own paths', () => {
  const name = containerName('nats', '/data');
  const args = dockerRunArguments({ name, image: 'i:1', ports: [4222], folders: ['/data/nats'], args: ['-c', 'x'] });
  expect(args).toContain('--publish=127.0.0.1:4222:4222');
  expect(args).toContain('--volume=/data/nats:/data/nats');
  expect(args.slice(-3)).toEqual(['i:1', '-c', 'x']);
  expect(containerName('nats', '/other')).not.toBe(name);
});
