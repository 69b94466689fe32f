import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readXgboostFile } from '../../models/xgboost/read-model.ts';
import { addModelsTrain } from './models-train.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-train-'));
  const rows = (from: number) =>
    Array.from({ length: 200 }, (_, i) => `${(i * 37 + from) % 101},${i % 7},${+((i * 37 + from) % 101 > 50)}`);
  await writeFile(at('rows.csv'), `temp,slot,failed\n${rows(0).join('\n')}\n`);
  await writeFile(
    at('valid.csv'),
    `failed,slot,temp\n${rows(5)
      .map((row) => row.split(',').toReversed().join(','))
      .join('\n')}\n`,
  );
  await writeFile(
    at('params.json'),
    JSON.stringify({ tree_method: 'exact', max_depth: 2, eta: 1, num_boost_round: 3 }),
  );
  await writeFile(
    at('errors.json'),
    JSON.stringify({
      tree_method: 'exact',
      max_depth: 2,
      eta: 1,
      num_boost_round: 3,
      eval_metric: ['logloss', 'error'],
    }),
  );
  await writeFile(at('wrong.json'), JSON.stringify({ max_dept: 2, eta: 'x' }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function train(...args: string[]): Promise<{ out: string; err: string }> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addModelsTrain(program.command('models'));
  const said = { out: '', err: '' };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said.out += String(text);
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said.err += String(text);
      return true;
    }),
  ];
  try {
    await program.parseAsync(['models', 'train', ...args], { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return said;
}

describe('models train', () => {
  it('saves a model that is one of XGBoost', async () => {
    const args = [
      '--data',
      at('rows.csv'),
      '--label',
      'failed',
      '--out',
      at('model.json'),
      '--params',
      at('params.json'),
    ];
    const { out, err } = await train(...args, '--json');
    expect(JSON.parse(out)).toEqual({
      rounds: 3,
      best_iteration: 2,
      rounds_run: 3,
      metric: 'logloss',
      figure: null,
      out: at('model.json'),
    });
    expect(err).toContain('200 rows of 2 features');
    expect(err).toContain('round 3 of 3');
    const model = readXgboostFile(await readFile(at('model.json')), 'model.json');
    expect(model.feature_names).toEqual(['temp', 'slot']);
    expect(model.tree_count).toBe(3);
  });

  it('stops by the valid rows, whose columns may stand in another order', async () => {
    const args = ['--data', at('rows.csv'), '--label', 'failed', '--out', at('early.json'), '--valid', at('valid.csv')];
    const { out } = await train(...args);
    expect(out).toMatch(/^\d+ rounds \(best_iteration \d+\) with auc [01]\.\d{5} in /);
    expect(Number(/auc (\S+)/.exec(out)?.[1])).toBeGreaterThan(0.99);
    const { rounds_run, rounds } = JSON.parse((await train(...args, '--json')).out);
    expect(rounds_run).toBe(rounds + 50);
  });

  it('keeps every round where the parameters ask for no early stop, and tells which one was the best by the valid rows', async () => {
    const args = [
      '--data',
      at('rows.csv'),
      '--label',
      'failed',
      '--out',
      at('all.json'),
      '--params',
      at('errors.json'),
    ];
    const { out } = await train(...args, '--valid', at('valid.csv'), '--json');
    // One split tells the labels, so no round can be better than the first.
    expect(JSON.parse(out)).toMatchObject({ rounds: 3, best_iteration: 0, rounds_run: 3, metric: 'error', figure: 0 });
    expect(readXgboostFile(await readFile(at('all.json')), 'all.json').tree_count).toBe(3);
  });

  it.each([
    ['nothing to read', ['--label', 'failed', '--out', 'x'], /--data is missing/],
    ['nothing to learn', ['--data', 'rows.csv', '--out', 'x'], /--label is missing/],
    ['nowhere to write', ['--data', 'rows.csv', '--label', 'failed'], /--out is missing/],
    ['a file that is not there', ['--data', 'none.csv', '--label', 'failed', '--out', 'x'], /does not exist/],
    [
      'parameters that XGBoost has not',
      ['--data', 'rows.csv', '--label', 'failed', '--out', 'x', '--params', 'wrong.json'],
      /max_dept/,
    ],
    [
      'parameters that are no JSON',
      ['--data', 'rows.csv', '--label', 'failed', '--out', 'x', '--params', 'rows.csv'],
      /JSON/,
    ],
    ['a label of more than two classes', ['--data', 'rows.csv', '--label', 'slot', '--out', 'x'], /row 3: the label 2/],
    [
      'a folder that is not there',
      ['--data', 'rows.csv', '--label', 'failed', '--out', 'none/x.json', '--params', 'params.json'],
      /cannot be written/,
    ],
    [
      'a folder in the place of the model',
      ['--data', 'none.csv', '--label', 'failed', '--out', '.'],
      /cannot be written/,
    ],
    [
      'an option of the other training',
      ['--data', 'rows.csv', '--label', 'failed', '--out', 'x', '--seed', '7'],
      /--seed is for a training on what is stored/,
    ],
    [
      'a network, which learns from no rows',
      ['--data', 'rows.csv', '--label', 'failed', '--out', 'x', '--retrain-network', 'always'],
      /--retrain-network is for a training on what is stored/,
    ],
  ])('refuses %s', async (_, args, what) => {
    const placed = args.map((arg) => (/\.|\//.test(arg) && !arg.startsWith('--') ? at(arg) : arg));
    await expect(train(...placed)).rejects.toThrow(what);
  });
});
