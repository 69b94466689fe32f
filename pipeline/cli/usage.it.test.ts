import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endCliRuns, runCli } from './cli.fixture.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-usage-'));
  await writeFile(join(folder, 'unknown.yaml'), 'gpus: 16\ncolour: blue\nspeed: fast\n');
  await writeFile(join(folder, 'one.yaml'), 'seed: 1\n');
  await mkdir(join(folder, 'empty'));
});
afterAll(async () => {
  await endCliRuns();
  await rm(folder, { recursive: true, force: true });
});

type Case = readonly [name: string, args: readonly string[], exit: number, code: string, what: RegExp];
const CASES: readonly Case[] = [
  ['an unknown command', ['fly'], 2, 'GV-CLI-001', /fly/],
  ['an unknown option', ['up', '--gpu-count', '8'], 2, 'GV-CLI-001', /--gpu-count/],
  ['a value that is no number', ['up', '--gpus', 'many'], 2, 'GV-CFG-001', /gpus/],
  ['a value out of range', ['up', '--gpus', '0'], 2, 'GV-CFG-001', /gpus.*1\.\.100000/],
  ['a duration without a unit', ['up', '--interval', '10'], 2, 'GV-CFG-001', /interval.*10s/],
  ['an address without a port', ['up', '--api', 'localhost'], 2, 'GV-CFG-001', /api.*host:port/],
  ['a port beyond all ports', ['up', '--api', '127.0.0.1:99999'], 2, 'GV-CFG-001', /api.*65535/],
  ['a target that is none', ['up', '--targets', 'a b'], 2, 'GV-CFG-001', /targets.*a b/],
  ['a target with a password', ['collect', '--targets', 'http://u:p@h:9400'], 2, 'GV-CFG-001', /targets.*@h:9400/],
  ['a list of targets elsewhere', ['up', '--targets-url', 'ftp://x'], 2, 'GV-CFG-001', /targets-url.*http:/],
  ['all problems of a file', ['up', '--config', 'unknown.yaml'], 2, 'GV-CFG-001', /colour.*speed|speed.*colour/s],
  ['a configuration that is not there', ['up', '--config', 'none.yaml'], 1, 'GV-CLI-002', /none\.yaml|configuration/],
  ['listening to everybody', ['up', '--api', '0.0.0.0:0'], 1, 'GV-SVC-007', /0\.0\.0\.0/],
  ['a live socket for everybody', ['serve', '--live', '[::]:0'], 1, 'GV-SVC-007', /::/],
  [
    'a token of remote write that everybody could read',
    ['collect', '--remote-write', '0.0.0.0:0', '--remote-write-bearer-token-file', 'token'],
    1,
    'GV-SVC-007',
    /without TLS/,
  ],
  ['an inventory that is not there', ['up', '--assets', 'none.csv'], 1, 'GV-CLI-002', /inventory/],
  ['a collector without targets', ['collect'], 2, 'GV-CFG-001', /targets/],
  ['a story without a GPU', ['inject', 'power_cap'], 2, 'GV-CLI-001', /--gpu/],
  ['a story where nothing runs', ['inject', 'power_cap', '--gpu', 'GPU-1'], 1, 'GV-CLI-002', /simulated fleet/],
  ['a position that is none', ['dead-letters', 'show', 'first'], 2, 'GV-CLI-001', /first/],
  ['a port that is none', ['simulate', '--port', '70000'], 2, 'GV-CLI-001', /port/],
  [
    'a NATS that is away',
    ['dead-letters', 'list', '--nats', 'nats://127.0.0.1:1'],
    1,
    'GV-BUS-001',
    /127\.0\.0\.1:1|connection/,
  ],
];

describe('wrong usage', () => {
  const own = (): string[] => ['--data', join(folder, 'data')];

  it.concurrent.each(CASES)('%s', async (_, args, exit, code, what) => {
    const {
      code: status,
      stdout,
      stderr,
    } = await runCli([...args, ...own(), '--json'], {
      cwd: folder,
    });
    expect([status, stdout]).toEqual([exit, '']);
    const told = JSON.parse(stderr) as Record<string, string>;
    expect(Object.keys(told)).toEqual(['code', 'what', 'where', 'action']);
    expect(told.code).toBe(code);
    expect(`${told.what} ${told.where} ${told.action}`).toMatch(what);
  });

  it.each([
    ['up', '--gpu-count', '8'],
    ['up', '--api', '0.0.0.0:0'],
    ['inject', 'power_cap', '--gpu', 'GPU-1'],
  ])('is one sentence of what, where and what to do: %s %s %s', async (...args) => {
    const { stdout, stderr } = await runCli([...args, ...own()], { cwd: folder });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error GV-[A-Z]+-\d{3}: [^\n]+\. [^\n]+\.\n$/);
  });

  it.each([[], ['dead-letters']])('wants a command: %s', async (...args) => {
    const { code, stdout, stderr } = await runCli(args, { cwd: folder });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error GV-CLI-001: a command is missing, command line\. See `gpu-vitals --help`\.\n$/);
  });

  it('says with 3 and four ways out that a needed program is missing', async () => {
    const { code, stderr } = await runCli(['services', 'start', '--data', join(folder, 'none'), '--json'], {
      cwd: folder,
      env: { PATH: '', HOME: join(folder, 'empty') },
    });
    expect(code).toBe(3);
    const last = JSON.parse(stderr.trim().split('\n').at(-1) as string) as Record<string, string>;
    expect(last.code).toBe('GV-SVC-001');
    expect(last.action).toMatch(/\(1\).*\(2\).*\(3\).*\(4\)/s);
  });

  it('shows a stack only for debug', async () => {
    const args = ['dead-letters', 'list', '--nats', 'nats://127.0.0.1:1', '--log-level', 'debug'];
    const { code, stderr } = await runCli(args, { cwd: folder });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error GV-BUS-001.*\n.*\n\s+at /s)]);
  });

  it('answers what was asked on stdout: help, stories, configuration', async () => {
    const [help, version, stories, config] = await Promise.all([
      runCli(['--help'], { cwd: folder }),
      runCli(['--version'], { cwd: folder }),
      runCli(['inject', '--json'], { cwd: folder }),
      runCli(['config', '--json', '--gpus', '64'], { cwd: folder, env: { ...process.env, GPU_VITALS_SEED: '7' } }),
    ]);
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('dead-letters')]);
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
    expect(JSON.parse(stories.stdout)).toContainEqual(expect.objectContaining({ name: 'power_cap' }));
    const options = JSON.parse(config.stdout) as { option: string; value: unknown; origin: string }[];
    expect(options).toContainEqual({ option: 'gpus', value: 64, origin: '--gpus' });
    expect(options).toContainEqual({ option: 'seed', value: 7, origin: 'GPU_VITALS_SEED' });
    expect(options).toContainEqual({ option: 'interval', value: '10s', origin: 'default' });
  });

  it('documents every option, as JSON when asked for', async () => {
    const [page, json] = await Promise.all([
      runCli(['config', '--reference'], { cwd: folder }),
      runCli(['--json', 'config', '--reference'], { cwd: folder }),
    ]);
    expect(page.stdout).toMatch(/^# Configuration\n/);
    const options = JSON.parse(json.stdout) as { option: string; meaning: string }[];
    expect(options).toContainEqual({
      section: 'Simulation',
      option: 'gpus',
      variable: 'GPU_VITALS_GPUS',
      default: 256,
      meaning: 'Size of the simulated fleet.',
    });
    for (const { option } of options) expect(page.stdout).toContain(`| \`${option}\` |`);
  });

  it('answers in JSON from the file that the environment says', async () => {
    const env = { ...process.env, GPU_VITALS_CONFIG: 'none.yaml', GPU_VITALS_JSON: '1' };
    const missing = await runCli(['config'], { cwd: folder, env });
    expect([missing.code, JSON.parse(missing.stderr).code]).toEqual([1, 'GV-CLI-002']);
    const wrong = await runCli(['fly'], { cwd: folder, env });
    expect([wrong.code, JSON.parse(wrong.stderr).code]).toEqual([2, 'GV-CLI-001']);
    const given = await runCli(['--config', join(folder, 'one.yaml'), 'config'], { cwd: folder, env });
    expect(JSON.parse(given.stdout)).toContainEqual({ option: 'seed', value: 1, origin: join(folder, 'one.yaml') });
  });

  it.each([['config'], ['config', '--json'], ['doctor'], ['engine'], ['dead-letters', 'list']])(
    'shows no password: %s %s',
    async (...command) => {
      const addresses = {
        GPU_VITALS_NATS: 'nats://me:hush-hush@127.0.0.1:1',
        GPU_VITALS_QUESTDB: 'http://me:hush-hush@127.0.0.1:1',
        GPU_VITALS_QUESTDB_PG: 'postgres://me:hush-hush@127.0.0.1:1/qdb',
      };
      const given = command.filter((word) => word !== undefined);
      const run = await runCli(given, { cwd: folder, env: { ...process.env, ...addresses } });
      expect(run.stdout + run.stderr).toContain('127.0.0.1:1');
      expect(run.stdout + run.stderr).not.toContain('hush-hush');
    },
  );
});
