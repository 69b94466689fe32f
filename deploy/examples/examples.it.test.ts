import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertSink } from '../../pipeline/bus/alert-sink.ts';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { endCliRuns, ROOT, readyLine, startCli, until } from '../../pipeline/cli/cli.fixture.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { hours } from '../../pipeline/contract/time.ts';
import { natsOfExamples, pythonOfExamples } from './example-tools.fixture.ts';

/**
 * The blocks of README.md as they are printed there, in order, in one folder, against a running system. Python's
 * packages and the command line of NATS are installed into the cache where they are not there; curl and psql are looked for on PATH.
 */
const GPUS = 16;
const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');

interface Block {
  readonly heading: string;
  readonly text: string;
}
const blocks: readonly Block[] = readme.split(/^## /m).flatMap((section) => {
  const heading = section.split('\n', 1)[0] as string;
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => ({ heading, text: match[1] as string }));
});
const printed = (heading: string): string =>
  blocks
    .filter((block) => block.heading === heading)
    .map(({ text }) => text)
    .join('\n');

const runs = (program: string, ...args: string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const [python, nats] = [await pythonOfExamples(process.env), await natsOfExamples(process.env)];
const missing = {
  curl: !runs('curl', '--version'),
  psql: !runs('psql', '--version'),
  python: python === null,
  nats: nats === null,
  compiled: !existsSync(join(ROOT, 'dist/deploy/examples/follow-alerts.js')),
};

let folder: string;
let bus: Bus;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-examples-'));
  const up = startCli([
    ...['up', '--gpus', String(GPUS), '--seed', '42', '--history', '6h', '--data', join(folder, 'data')],
    ...['--api', '127.0.0.1:0', '--live', '127.0.0.1:0'],
  ]);
  const ready = await readyLine(up);
  env = { ...process.env, API: `${ready.api}/api/v1`, QUESTDB_PG: ready.questdb_pg, NATS: ready.nats };
  // Paths are as from a checkout.
  await symlink(join(ROOT, 'deploy'), join(folder, 'deploy'));
  await symlink(join(ROOT, 'dist'), join(folder, 'dist'));
  env.PATH = [python, nats, process.env.PATH].filter((folder) => folder !== null).join(':');
  bus = await connectBus({ servers: ready.nats as string, name: 'test', clock: systemClock });
  const ask = async (path: string): Promise<number> =>
    ((await (await fetch(`${env.API}${path}`)).json()) as { total: number }).total;
  await until('every GPU is judged', async () => (await ask('/predictions?at=now')) >= GPUS, 120_000);
  await until('and decided about', async () => (await ask('/decisions?at=now')) >= GPUS, 60_000);
});

afterAll(async () => {
  await bus?.close();
  await endCliRuns();
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

const run = async (text: string): Promise<string> => {
  const options = { cwd: folder, env, timeout: 60_000, maxBuffer: 2 ** 26 };
  return (await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', text], options)).stdout;
};

const alert = (n: number): Alert => ({
  ts: systemClock.now(),
  gpu_uuid: `GPU-${n}`,
  node: 'node-1',
  instance: '',
  id: `example-${n}`,
  rule: 'gpu_lost',
  severity: 'critical',
  state: 'open',
  summary: `GPU-${n} on node-1 fell off the bus (XID 79).`,
  action_text: 'Reboot the node.',
  action: 'reboot_node',
  category: 'bus',
  source: 'xid_episodes',
  source_id: `e${n}`,
  model: '',
  cluster: '',
  rack: '',
  owner: '',
  tenant: '',
  job: '',
  opened_at: systemClock.now(),
  closed_at: null,
});

/** Alerts come, one after the other, until the command has seen enough. */
async function whileAlertsCome<T>(command: Promise<T>): Promise<T> {
  const sink = alertSink(bus, { clock: systemClock, told_again_max: hours(1) });
  let n = 0;
  const timer = setInterval(() => {
    sink.write(alert(n++));
  }, 100);
  try {
    return await command;
  } finally {
    clearInterval(timer);
    await sink.close();
  }
}

describe('examples', () => {
  it('are all here', () => {
    expect([...new Set(blocks.map(({ heading }) => heading))]).toEqual([
      'Where things are',
      'curl',
      'psql',
      'DuckDB over CSV',
      'pandas',
      'nats',
      'TypeScript',
    ]);
  });

  it('addresses: set what the others read', async () => {
    const text = `${printed('Where things are')}\nprintf '%s\\n' "$API" "$QUESTDB_PG" "$NATS"`;
    expect((await run(text)).split('\n')).toEqual([
      'http://127.0.0.1:8080/api/v1',
      'postgres://admin:quest@127.0.0.1:8812/qdb',
      'nats://127.0.0.1:4222',
      '',
    ]);
  });

  it.skipIf(missing.curl)('curl', async () => {
    const told = await run(printed('curl'));
    const answers = told.replaceAll('}{', '}\n{').split('\n');
    const [hottest, verdict, summary] = answers.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(hottest).toMatchObject({ total: GPUS });
    expect(verdict).toMatchObject({ health: { overall_score: expect.any(Number) }, prediction: expect.any(Object) });
    expect(JSON.stringify(summary)).toContain(String(GPUS));
    for (const name of ['health', 'predictions', 'decisions', 'assets']) {
      const lines = (await readFile(join(folder, 'exports', `${name}.csv`), 'utf8')).trimEnd().split('\r\n');
      expect(lines[0], name).toContain('gpu_uuid');
      expect(lines.length, name).toBeGreaterThan(GPUS);
    }
  });

  it.skipIf(missing.psql)('psql (of postgresql-client)', async () => {
    const told = await run(printed('psql'));
    expect(told).toContain('health_grade');
    expect(told).toContain(`(${GPUS} rows)`);
    const power = (await readFile(join(folder, 'power.csv'), 'utf8')).trimEnd().split('\n');
    expect(power[0]).toBe('ts,gpu_uuid,watts');
    expect(power.length).toBeGreaterThan(1);
  });

  it.skipIf(missing.python || missing.curl)('DuckDB over CSV (needs the Python package duckdb)', async () => {
    const told = await run(printed('DuckDB over CSV'));
    expect(told).toContain('failures_expected');
    expect(told).toMatch(/│\s+\d+ │/);
  });

  it.skipIf(missing.python)('pandas (needs the Python package pandas)', async () => {
    const told = await run(printed('pandas'));
    expect(told).toContain(`${GPUS} GPUs, `);
    expect(told).toMatch(/\d{4}-\d\d-\d\d +\d+/);
  });

  it.skipIf(missing.nats)('nats (the command line of NATS)', async () => {
    const told = await whileAlertsCome(run(printed('nats')));
    expect(told).toContain('fell off the bus');
    expect(told).toContain('alerts.critical.node-1');
  });

  it.skipIf(missing.compiled)('TypeScript (compiled by npm run build)', async () => {
    const told = await whileAlertsCome(run(printed('TypeScript')));
    expect(told).toMatch(/^\S+Z (open|closed) (info|warning|critical) \w+ \S+: .+\.\n$/);
  });
});
