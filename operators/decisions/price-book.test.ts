import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { BOOK } from './board.fixture.ts';
import { findPrices, loadPriceBook } from './price-book.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'price-book-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function own(text: string) {
  const file = join(folder, 'prices.yaml');
  writeFileSync(file, text);
  return loadPriceBook(file);
}

function refused(text: string): VitalsError {
  try {
    own(text);
  } catch (error) {
    if (error instanceof VitalsError) return error;
    throw error;
  }
  throw new Error('was taken');
}

describe('the price book that is shipped', () => {
  it('has a source for every figure', () => {
    const sources: string[] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      if ('source' in node) sources.push(String(node.source));
      Object.values(node).forEach(walk);
    };
    walk(BOOK);
    expect(sources.length).toBeGreaterThan(120);
    expect(sources.filter((text) => text.length < 10 && text !== 'own estimate')).toEqual([]);
    expect(sources).not.toContain('given without a source');
  });

  it.each([
    ['NVIDIA H100 80GB HBM3', 'h100_sxm'],
    ['NVIDIA H100 PCIe', 'h100_pcie'],
    ['NVIDIA H100 NVL', 'h100_pcie'],
    ['NVIDIA A100-SXM4-80GB', 'a100_80gb'],
    ['NVIDIA A100 80GB PCIe', 'a100_80gb'],
    ['NVIDIA A100-SXM4-40GB', 'a100_40gb'],
    ['NVIDIA A100-PCIE-40GB', 'a100_40gb'],
    ['NVIDIA H200', 'h200'],
    ['NVIDIA B200', 'b200'],
    ['NVIDIA GB200', 'gb200'],
    ['NVIDIA L4', 'l4'],
    ['NVIDIA L40S', 'l40s'],
    ['NVIDIA A10', 'a10'],
    ['NVIDIA A10G', 'a10'],
    ['Tesla T4', 't4'],
    ['Tesla V100-SXM2-16GB', 'v100'],
    ['nvidia h100 80gb hbm3', 'h100_sxm'],
    ['NVIDIA GeForce RTX 4090', 'unknown'],
    ['', 'unknown'],
  ])('prices %s as %s', (model, entry) => {
    const prices = findPrices(BOOK, model);
    expect(prices.entry).toBe(entry);
    const { training, inference, batch } = prices.rent_usd_per_hour;
    expect(training >= inference && inference >= batch && batch > 0).toBe(true);
    expect(prices.repair_usd).toBeLessThan(prices.purchase_usd);
  });
});

describe('a price book of your own', () => {
  it('replaces single entries, and never leaves our source beside your number', () => {
    const book = own(
      'site: { energy_usd_per_kwh: 0.3 }\nmodels: { h100_sxm: { purchase_usd: { value: 21000, source: invoice } } }',
    );
    expect(book.site.energy_usd_per_kwh).toEqual({ value: 0.3, source: 'given without a source' });
    expect(book.models.h100_sxm?.purchase_usd).toEqual({ value: 21_000, source: 'invoice' });
    expect(book.models.h100_sxm?.tdp_watts).toEqual(BOOK.models.h100_sxm?.tdp_watts);
    expect(book.site.pue).toEqual(BOOK.site.pue);
    expect(findPrices(book, 'NVIDIA H100 80GB HBM3').purchase_usd).toBe(21_000);
  });

  it('adds models, replaces curves as a whole, and may be empty', () => {
    const b300 = `models:
  b300:
    match: [b300]
    assumed_tier: training
    rent_usd_per_hour: { training: 7.89, inference: 6, batch: 3 }
    purchase_usd: 55000
    tdp_watts: 1400
    idle_watts: 150
    repair_usd: 14000
    failures_per_year: 0.1
residual_by_age_months: { source: broker, points: [[0, 1], [60, 0.1]] }`;
    const book = own(b300);
    expect(findPrices(book, 'NVIDIA B300 SXM6 AC')).toMatchObject({ entry: 'b300', tdp_watts: 1_400 });
    expect(book.residual_by_age_months.points).toEqual([
      [0, 1],
      [60, 0.1],
    ]);
    expect(own('')).toEqual(BOOK);
    expect(own('# nothing\n')).toEqual(BOOK);
  });

  it('names every problem at once, each with its place', () => {
    const error = refused(`as_of: yesterday
site: { pue: 0.2, energy_usd_per_kwh: cheap, colour: red }
residual_by_age_months: { source: x, points: [[0, 0.5], [12, 0.6], [12, 0.1]] }
residual_by_grade: { poor: 0.9 }
models:
  h100_sxm: { idle_watts: 900, match: [] }
  Bad-Name: 1
  t9: { match: [t9] }`);
    expect(error.code).toBe('GV-CFG-001');
    expect(error.where).toContain('prices.yaml');
    for (const words of [
      'as_of: must be a date',
      'site.pue: must be at least 1',
      'site.energy_usd_per_kwh: must be a number from 0 to 10',
      'site.colour: there is no such entry',
      'residual_by_age_months.points.1: must not be above 0.5',
      'residual_by_age_months.points.2: must lie beyond 12',
      'residual_by_grade.poor: must not be above degraded, 0.46875',
      'models.h100_sxm.idle_watts: must not be above tdp_watts, 700',
      'models.Bad-Name',
      'models.t9.purchase_usd: must be a number',
      'models.t9.rent_usd_per_hour',
    ]) {
      expect(error.message).toContain(words);
    }
    expect(error.line()).toContain('deploy/price-book.yaml shows every one');
  });

  it.each([
    ['a list', '[1, 2]'],
    ['a text', 'hello'],
    ['no YAML', 'site: {'],
    ['two of one name', 'site: {pue: 1}\nsite: {pue: 2}'],
    ['null for a part', 'site: null'],
    ['infinity', 'site: { pue: .inf }'],
    ['no number', 'site: { pue: .nan }'],
    ['a list for a figure', 'site: { pue: [1.2] }'],
    ['a negative price', 'models: { t4: { purchase_usd: -1 } }'],
    ['a prototype', 'models: { __proto__: { match: [x] } }'],
    ['a prototype of the book', '__proto__: { site: 1 }'],
    ['no entry for unknown models', 'models: { unknown: null }'],
    ['a tier that is none', 'models: { t4: { assumed_tier: gaming } }'],
    ['half a month', 'site: { horizon_months: 2.5 }'],
    ['a curve without points', 'performance_by_health: { source: x, points: [] }'],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`,
    ],
    ['a huge file', `# ${'x'.repeat(1_100_000)}`],
  ])('refuses %s', (_, text) => {
    const error = refused(text);
    expect(error.code).toBe('GV-CFG-001');
    expect(error.message.length).toBeLessThan(10_000);
    expect(Object.hasOwn(Object.prototype, 'match')).toBe(false);
  });

  it('says when it is not there', () => {
    expect(() => loadPriceBook(join(folder, 'none.yaml'))).toThrow(expect.objectContaining({ code: 'GV-CLI-002' }));
  });
});
