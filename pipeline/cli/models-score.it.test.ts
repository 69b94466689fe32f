import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectedOf, fixtureBytes } from '../../models/xgboost/published.fixture.ts';
import { endCliRuns, ROOT, runCli } from './cli.fixture.ts';

const NAMES = ['power', 'temp', 'ecc', 'age', 'slot', 'rack'];
let folder: string;
const at = (name: string): string => join(folder, name);

const csvOf = (name: string): string =>
  [NAMES.join(','), ...expectedOf(name).rows.map((row) => row.map((cell) => cell ?? '').join(','))].join('\n');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-models-'));
  for (const name of ['binary', 'softprob']) {
    writeFileSync(at(`${name}.json`), fixtureBytes(`${name}.generated.json`));
    writeFileSync(at(`${name}.csv`), csvOf(name));
  }
  writeFileSync(at('categorical.ubj'), fixtureBytes('categorical.generated.ubj'));
  writeFileSync(at('categorical.csv'), csvOf('categorical'));
  writeFileSync(at('packed.json.gz'), gzipSync(fixtureBytes('binary.generated.json')));
  writeFileSync(at('half.json'), fixtureBytes('binary.generated.json').subarray(0, 999));
  writeFileSync(at('linear.json'), '{"learner":{"gradient_booster":{"name":"gblinear"}}}');
  writeFileSync(at('short.csv'), 'power,temp,ecc,slot,rack\n1,2,3,4,5\n');
  writeFileSync(at('words.csv'), `${NAMES.join(',')}\n1,2,3,4,5,six\n`);
});
afterAll(async () => {
  await endCliRuns();
  rmSync(folder, { recursive: true, force: true });
});

describe('models score', () => {
  it.each<[string, string, readonly string[]]>([
    ['binary.json', 'binary', []],
    ['binary.json', 'binary', ['--margin', '--contributions']],
    ['packed.json.gz', 'binary', ['--margin']],
    ['softprob.json', 'softprob', ['--contributions', '--margin']],
    ['categorical.ubj', 'categorical', ['--contributions']],
  ])('%s with %s.csv %j', async (model, name, flags) => {
    const run = await runCli(['models', 'score', model, `${name}.csv`, ...flags], { cwd: folder });
    expect([run.code, run.stderr]).toEqual([0, '']);
    const lines = run.stdout.trimEnd().split('\n');
    const expected = expectedOf(name);
    expect(lines.length).toBe(expected.rows.length);
    const several = name === 'softprob';
    const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));
    lines.forEach((line, r) => {
      const predictions = close(expected.predictions[r] as number[]);
      const margins = close(expected.margins[r] as number[]);
      const contributions = expected.contributions[r]?.map((group) =>
        Object.fromEntries([...NAMES, 'bias'].map((feature, f) => [feature, close(group)[f]])),
      );
      expect(JSON.parse(line)).toEqual({
        prediction: several ? predictions : predictions[0],
        ...(flags.includes('--margin') && { margin: several ? margins : margins[0] }),
        ...(flags.includes('--contributions') && { contributions: several ? contributions : contributions?.[0] }),
      });
    });
  });

  it('rows from a pipe', async () => {
    const piped = await runCli(['models', 'score', 'binary.json', '-'], { cwd: folder, stdin: csvOf('binary') });
    const read = await runCli(['models', 'score', 'binary.json', 'binary.csv'], { cwd: folder });
    expect(piped).toMatchObject({ code: 0, stdout: read.stdout });
  });

  it('for a reader that has enough after a line', async () => {
    const [header = '', ...rows] = csvOf('binary').split('\n');
    writeFileSync(at('many.csv'), `${header}\n${`${rows.join('\n')}\n`.repeat(2_000)}`);
    const args = [
      join(ROOT, 'dist/pipeline/cli/main.js'),
      'models',
      'score',
      'binary.json',
      'many.csv',
      '--contributions',
    ];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    child.stderr.on('data', (text: Buffer) => {
      told += text.toString();
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, told]).toEqual([0, '']);
  });
});

describe('models import --check', () => {
  it('says what a model is', async () => {
    const run = await runCli(['models', 'import', 'softprob.json', '--check', '--json'], { cwd: folder });
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      objective: 'multi:softprob',
      trees: 9,
      features: 6,
      outputs: 3,
      feature_names: NAMES,
    });
    const told = await runCli(['models', 'import', 'categorical.ubj', '--check'], { cwd: folder });
    expect(told.stdout).toMatch(/^binary:logistic: 8 trees up to \d deep, \d+ nodes, 6 features, outputs: 1\n$/);
  });
});

describe('wrong', () => {
  it.concurrent.each<[string, readonly string[], number, string, RegExp]>([
    ['a model that is not there', ['score', 'none.json', 'binary.csv'], 1, 'GV-CLI-002', /does not exist/],
    ['a folder for a model', ['score', '.', 'binary.csv'], 1, 'GV-CLI-002', /cannot be read/],
    ['rows that are not there', ['score', 'binary.json', 'none.csv'], 1, 'GV-CLI-002', /does not exist/],
    ['half a model', ['score', 'half.json', 'binary.csv'], 1, 'GV-MDL-001', /JSON/],
    ['both ways to import', ['import', 'binary.json', '--check', '--register'], 2, 'GV-CLI-001', /--check/],
    ['half a model to import', ['import', 'half.json'], 1, 'GV-MDL-001', /JSON/],
    ['rows for a model', ['import', 'binary.csv'], 1, 'GV-MDL-001', /neither JSON nor UBJSON/],
    ['a model without trees', ['import', 'linear.json'], 1, 'GV-MDL-002', /gblinear/],
    ['a column that is missing', ['score', 'binary.json', 'short.csv'], 1, 'GV-MDL-003', /no column age$/],
    ['a cell that is no number', ['score', 'binary.json', 'words.csv'], 1, 'GV-MDL-003', /line 2, column rack: six/],
    ['no rows', ['score', 'binary.json'], 2, 'GV-CLI-001', /rows/],
    ['an unknown option', ['score', 'binary.json', 'binary.csv', '--shap'], 2, 'GV-CLI-001', /--shap/],
  ])('%s', async (_, args, code, error, what) => {
    const run = await runCli(['models', ...args, '--json'], { cwd: folder });
    expect([run.code, run.stdout]).toEqual([code, '']);
    expect(JSON.parse(run.stderr)).toMatchObject({ code: error, what: expect.stringMatching(what) });
  });
});
