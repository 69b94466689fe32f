import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endCliRuns, ROOT, runCli } from './cli.fixture.ts';

const GOLDEN = join(ROOT, 'pipeline/replay/golden');
let folder: string;
const at = (...names: string[]): string => join(folder, ...names);

/** Two nodes in turns, with something to refuse now and then. */
function rows(): string {
  let text = '';
  for (let i = 0; i < 3_000; i++) {
    for (const node of ['a', 'b']) {
      const power_watts = i % 50 === 7 ? -1 : 300 + (i % 5);
      text += `${JSON.stringify({ ts: 1_767_225_600_000 + i * 10_000, node, gpu_uuid: `GPU-${node}`, power_watts })}\n`;
    }
  }
  return text;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-replay-'));
  for (const name of ['empty', 'notes', 'elsewhere']) mkdirSync(at(name));
  writeFileSync(at('notes', 'readme.md'), 'not telemetry\n');
  writeFileSync(at('rows.jsonl'), rows());
  writeFileSync(at('rows.jsonl.gz'), gzipSync(rows()));
  writeFileSync(at('cut.jsonl.gz'), gzipSync(rows()).subarray(0, 12));
});
afterAll(async () => {
  await endCliRuns();
  rmSync(folder, { recursive: true, force: true });
});

const contents = (out: string): Record<string, string> =>
  Object.fromEntries(readdirSync(out).map((file) => [file, readFileSync(join(out, file), 'utf8')]));

describe('replay', () => {
  it('gives the same bytes from another folder, zone and language, from a pipe and unpacked', async () => {
    const stdin = Buffer.from(rows());
    const env = { ...process.env, TZ: 'America/New_York', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' };
    const runs = await Promise.all([
      runCli(['replay', 'rows.jsonl', '--out', 'first'], { cwd: folder }),
      runCli(['replay', at('rows.jsonl.gz'), '--out', at('deeper/second')], { cwd: at('elsewhere'), env }),
      runCli(['replay', '-', '--out', at('third')], { cwd: at('elsewhere'), stdin }),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    const first = contents(at('first'));
    expect(contents(at('deeper/second'))).toEqual(first);
    expect(contents(at('third'))).toEqual(first);
    expect(JSON.parse(runs[0]?.stdout ?? '')).toEqual(JSON.parse(first['summary.json'] ?? ''));
    expect(runs[0]?.stderr).toMatch(/6000 rows in \d/);
  });

  it('reads a log whose times tell no zone as UTC, wherever it is', async () => {
    const zones = ['Asia/Kolkata', 'America/New_York', 'UTC'];
    const outs = await Promise.all(
      zones.map(async (TZ, i) => {
        const env = { ...process.env, TZ };
        await runCli(['replay', join(GOLDEN, 'smi/in'), '--out', at(`smi-${i}`)], { cwd: folder, env });
        return contents(at(`smi-${i}`));
      }),
    );
    expect(outs[1]).toEqual(outs[0]);
    expect(outs[2]).toEqual(outs[0]);
    expect(JSON.parse(outs[0]?.['summary.json'] ?? '')).toMatchObject({ first_ts: Date.UTC(2026, 2, 1, 12) });
  });

  const LATE = join(GOLDEN, 'late-rows/in');
  it.each<[string, string[], number, string | null]>([
    ['a capture with refusals', [LATE], 0, null],
    ['the same, strictly', [LATE, '--strict'], 1, 'GV-CLI-003'],
    ['a clean one, strictly', [join(GOLDEN, 'mig/in'), '--strict'], 0, null],
    ['a lateness that lets a late row in', [LATE, '--lateness-max', '6m'], 0, null],
    ['a folder without anything', ['empty'], 1, 'GV-CLI-002'],
    ['a folder with other things', ['notes'], 1, 'GV-CLI-002'],
    ['a file that is not there', ['none.prom'], 1, 'GV-CLI-002'],
    ['a file that cannot be unpacked', ['cut.jsonl.gz'], 1, 'GV-CLI-002'],
    ['an inventory that is not there', [LATE, '--assets', 'none.csv'], 1, 'GV-CLI-002'],
    ['an output folder that is a file', [LATE, '--out', 'rows.jsonl'], 1, 'GV-CLI-002'],
    ['a format that is none', [LATE, '--format', 'xml'], 2, 'GV-CLI-001'],
    ['an interval without a unit', [LATE, '--interval', '10'], 2, 'GV-CLI-001'],
    ['a start that is no instant', [LATE, '--start', 'yesterday'], 2, 'GV-CLI-001'],
    ['no input', [], 2, 'GV-CLI-001'],
    ['standard input twice', ['-', '-'], 2, 'GV-CLI-001'],
    ['an input of two that is not there', [LATE, 'none.prom'], 1, 'GV-CLI-002'],
  ])('%s', async (name, args, code, error) => {
    const out = args.includes('--out') ? [] : ['--out', name.replaceAll(' ', '-')];
    const run = await runCli(['replay', ...args, ...out, '--json'], { cwd: folder });
    expect(run.code).toBe(code);
    const told = run.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    if (error === null) {
      expect(told.at(-1)).toEqual({ level: 'info', message: expect.stringMatching(/^\d+ rows in /) });
      const summary = JSON.parse(run.stdout) as { dead_letters: Record<string, number> };
      expect(summary.dead_letters.late).toBe(args.includes('6m') || args[0] !== LATE ? undefined : 1);
    } else {
      expect(told.at(-1)).toMatchObject({ code: error, what: expect.any(String), action: expect.any(String) });
      // What fails before the first row changes nothing.
      if (out[1] !== undefined) expect(existsSync(at(out[1]))).toBe(error === 'GV-CLI-003');
    }
  });

  it('reads several inputs as one capture', async () => {
    const lines = rows().split(/(?<=\n)/);
    mkdirSync(at('rest'));
    writeFileSync(at('begin.jsonl'), lines.slice(0, 1_000).join(''));
    writeFileSync(at('rest', '1.jsonl'), lines.slice(1_000, 4_000).join(''));
    writeFileSync(at('rest', '2.jsonl.gz'), gzipSync(lines.slice(4_000).join('')));
    await runCli(['replay', 'rows.jsonl', '--out', 'whole'], { cwd: folder });
    const run = await runCli(['replay', 'begin.jsonl', 'rest', '--out', 'parts'], { cwd: folder });
    expect(run.code).toBe(0);
    expect(contents(at('parts'))).toEqual(contents(at('whole')));
  });

  it('registers what the inventory does not date when its GPU is first heard of', async () => {
    writeFileSync(at('assets.csv'), 'gpu_uuid,owner,registered_at\nGPU-a,ml,\nGPU-b,hpc,2025-06-01T00:00:00Z\n');
    const options = ['--assets', 'assets.csv', '--start', '2020-01-01T00:00:00Z'];
    const run = await runCli(['replay', 'rows.jsonl', '--out', 'registered', ...options], { cwd: folder });
    expect(run.code).toBe(0);
    const told = readFileSync(at('registered', 'gpu_assets.jsonl'), 'utf8').trim().split('\n');
    expect(told.map((line) => JSON.parse(line))).toMatchObject([
      { gpu_uuid: 'GPU-a', owner: 'ml', ts: 1_767_225_600_000, registered_at: 1_767_225_600_000 },
      { gpu_uuid: 'GPU-b', owner: 'hpc', ts: Date.UTC(2025, 5, 1), registered_at: Date.UTC(2025, 5, 1) },
    ]);
  });

  it('takes another format for what it is told, and refuses what it then cannot read', async () => {
    const run = await runCli(['replay', at('rows.jsonl'), '--format', 'prom', '--out', at('as-prom')]);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ rows_in: 0, scrapes_refused: 1 });
  });

  it('puts .prom files in time by --start and --interval, and under the node it is told', async () => {
    mkdirSync(at('pages'));
    for (const n of [1, 2, 3]) {
      writeFileSync(at('pages', `${n}.prom`), `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-a"} ${40 + n}\n`);
    }
    const options = ['--start', '2026-05-01T00:00:00+02:00', '--interval', '1m', '--node', 'host-9'];
    const run = await runCli(['replay', at('pages'), '--out', at('timed'), ...options]);
    expect(run.code).toBe(0);
    const found = readFileSync(at('timed', 'gpu_metrics.jsonl'), 'utf8').trim().split('\n');
    const start = Date.UTC(2026, 3, 30, 22);
    expect(found.map((line) => JSON.parse(line))).toMatchObject(
      [1, 2, 3].map((n) => ({ ts: start + (n - 1) * 60_000, node: 'host-9', gpu_temp_celsius: 40 + n })),
    );
  });
});
