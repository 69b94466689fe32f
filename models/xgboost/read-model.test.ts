import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { FIXTURES, fixtureBytes } from './published.fixture.ts';
import { readXgboostFile, readXgboostModel } from './read-model.ts';
import { createScorer } from './score.ts';
import { createExplainer } from './shap.ts';

type Json = { [key: string]: Json } & Json[];

const text = (name: string): string => new TextDecoder().decode(fixtureBytes(`${name}.generated.json`));
const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
const documentOf = (name: string): Json => JSON.parse(text(name).replaceAll('NaN', 'null')) as Json;

/** A document with one thing in it changed: a path, and what stands there now. */
function changed(name: string, path: string, value: unknown): Json {
  const document = documentOf(name);
  const keys = path.split('.');
  const last = keys.pop() as string;
  const place = keys.reduce<Json>((at, key) => at[key] as Json, document);
  if (value === undefined) delete place[last];
  else place[last] = value as Json;
  return document;
}
const learner = (path: string): string => `learner.${path}`;
const model = (path: string): string => `learner.gradient_booster.model.${path}`;

describe('what XGBoost writes', () => {
  it.each(FIXTURES)('%s', (name) => {
    const found = readXgboostFile(fixtureBytes(`${name}.generated.json`), name);
    expect(found.feature_count).toBe(6);
    expect(found.roots.at(-1)).toBe(found.feature.length);
    expect(found.groups).toBe(name.startsWith('soft') ? 3 : name === 'targets' ? 2 : 1);
    expect(found.feature_names).toEqual(name === 'unnamed' ? [] : ['power', 'temp', 'ecc', 'age', 'slot', 'rack']);
  });

  it.each(['binary', 'categorical'])('%s is the same as UBJSON', (name) => {
    const json = readXgboostFile(fixtureBytes(`${name}.generated.json`), name);
    expect(readXgboostFile(fixtureBytes(`${name}.generated.ubj`), name)).toEqual(json);
  });

  it('has its nodes in breadth-first order, siblings together', () => {
    const { feature, left, roots, tree_count } = readXgboostFile(fixtureBytes('deep.generated.json'), 'deep');
    for (let t = 0; t < tree_count; t++) {
      let next = (roots[t] as number) + 1;
      for (let node = roots[t] as number; node < (roots[t + 1] as number); node++) {
        expect(left[node]).toBe(feature[node] === -1 ? node : next);
        if (feature[node] !== -1) next += 2;
      }
      expect(next).toBe(roots[t + 1]);
    }
  });

  it('as versions before 1.6 wrote it: true and false, no categories', () => {
    const document = documentOf('binary');
    const trees = document.learner?.gradient_booster?.model?.trees as unknown as Record<string, unknown>[];
    for (const tree of trees) {
      tree.default_left = (tree.default_left as number[]).map((one) => one === 1);
      for (const name of Object.keys(tree)) if (/^categories|^split_type/.test(name)) delete tree[name];
    }
    const found = readXgboostModel(document, 'old');
    expect(found).toEqual(readXgboostFile(fixtureBytes('binary.generated.json'), 'binary'));
  });

  it('drops nodes that pruning left behind', () => {
    const document = documentOf('unnamed');
    const tree = document.learner?.gradient_booster?.model?.trees?.[0] as Json;
    const nodes = Number(tree.tree_param?.num_nodes);
    for (const name of Object.keys(tree))
      if (tree[name]?.length === nodes) (tree[name] as unknown as number[]).push(-1);
    (tree.tree_param as unknown as Record<string, string>).num_nodes = String(nodes + 1);
    expect(readXgboostModel(document, 'pruned')).toEqual(readXgboostModel(documentOf('unnamed'), 'whole'));
  });
});

describe('base_score', () => {
  const half = Math.fround(-Math.log(Math.fround(Math.fround(1 / Math.fround(0.3)) - 1)));
  it.each<[string, string, unknown, number[]]>([
    ['text', 'binary', '3E-1', [half]],
    ['a number', 'binary', 0.3, [half]],
    ['a list in text, as 3.1 writes it', 'binary', '[3E-1]', [half]],
    ['a list', 'binary', ['3E-1'], [half]],
    ['one for all classes', 'softprob', '5E-1', [0.5, 0.5, 0.5]],
    ['one a class', 'softprob', '[1E-1,-2.5E-1, 5E-1]', [0.1, -0.25, 0.5].map(Math.fround)],
    ['at the edge of the link', 'binary', '[0E0]', [-13.815510749816895]],
    ['as logarithm', 'poisson', '2E0', [Math.fround(Math.log(2))]],
    ['as it is', 'unnamed', '3E-1', [Math.fround(0.3)]],
  ])('%s', (_, name, value, margins) => {
    const { base_margin } = readXgboostModel(changed(name, learner('learner_model_param.base_score'), value), name);
    base_margin.forEach((margin, i) => {
      expect(margin).toBeCloseTo(margins[i] as number, 4);
    });
    expect(base_margin.length).toBe(margins.length);
  });
});

describe('refuses', () => {
  const tree = model('trees.0.');
  it('trees of several outputs a leaf by name, though they lack other lists too', () => {
    const document = changed('binary', `${tree}tree_param.size_leaf_vector`, '2');
    const first = document.learner?.gradient_booster?.model?.trees?.[0];
    Object.assign(first ?? {}, { sum_hessian: undefined });
    expect(() => readXgboostModel(document, 'vector')).toThrow(/several outputs/);
  });
  it.each<[string, string, string, unknown, RegExp, string?]>([
    ['another booster', 'binary', learner('gradient_booster.name'), 'gblinear', /gblinear/, 'GV-MDL-002'],
    ['an unknown objective', 'binary', learner('objective.name'), 'my:loss', /my:loss/, 'GV-MDL-002'],
    [
      'leaves with several outputs',
      'binary',
      `${tree}tree_param.size_leaf_vector`,
      '3',
      /several outputs/,
      'GV-MDL-002',
    ],
    [
      'more features than memory',
      'unnamed',
      learner('learner_model_param.num_feature'),
      '4000000000',
      /features/,
      'GV-MDL-002',
    ],
    [
      'more classes than memory',
      'binary',
      learner('learner_model_param.num_class'),
      '4000000000',
      /outputs/,
      'GV-MDL-002',
    ],
    ['no learner', 'binary', 'learner', undefined, /learner/],
    ['no trees', 'binary', model('trees'), undefined, /trees/],
    ['a tree that is none', 'binary', model('trees.0'), 7, /trees\.0/],
    ['another number of trees', 'binary', model('gbtree_model_param.num_trees'), '7', /num_trees is 7/],
    ['a base score that is none', 'binary', learner('learner_model_param.base_score'), 'half', /base_score/],
    ['no base score', 'binary', learner('learner_model_param.base_score'), '[]', /base_score/],
    ['a base score without a margin', 'poisson', learner('learner_model_param.base_score'), '-1', /no margin/],
    ['two base scores for three', 'softprob', learner('learner_model_param.base_score'), '[1,2]', /2 entries/],
    ['too few names', 'binary', learner('feature_names'), ['a'], /feature_names has 1/],
    ['a name twice', 'binary', learner('feature_names'), ['a', 'b', 'c', 'd', 'e', 'a'], /twice/],
    ['types that are none', 'binary', learner('feature_types'), [1], /feature_types/],
    ['too few features', 'unnamed', learner('learner_model_param.num_feature'), '2', /asks for feature/],
    ['a tree for no group', 'binary', model('tree_info.2'), 1, /output 1 of 1/],
    ['too short tree_info', 'binary', model('tree_info'), [0], /tree_info/],
    ['a child outside', 'binary', `${tree}left_children.0`, 900, /no child 900/],
    ['half a child', 'binary', `${tree}right_children.0`, -1, /no child -1/],
    ['a fraction of a child', 'binary', `${tree}left_children.0`, 1.5, /no child 1.5/],
    ['a circle', 'binary', `${tree}left_children.1`, 0, /two parents/],
    ['a child of two', 'binary', `${tree}right_children.0`, 1, /two parents/],
    ['a list that is short', 'binary', `${tree}sum_hessian`, [1], /sum_hessian has 1/],
    ['a list of texts', 'binary', `${tree}split_conditions`, ['1'], /list of numbers/],
    ['a threshold that is none', 'binary', `${tree}split_conditions.0`, null, /no threshold/],
    ['a leaf that is infinite', 'binary', `${tree}split_conditions`, new Float64Array(25).fill(1e300), /no value/],
    ['weights that are short', 'dart', learner('gradient_booster.weight_drop'), [1], /weight_drop has 1/],
    ['categories that are not there', 'categorical', `${tree}categories_sizes.0`, 10_000, /not all there/],
    ['a category below 0', 'categorical', `${tree}categories.0`, -1, /no category/],
    ['a category beyond memory', 'categorical', `${tree}categories.0`, 2 ** 31, /no category/],
    ['categories of no node', 'categorical', `${tree}categories_nodes.0`, 5_000, /not there/],
    ['categories twice', 'categorical', model('trees.1.categories_nodes.1'), 1, /two sets/],
    [
      'categories of a leaf elsewhere',
      'categorical',
      model('trees.1.categories_nodes.1'),
      3,
      /no categories|not categorical/,
    ],
    ['categories of a number', 'categorical', `${tree}split_type`, new Uint8Array(27), /not categorical/],
  ])('%s', (_, name, path, value, what, code = 'GV-MDL-001') => {
    expect(() => readXgboostModel(changed(name, path, value), 'model.json')).toThrow(
      expect.objectContaining({ code, where: 'model.json', message: expect.stringMatching(what) }),
    );
  });

  it('a chain without end', () => {
    const nodes = 8_001;
    const chain = documentOf('unnamed');
    const inner = (i: number): boolean => i % 2 === 0 && i < nodes - 1;
    const list = (of: (i: number) => number): number[] => Array.from({ length: nodes }, (_, i) => of(i));
    const one = {
      left_children: list((i) => (inner(i) ? i + 1 : -1)),
      right_children: list((i) => (inner(i) ? i + 2 : -1)),
      split_indices: list(() => 0),
      split_conditions: list((i) => i),
      default_left: list(() => 0),
      sum_hessian: list(() => 1),
      tree_param: { num_nodes: String(nodes) },
    };
    (chain.learner?.gradient_booster?.model as unknown as Record<string, unknown>).trees = [one, one, one];
    expect(() => readXgboostModel(chain, 'chain')).toThrow(/deeper than/);
  });

  it.each<[string, Uint8Array, string, RegExp]>([
    ['an empty file', new Uint8Array(0), 'GV-MDL-001', /empty/],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 'GV-MDL-001', /neither/],
    ['the old binary format', encode('binf\0\0\0\0'), 'GV-MDL-002', /old binary/],
    ['half a JSON file', encode(text('binary').slice(0, 3_000)), 'GV-MDL-001', /JSON to its end/],
    ['half a UBJSON file', fixtureBytes('binary.generated.ubj').subarray(0, 3_000), 'GV-MDL-001', /UBJSON to its end/],
    ['JSON that is no model', encode('{"a": 1}'), 'GV-MDL-001', /learner/],
    ['brackets', encode(`{"a":${'['.repeat(200_000)}`), 'GV-MDL-001', /JSON/],
    ['bytes that are no text', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d), 'GV-MDL-001', /JSON/],
    ['a list', encode('[1,2]'), 'GV-MDL-001', /neither/],
  ])('%s', (_, bytes, code, what) => {
    expect(() => readXgboostFile(bytes, 'm')).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(what) }),
    );
  });
});

describe('files that somebody has damaged', () => {
  /** Refused with a reason, or read, and then it scores and explains. */
  const survives = (bytes: Uint8Array): void => {
    try {
      const found = readXgboostFile(bytes, 'damaged');
      const row = new Float32Array(found.feature_count).fill(0.5);
      createScorer(found).predictions(row, 1, new Float64Array(found.groups));
      createExplainer(found).contributions(row, 1, new Float64Array(found.groups * (found.feature_count + 1)));
    } catch (error) {
      if (!(error instanceof VitalsError)) throw error;
      expect(error.code).toMatch(/^GV-MDL-00[12]$/);
    }
  };

  it.each(['binary.generated.ubj', 'categorical.generated.ubj', 'unnamed.generated.json', 'dart.generated.json'])(
    '%s',
    (file) => {
      const whole = fixtureBytes(file);
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          fc.option(fc.nat(whole.length), { freq: 10 }),
          (spots, end) => {
            const bytes = Uint8Array.from(whole);
            for (const [at, value] of spots) bytes[at] = value;
            survives(end === null ? bytes : bytes.subarray(0, end));
          },
        ),
        { numRuns: 250, seed: 11 },
      );
    },
  );

  it('whatever stands in a field', () => {
    const fields = [
      'left_children',
      'split_indices',
      'split_conditions',
      'categories_segments',
      'tree_param',
      'split_type',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
        survives(encode(JSON.stringify(changed('categorical', model(`trees.0.${field}`), value))));
      }),
      { numRuns: 150, seed: 12 },
    );
  });
});
