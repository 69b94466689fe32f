import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Evaluation } from './evaluate.ts';

const run = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, ['dist/bench/evaluate/run-evaluate.js', ...args], {
    cwd: join(import.meta.dirname, '../..'),
  });

it('prints tables, and writes date, seed, commit, command and figures', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-evaluate-test-'));
  try {
    const json = join(folder, 'evaluation.json');
    const size = ['--gpus', '64', '--days', '0.1', '--seed', '7'];
    const { stdout } = await run('--only', 'simulated', ...size, '--json', json);
    const report = JSON.parse(await readFile(json, 'utf8')) as Evaluation & Record<string, unknown>;
    expect(report).toMatchObject({ seed: 7, nab: null, captures: null, storm: null, skipped: {} });
    expect(report.simulated).toMatchObject({ gpus: 64, days: 0.1, seed: 7, interval_s: 30 });
    expect(Date.parse(String(report.at))).toBeGreaterThan(0);
    expect(report.commit).not.toBe('');
    expect(report.command).toBe(`npm run evaluate -- --only simulated ${size.join(' ')} --json ${json}`);
    for (const { story } of report.simulated?.stories ?? []) expect(stdout).toContain(story);
    expect(stdout).toContain('seed 7');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it.each([
  ['--only', 'nonsense', 'no such part: nonsense'],
  ['nonsense', '--quick', 'no such part: nonsense'],
  ['--gpus', 'many', "'many' is invalid"],
  ['--days', '-1', "'-1' is invalid"],
  ['--seed', 'NaN', "'NaN' is invalid"],
])('refuses %s %s', async (option, value, why) => {
  await expect(run(option, value)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(why) });
});
