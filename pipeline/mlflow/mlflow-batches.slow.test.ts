import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logBatches } from './mlflow-batches.ts';
import { plainName } from './plain-name.ts';

const NOTHING = { params: {}, metrics: {}, tags: {}, timestamp: 5 };

describe('logBatches', () => {
  it('has nothing to say about nothing', () => {
    expect(logBatches(NOTHING)).toEqual({ batches: [], left_out: 0 });
  });

  it('spells values as MLflow stores them', () => {
    const params = { a: 1, b: 'text', c: [1, { d: null }], e: null, f: true, g: undefined };
    const [batch] = logBatches({ ...NOTHING, params }).batches;
    expect(batch?.params).toEqual([
      { key: 'a', value: '1' },
      { key: 'b', value: 'text' },
      { key: 'c', value: '[1,{"d":null}]' },
      { key: 'e', value: 'null' },
      { key: 'f', value: 'true' },
      { key: 'g', value: '' },
    ]);
  });

  it('leaves out what is no finite number, and counts it', () => {
    const metrics = {
      good: 1,
      bad: Number.NaN,
      course: [1, Number.POSITIVE_INFINITY, 3].map((value, step) => ({ step, value })),
    };
    const { batches, left_out } = logBatches({ ...NOTHING, metrics });
    expect(left_out).toBe(2);
    expect(batches[0]?.metrics).toEqual([
      { key: 'good', value: 1, timestamp: 5, step: 0 },
      { key: 'course', value: 1, timestamp: 5, step: 0 },
      { key: 'course', value: 3, timestamp: 5, step: 2 },
    ]);
  });

  it('keeps every limit and every value', () => {
    const key = fc.string({ maxLength: 300, unit: 'binary' });
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.string({ maxLength: 7_000 }), { maxKeys: 250 }),
        fc.dictionary(key, fc.array(fc.double(), { maxLength: 2_500 }), { maxKeys: 4 }),
        (values, courses) => {
          const metrics = Object.fromEntries(
            Object.entries(courses).map(([name, course]) => [name, course.map((value, step) => ({ step, value }))]),
          );
          const { batches, left_out } = logBatches({ params: values, tags: values, metrics, timestamp: 5 });
          const total = Object.values(courses).reduce((sum, course) => sum + course.length, 0);
          for (const batch of batches) {
            expect(batch.params.length).toBeLessThanOrEqual(100);
            expect(batch.tags.length).toBeLessThanOrEqual(100);
            expect(batch.metrics.length).toBeLessThanOrEqual(1_000);
            expect(Buffer.byteLength(JSON.stringify({ run_id: 'x'.repeat(32), ...batch }))).toBeLessThan(1_000_000);
            for (const { key: name, value } of [...batch.params, ...batch.tags]) {
              expect(name.length).toBeLessThanOrEqual(250);
              expect(value.length).toBeLessThanOrEqual(6_000);
            }
          }
          expect(batches.flatMap(({ metrics: part }) => part)).toHaveLength(total - left_out);
          for (const kind of ['params', 'tags'] as const) {
            const names = batches.flatMap((batch) => batch[kind].map(({ key: name }) => name));
            expect(names).toHaveLength(Object.keys(values).length);
            expect(new Set(names).size).toBe(names.length);
          }
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });
});

describe('plainName', () => {
  it.each([
    ['auc', 'auc'],
    ['valid/auc by type', 'valid/auc by type'],
    ['recall@0.5', 'recall_0.5'],
    ['../../etc', '__/__/etc'],
    ['/a//b/./c/', 'a/b/c'],
    ['', '_'],
    ['..', '__'],
    ['/', '_'],
    ['ünï', '_n_'],
  ])('%s is %s', (name, expected) => {
    expect(plainName(name)).toBe(expected);
  });

  it('never leads elsewhere', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('.', '/', 'a', ' ', '\\', '%') }), (name) => {
        const plain = plainName(name);
        expect(new URL(`http://h/root/${plain.split('/').map(encodeURIComponent).join('/')}`).pathname).toMatch(
          /^\/root\/./,
        );
        expect(plain.split('/').every((part) => !['', '.', '..'].includes(part))).toBe(true);
      }),
      { seed: 4, numRuns: 2_000 },
    );
  });
});
