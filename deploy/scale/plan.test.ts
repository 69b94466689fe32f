import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MEASURED, MILLION, planFleet, scaleTable } from './plan.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const SIZES = [10_000, 100_000, 1_000_000].map((gpus) => ({ ...MILLION, gpus }));

describe('scale', () => {
  it('takes figures that stand where it says', () => {
    for (const { value, from } of Object.values(MEASURED)) {
      const path = from.startsWith('README') ? 'README.md' : (from.split(':')[0] ?? '');
      expect(existsSync(new URL(`../../${path}`, import.meta.url)), from).toBe(true);
      const spelled = [value.toLocaleString('en-US'), String(value), `${value / 1e6} M`];
      expect(
        spelled.some((text) => read(path).includes(text)),
        `${value} in ${path}`,
      ).toBe(true);
    }
  });

  it('counts rows and messages', () => {
    const { rows_per_s, messages_per_s, parts, total } = planFleet(MILLION);
    expect([rows_per_s, messages_per_s]).toEqual([100_000, 12_500]);
    expect(total.cores).toBeCloseTo(parts.reduce((sum, { cores }) => sum + cores, 0));
    // 86,400 s of 12,500 messages of 2,500 bytes, three times.
    expect(parts.find(({ part }) => part === 'NATS')?.disk_gib).toBeCloseTo((86_400 * 12_500 * 2_500 * 3) / 1_024 ** 3);
  });

  it('grows with the fleet and shrinks with its cadence', () => {
    const ten = planFleet({ ...MILLION, gpus: 10_000_000 }).total;
    const slow = planFleet({ ...MILLION, interval_s: 60 }).total;
    const { total } = planFleet(MILLION);
    expect(ten.disk_gib).toBeCloseTo(10 * total.disk_gib, 3);
    expect(slow.disk_gib).toBeLessThan(total.disk_gib / 4);
    expect(slow.memory_gib).toBeLessThan(total.memory_gib);
  });

  it('is the table of SCALE.md', () => {
    expect(read('deploy/SCALE.md')).toContain(scaleTable(SIZES));
  });
});
