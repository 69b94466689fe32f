import { expect, test } from 'vitest';
import { parseTarget, parseTargetGroups, parseTargetList, type Target } from './targets.ts';
import { TargetSet } from './targets-set.ts';

test.each<[string, Record<string, string>, string, string]>([
  ['node-1', {}, 'http://node-1:9400/metrics', 'node-1'],
  ['node-1:9500', {}, 'http://node-1:9500/metrics', 'node-1'],
  ['10.0.0.7:80', {}, 'http://10.0.0.7:80/metrics', '10.0.0.7'],
  ['[2001:db8::1]:9400', {}, 'http://[2001:db8::1]:9400/metrics', '2001:db8::1'],
  ['2001:db8::1', {}, 'http://[2001:db8::1]:9400/metrics', '2001:db8::1'],
  ['http://node-1/x?a=1', {}, 'http://node-1:80/x?a=1', 'node-1'],
  ['https://node-1', {}, 'https://node-1:443/metrics', 'node-1'],
  ['node-1:443', { __scheme__: 'https' }, 'https://node-1:443/metrics', 'node-1'],
  ['node-1', { __scheme__: 'https', __metrics_path__: '/gpu/metrics' }, 'https://node-1:9400/gpu/metrics', 'node-1'],
  ['ignored:1', { __address__: 'real:2' }, 'http://real:2/metrics', 'real'],
  ['node-1', { __param_collect: 'a b' }, 'http://node-1:9400/metrics?collect=a+b', 'node-1'],
  ['10.0.0.7', { instance: 'gpu-7:9400' }, 'http://10.0.0.7:9400/metrics', 'gpu-7'],
  ['10.0.0.7', { instance: 'gpu-7:9400', node: 'rack1/gpu-7' }, 'http://10.0.0.7:9400/metrics', 'rack1/gpu-7'],
])('%s with %j is %s of node %s', (text, labels, key, node) => {
  expect(parseTarget(text, labels)).toMatchObject({ key, node });
});

test.each<[string, Record<string, string>]>([
  ['', {}],
  ['ftp://node-1', {}],
  ['node-1', { __scheme__: 'file' }],
  ['node-1', { __scheme__: 'unix' }],
  ['user:secret@node-1:9400', {}],
  ['http://user@node-1/', {}],
  ['node-1:9400/metrics', {}],
  ['node-1:99999', {}],
  ['node-1:0', {}],
  ['node 1', {}],
  ['node-1', { __metrics_path__: 'metrics' }],
  ['node-1', { __metrics_path__: '/a b' }],
  ['http://node-1/#part', {}],
])('%s with %j is refused', (text, labels) => {
  expect(() => parseTarget(text, labels)).toThrowError(expect.objectContaining({ code: 'GV-COL-005' }));
});

test('the static list', () => {
  expect(parseTargetList(' a, b:1 ,,').map((target) => target.key)).toEqual([
    'http://a:9400/metrics',
    'http://b:1/metrics',
  ]);
  expect(parseTargetList('')).toEqual([]);
});

test('groups: labels of any scalar, one bad target costs only itself', () => {
  const { targets, problems } = parseTargetGroups(
    [{ targets: ['a', 'b:x', 'c'], labels: { node: 17, on: true } }, { targets: ['d'] }, { targets: [], labels: null }],
    'file',
  );
  expect(targets.map((target) => [target.address, target.node])).toEqual([
    ['a:9400', '17'],
    ['c:9400', '17'],
    ['d:9400', 'd'],
  ]);
  expect(problems).toHaveLength(1);
});

test.each([
  [null],
  [{}],
  ['text'],
  [[{ labels: {} }]],
  [[{ targets: 'a' }]],
  [[{ targets: ['a'], labels: { x: {} } }]],
])('a document of another shape is refused: %j', (value) => {
  expect(() => parseTargetGroups(value, 'list.json')).toThrowError(
    expect.objectContaining({ code: 'GV-COL-005', where: 'list.json' }),
  );
});

const keys = (targets: readonly Target[]): string[] => targets.map((target) => target.address);

test('the set tells what starts and what stops', () => {
  const set = new TargetSet();
  const [a, b, c] = parseTargetList('a,b,c') as [Target, Target, Target];
  expect(keys(set.update('file', [a, b, b]).added)).toEqual(['a:9400', 'b:9400']);
  const second = set.update('url', [b, c]);
  expect([keys(second.added), keys(second.removed)]).toEqual([['c:9400'], []]);
  const third = set.update('file', [a]);
  expect([keys(third.added), keys(third.removed)]).toEqual([[], []]);
  const fourth = set.update('url', [{ ...c, node: 'renamed' }]);
  expect([keys(fourth.added), keys(fourth.removed), keys(fourth.changed)]).toEqual([[], ['b:9400'], ['c:9400']]);
  expect(set.size).toBe(2);
});
