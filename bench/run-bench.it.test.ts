import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Figure } from './bench.ts';
import { BENCHES } from './benches.ts';

it('measures everything in small, and tells machine, commit and command', { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-bench-test-'));
  try {
    const json = join(folder, 'figures.json');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['dist/bench/run-bench.js', '--quick', '--json', json],
      {
        cwd: join(import.meta.dirname, '..'),
      },
    );
    const report = JSON.parse(await readFile(json, 'utf8')) as {
      machine: { cores: number; node: string };
      commit: string;
      command: string;
      figures: (Figure & { bench: string })[];
    };
    expect(report.machine).toMatchObject({ node: process.version });
    expect(report.machine.cores).toBeGreaterThan(0);
    expect(report.commit).not.toBe('');
    expect(report.command).toContain('npm run bench');
    expect(new Set(report.figures.map(({ bench }) => bench))).toEqual(new Set(BENCHES.map(({ name }) => name)));
    for (const { bench, name, value } of report.figures) {
      expect(value, `${bench}: ${name}`).toBeGreaterThanOrEqual(0);
      expect(stdout).toContain(name);
    }
    const value = (bench: string, name: string): number =>
      report.figures.find((figure) => figure.bench === bench && figure.name === name)?.value ?? Number.NaN;
    expect(value('chain', 'whole system')).toBeGreaterThan(0);
    expect(value('latency', 'scrapes seen')).toBeGreaterThan(0.5);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
