import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../pipeline/bus/bus.fixture.ts';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { securedNats, stopSecuredNats } from '../../pipeline/bus/secured-nats.fixture.ts';
import { endCliRuns, ROOT, startCli } from '../../pipeline/cli/cli.fixture.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { freePort } from '../services/free-port.ts';
import { startTestServices, type TestServices } from '../services/services.fixture.ts';

const PROGRAM = join(ROOT, 'dist/deploy/docker/health.js');
const TELL_MS = 100;
let services: TestServices;
let bus: Bus;
const telling: NodeJS.Timeout[] = [];

beforeAll(async () => {
  if (!existsSync(PROGRAM)) throw new Error('the build is missing: npm run build');
  services = await startTestServices({ nats: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
});
afterEach(async () => {
  for (const timer of telling.splice(0)) clearInterval(timer);
  await endCliRuns();
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
  await stopSecuredNats();
});

const tell = (subject: string): void => {
  telling.push(setInterval(() => bus.publish({ subject, data: Buffer.from('{}') }), TELL_MS));
};

function probe(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH, GPU_VITALS_NATS: services.nats_url, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise<readonly [number | null, string]>((resolve) => {
    child.once('close', (code) => resolve([code, said.trim()]));
  });
}
const ALIVE = [0, ''];
const silent = (subject: string) => [1, `nothing came on ${subject} within 4000 ms`];

describe('health', () => {
  it('does not take the word of another worker for that of this one', async () => {
    tell('vitals.topology.engine-0');
    const cluster = { GPU_VITALS_CLUSTER: 'true' };
    const [spoken, hung, named, alone] = await Promise.all([
      probe(['engine'], { ...cluster, GPU_VITALS_WORKER_NAME: 'engine-0' }),
      probe(['engine'], { ...cluster, GPU_VITALS_WORKER_NAME: 'engine-1' }),
      probe(['engine', '--cluster', 'true', '--worker-name=engine-0'], { GPU_VITALS_WORKER_NAME: 'engine-1' }),
      probe(['engine'], { GPU_VITALS_WORKER_NAME: 'engine-0' }),
    ]);
    expect({ spoken, hung, named, alone }).toEqual({
      spoken: ALIVE,
      hung: silent('vitals.topology.engine-1'),
      named: ALIVE,
      alone: silent('vitals.topology.w0'),
    });
  });

  it('hears a collector that shares targets under its name, and one that is alone', async () => {
    tell('vitals.metrics.collector.rack_7');
    const shares = { GPU_VITALS_COLLECTOR_CLUSTER: 'true' };
    const [spoken, hung, alone] = await Promise.all([
      probe(['collect', 'ready'], { ...shares, GPU_VITALS_COLLECTOR_NAME: 'rack.7' }),
      probe(['collect'], { ...shares, GPU_VITALS_COLLECTOR_NAME: 'rack.8' }),
      probe(['collect']),
    ]);
    expect({ spoken, hung, alone }).toEqual({
      spoken: ALIVE,
      hung: silent('vitals.metrics.collector.rack_8'),
      alone: silent('vitals.metrics.collector'),
    });
    tell('vitals.metrics.collector');
    expect(await probe(['collect'])).toEqual(ALIVE);
  });

  it('asks every server, and holds it against nobody that none is there', async () => {
    tell('vitals.topology.w0');
    const nobody = `nats://127.0.0.1:${await freePort(0, new Set())}`;
    const [second, away, unready] = await Promise.all([
      probe(['engine', 'ready'], { GPU_VITALS_NATS: `${nobody},${services.nats_url}` }),
      probe(['engine'], { GPU_VITALS_NATS: nobody }),
      probe(['engine', 'ready'], { GPU_VITALS_NATS: nobody }),
    ]);
    expect({ second, away, unready }).toEqual({
      second: ALIVE,
      away: ALIVE,
      unready: [1, 'NATS cannot be reached'],
    });
  });

  it('logs in as the role does, with what the first address that has a login says', async () => {
    const server = await securedNats('authorization { user: vitals, password: "p@ss" }');
    const nobody = `nats://vitals:p%40ss@127.0.0.1:${await freePort(0, new Set())}`;
    const secured = await connectBus({ servers: `nats://vitals:p%40ss@${server}`, name: 'test', clock: systemClock });
    try {
      telling.push(
        setInterval(() => secured.publish({ subject: 'vitals.topology.w0', data: Buffer.from('{}') }), TELL_MS),
      );
      const [known, stranger] = await Promise.all([
        probe(['engine', 'ready'], { GPU_VITALS_NATS: `${nobody},nats://${server}` }),
        probe(['engine', 'ready'], { GPU_VITALS_NATS: `nats://${server}` }),
      ]);
      expect({ known, stranger }).toEqual({ known: ALIVE, stranger: [1, 'NATS cannot be reached'] });
    } finally {
      await secured.close();
    }
  });

  it('knows a real collector by its name, and that it hangs', async () => {
    const nobody = await freePort(0, new Set());
    const name = ['--collector-cluster', 'true', '--collector-name', 'a'];
    const data = join(services.data, 'collector');
    const collector = startCli(['collect', '--targets', `127.0.0.1:${nobody}`, '--data', data, ...name], {
      env: { ...process.env, GPU_VITALS_NATS: services.nats_url },
    });
    await until(async () => (await probe(['collect', ...name]))[0] === 0);
    collector.kill('SIGSTOP');
    try {
      // What it said before is still on its way.
      await until(async () => (await probe(['collect', ...name]))[0] === 1);
    } finally {
      collector.kill('SIGCONT');
    }
    await until(async () => (await probe(['collect', ...name]))[0] === 0);
  });
});
