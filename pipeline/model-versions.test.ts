import { describe, expect, it } from 'vitest';
import type { FailureModel } from './contract/failure-model.ts';
import { ModelVersions } from './model-versions.ts';

const model = (version: string): FailureModel => ({
  name: 'm',
  version,
  carried_width: 0,
  judge: () => {
    throw new Error('nobody asks');
  },
});
const who = (versions: ModelVersions, at: number, gpu = 'GPU-a'): string | undefined => versions.at(at, gpu)?.version;

describe('ModelVersions', () => {
  it('answers with the model of the term, live and in a replay', () => {
    const versions = new ModelVersions({ base: model('base'), share: 0 });
    expect(who(versions, 0)).toBe('base');
    versions.put('champion', model('1'), 100);
    versions.put('champion', model('2'), 200);
    expect([0, 99, 100, 199, 200, 1e15].map((at) => who(versions, at))).toEqual(['base', 'base', '1', '1', '2', '2']);
    versions.put('champion', null, 300);
    expect([299, 300].map((at) => who(versions, at))).toEqual(['2', 'base']);
  });

  it('never lets a term begin before the one before it, and replaces one of the same instant', () => {
    const versions = new ModelVersions({ base: null, share: 0 });
    versions.put('champion', model('1'), 100);
    versions.put('champion', model('2'), 50);
    expect([99, 100].map((at) => who(versions, at))).toEqual([undefined, '2']);
  });

  it('forgets terms long past', () => {
    const versions = new ModelVersions({ base: model('base'), share: 0 });
    for (let i = 1; i <= 6; i++) versions.put('champion', model(String(i)), i * 100);
    expect([250, 300, 650].map((at) => who(versions, at))).toEqual(['base', '3', '6']);
  });

  it('gives a challenger its share of the GPUs, the same ones each time', () => {
    const versions = new ModelVersions({ base: null, share: 0.25 });
    versions.put('champion', model('champion'), 0);
    versions.put('challenger', model('challenger'), 100);
    const gpus = Array.from({ length: 4_000 }, (_, i) => `GPU-${i}`);
    const challenged = gpus.filter((gpu) => who(versions, 100, gpu) === 'challenger');
    expect(challenged.length / gpus.length).toBeCloseTo(0.25, 1);
    expect(gpus.filter((gpu) => who(versions, 500, gpu) === 'challenger')).toEqual(challenged);
    expect(gpus.every((gpu) => who(versions, 99, gpu) === 'champion')).toBe(true);
    versions.put('challenger', null, 600);
    expect(gpus.every((gpu) => who(versions, 600, gpu) === 'champion')).toBe(true);
  });
});
