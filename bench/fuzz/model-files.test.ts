import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readBundle } from '../../models/prediction/bundle.ts';
import { createEnsemble } from '../../models/prediction/ensemble.ts';
import { parseXgboostFile, readXgboostFile } from '../../models/xgboost/read-model.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { bytesOf, textOf } from './fuzz-target.ts';
import { bundles } from './targets/bundles.ts';
import { smallTrees } from './targets/xgboost.ts';
import { ubjsonOf } from './ubjson-of.ts';

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url));
const sources = readdirSync(MODELS, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(path),
);

const trees = smallTrees('gpu_temp_max');
/** A model file with something else put into its text. */
const planted = (from: string, to: string): Uint8Array => bytesOf(JSON.stringify(trees).replaceAll(from, to));
const refusal = (input: Uint8Array): unknown => {
  try {
    readXgboostFile(input, 'planted');
    return null;
  } catch (error) {
    return error;
  }
};

describe('a model file is data', () => {
  it('nothing that reads or asks models can reach files, processes, the network or code', () => {
    expect(sources.length).toBeGreaterThan(50);
    const reach =
      /node:(?:fs|child_process|vm|net|http|https|module|worker_threads)|\beval\s*\(|new Function|\bimport\s*\(|\brequire\s*\(/;
    // The one that trains networks loads one of two libraries, by names that stand there.
    const trains = 'lstm/backend.ts';
    const text = (path: string): string => readFileSync(MODELS + path, 'utf8');
    expect(sources.filter((path) => reach.test(text(path)))).toEqual([trains]);
    expect(text(trains).replaceAll(/\bimport\((?:'@tensorflow\/[\w-]+'|NATIVE)\)/g, '')).not.toMatch(reach);
  });

  it.each([
    ['__proto__', '"learner":{', '"__proto__":{"polluted":1},"learner":{"__proto__":{"polluted":1},'],
    ['constructor', '"learner":{', '"constructor":{"prototype":{"polluted":1}},"learner":{'],
    ['a getter by name', '"learner":{', '"__defineGetter__":"polluted","learner":{'],
  ])('%s in it changes no other object', (_, from, to) => {
    expect(refusal(planted(from, to))).toBeNull();
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const packed = ubjsonOf(JSON.parse(textOf(planted(from, to))));
    expect(parseXgboostFile(packed, 'planted')).toMatchObject({ learner: {} });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each([
    ['an objective of every object', '"binary:logistic"', '"constructor"', 'GV-MDL-002'],
    ['a booster of every object', '"gbtree"', '"__proto__"', 'GV-MDL-002'],
    ['more trees than a file can hold', '"num_trees":"2"', '"num_trees":"4294967296"', 'GV-MDL-001'],
    ['more features than a machine', '"num_feature":"1"', '"num_feature":"4294967295"', 'GV-MDL-002'],
    ['more outputs than a machine', '"num_class":"0"', '"num_class":"4294967295"', 'GV-MDL-002'],
    ['a tree whose root is its own child', '"left_children":[1', '"left_children":[0', 'GV-MDL-001'],
    ['a child in another list', '"left_children":[1', '"left_children":[1e9', 'GV-MDL-001'],
  ])('%s is refused', (_, from, to, code) => {
    expect(JSON.stringify(trees)).toContain(from);
    const error = refusal(planted(from, to));
    expect(error).toBeInstanceOf(VitalsError);
    expect((error as VitalsError).code).toBe(code);
  });

  it('counts of UBJSON are believed only as far as bytes are there', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const type of ['U', 'd', 'D', 'L', 'Z', '{', '[']) {
      const input = Buffer.concat([
        Buffer.from(`{U\u0001a[$${type}#l`, 'latin1'),
        Buffer.from([0x7f, 0xff, 0xff, 0xff]),
      ]);
      expect(refusal(input)).toBeInstanceOf(VitalsError);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
    expect(refusal(bytesOf('{U\u0001a'.repeat(1_000)))).toBeInstanceOf(VitalsError);
  });

  it('paths in it are texts', () => {
    const bundle = textOf(bundles.seeds[0] as Uint8Array);
    for (const path of ['/etc/passwd', '../../package.json', 'file:///etc/passwd', 'http://127.0.0.1:1/x']) {
      const named = JSON.stringify(path);
      const input = bytesOf(bundle.replaceAll('"gpu_temp_max"', named));
      expect(() => readBundle(input, 'planted')).toThrow(VitalsError);
      expect(() => readBundle(bytesOf(bundle.replace('{', `{"$ref":${named},`)), 'planted')).toThrow(VitalsError);
    }
    expect(createEnsemble(readBundle(bytesOf(bundle), 'planted'), '1').name).toBe('failure-prediction');
  });
});
