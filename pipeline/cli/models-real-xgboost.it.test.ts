import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findInVenv } from '../../deploy/services/python-venv.fixture.ts';
import { runCommand } from '../../deploy/services/run-command.ts';
import { type Expected, FIXTURES } from '../../models/xgboost/published.fixture.ts';
import { endCliRuns, ROOT, runCli } from './cli.fixture.ts';

/** The newest: what it writes is read, what we write it reads. */
const found = await findInVenv({
  name: 'xgboost-cpu',
  label: 'XGBoost',
  versions: ['3.2.0', '3.1.3'],
  installs: (version) => [[`xgboost-cpu==${version}`]],
  imports: 'xgboost',
});
const python = 'reason' in found ? null : found.python;
const skipped = 'reason' in found ? ` (skipped: ${found.reason})` : '';
/** Of the rows that make-fixtures.py asks about. */
const NAMES = ['power', 'temp', 'ecc', 'age', 'slot', 'rack'];
const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-xgboost-'));
const at = (name: string): string => join(folder, name);
afterAll(async () => {
  await endCliRuns();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: readonly string[]): Promise<string> {
  const { code, output, stdout } = await runCommand(python as string, args, {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
    cwd: folder,
    timeout_ms: 120_000,
  });
  expect(code, output).toBe(0);
  return stdout;
}

interface Scored {
  readonly prediction: number | readonly number[];
  readonly margin: number | readonly number[];
  readonly contributions: Readonly<Record<string, number>> | readonly Readonly<Record<string, number>>[];
}
async function score(model: string, rows: string): Promise<Scored[]> {
  const { code, stdout, stderr } = await runCli(['models', 'score', model, rows, '--margin', '--contributions'], {
    cwd: folder,
  });
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Scored);
}
const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

describe.skipIf(python === null)(`real XGBoost${skipped}`, () => {
  it('is scored and explained as by itself, whatever it saved', { timeout: 240_000 }, async () => {
    await run(join(ROOT, 'models/xgboost/fixtures/make-fixtures.py'), folder);
    const names = readdirSync(folder).flatMap((file) => /^(\w+)\.expected/.exec(file)?.[1] ?? []);
    expect(FIXTURES).toEqual(expect.arrayContaining(names));
    for (const name of names) {
      const expected = JSON.parse(readFileSync(at(`${name}.expected.generated.json`), 'utf8')) as Expected;
      const files = readdirSync(folder).filter((file) => /^\w+\.generated\.(json|ubj)$/.test(file));
      const columns = name === 'unnamed' ? [0, 1, 2, 3, 4, 5].map((f) => `f${f}`) : NAMES;
      writeFileSync(
        at(`${name}.csv`),
        [columns, ...expected.rows.map((row) => row.map((cell) => cell ?? ''))].map((row) => row.join(',')).join('\n'),
      );
      for (const file of files.filter((one) => one.startsWith(`${name}.`))) {
        const scored = await score(file, `${name}.csv`);
        expect(scored.length).toBe(expected.rows.length);
        scored.forEach(({ prediction, margin, contributions }, r) => {
          const close = (values: readonly number[] | undefined, digits: number): number[] =>
            (values ?? []).map((value) => expect.closeTo(value, digits) as number);
          // Both add single-precision leaves, in orders of their own.
          expect([file, r, ...listOf(prediction)]).toEqual([file, r, ...close(expected.predictions[r], 4)]);
          expect([file, r, ...listOf(margin)]).toEqual([file, r, ...close(expected.margins[r], 4)]);
          listOf(contributions).forEach((one, group) => {
            expect([file, r, ...Object.values(one)]).toEqual([
              file,
              r,
              ...close(expected.contributions[r]?.[group], 3),
            ]);
          });
        });
      }
    }
  });

  it.each([
    ['binary:logistic', (signal: number) => +(signal > 0.5)],
    ['reg:squarederror', (signal: number) => signal],
    ['multi:softprob', (signal: number) => (signal < 0.2 ? 0 : signal < 0.8 ? 1 : 2)],
  ])('loads what was trained here, and says the same: %s', { timeout: 120_000 }, async (objective, label) => {
    const rows = Array.from({ length: 400 }, (_, r) => {
      const [a, b, c] = [((r * 37) % 101) / 100, ((r * 53) % 89) / 88, r % 7];
      return { cells: [a.toFixed(3), r % 11 === 0 ? '' : b.toFixed(3), c], y: label((a + b) / 2) };
    });
    const features = rows.map(({ cells }) => cells.join(','));
    writeFileSync(at('train.csv'), ['a,b,c,y', ...rows.map(({ y }, r) => `${features[r]},${y}`)].join('\n'));
    writeFileSync(at('ask.csv'), ['a,b,c', ...features].join('\n'));
    const classes = objective === 'multi:softprob' ? { num_class: 3 } : {};
    writeFileSync(
      at('params.json'),
      JSON.stringify({ objective, ...classes, max_depth: 4, eta: 0.3, num_boost_round: 12, seed: 3 }),
    );
    const args = ['--data', 'train.csv', '--label', 'y', '--params', 'params.json', '--out', 'trained.json'];
    const trained = await runCli(['models', 'train', ...args], { cwd: folder });
    expect(trained.code, trained.stderr).toBe(0);
    await run('-c', ASK);
    const told = JSON.parse(readFileSync(at('told.json'), 'utf8')) as {
      names: string[];
      margins: number[][];
      contributions: number[][];
    };
    expect(told.names).toEqual(['a', 'b', 'c']);
    const scored = await score('trained.json', 'ask.csv');
    scored.forEach(({ margin, contributions }, r) => {
      const flat = listOf(contributions).flatMap((one) => Object.values(one));
      expect(listOf(margin)).toEqual(told.margins[r]?.map((value) => expect.closeTo(value, 5) as number));
      expect(flat).toEqual(told.contributions[r]?.map((value) => expect.closeTo(value, 4) as number));
    });
  });
});

const ASK = `
import json, numpy as np, xgboost as xgb
booster = xgb.Booster(model_file="trained.json")
rows = np.genfromtxt("ask.csv", delimiter=",", skip_header=1, dtype=np.float32)
asked = xgb.DMatrix(rows, feature_names=["a", "b", "c"])
flat = lambda values: np.asarray(values, np.float64).reshape(len(rows), -1).tolist()
json.dump({
    "names": booster.feature_names,
    "margins": flat(booster.predict(asked, output_margin=True)),
    "contributions": flat(booster.predict(asked, pred_contribs=True)),
}, open("told.json", "w"))
`;
