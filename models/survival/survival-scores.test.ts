import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brierScore } from './brier-score.ts';
import { censoringCurve, type Outcomes, uncensoredAt } from './censoring-weights.ts';
import { harrellConcordance, unoConcordance } from './concordance.ts';
import { isThere, randomOf } from './survival-data.fixture.ts';
import { timeDependentAuc } from './time-dependent-auc.ts';

const SHARED = join(import.meta.dirname, '../../../shared/data/survival');

describe.skipIf(!isThere('survival'))('as published, on whas500 (skipped without ../shared/data/survival)', () => {
  const read = (): { outcomes: (from: number, until?: number) => Outcomes; risk: number[] } => {
    const rows = readFileSync(join(SHARED, 'whas500_predictions.csv'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(',').map(Number));
    return {
      outcomes: (from, until) => ({
        times: Float64Array.from(rows.slice(from, until), (row) => row[1] ?? Number.NaN),
        events: Uint8Array.from(rows.slice(from, until), (row) => row[0] ?? 0),
      }),
      risk: rows.map((row) => row[2] ?? Number.NaN),
    };
  };
  const published = (): Record<string, unknown> =>
    JSON.parse(readFileSync(join(SHARED, 'whas500_expected_metrics.json'), 'utf8'));

  it("has Harrell's and Uno's C", () => {
    const { outcomes, risk } = read();
    const expected = published();
    const { concordance, concordant, discordant, tied_risk, tied_time } = harrellConcordance(outcomes(0), risk);
    expect(concordance).toBeCloseTo(expected.harrell_c as number, 6);
    expect([concordant, discordant, tied_risk, tied_time]).toEqual(
      expected.harrell_counts_concordant_discordant_tiedrisk_tiedtime,
    );
    const uno = unoConcordance(outcomes(0), risk, { reference: outcomes(0) });
    expect(uno.concordance).toBeCloseTo(expected['uno_c_ipcw(train=test=all)'] as number, 12);
  });

  it('has the cumulative/dynamic AUC', () => {
    const { outcomes, risk } = read();
    const expected = published()['cumulative_dynamic_auc(train=rows[:300],test=rows[300:])'] as {
      times: number[];
      auc: number[];
      integrated: number;
    };
    const { auc, mean } = timeDependentAuc(outcomes(300), risk.slice(300), {
      reference: outcomes(0, 300),
      times: expected.times,
    });
    expected.auc.forEach((value, k) => {
      expect(auc[k]).toBeCloseTo(value, 6);
    });
    expect(mean).toBeCloseTo(expected.integrated, 6);
  });
});

const draw = (seed: number, subjects: number): { outcomes: Outcomes; risk: Float64Array } => {
  const next = randomOf(seed);
  const outcomes = { times: new Float64Array(subjects), events: new Uint8Array(subjects) };
  const risk = new Float64Array(subjects);
  for (let i = 0; i < subjects; i++) {
    risk[i] = Math.floor(next() * 12);
    const failing = -Math.log(1 - next()) * Math.exp(-(risk[i] as number) / 6);
    const censored = -2 * Math.log(1 - next());
    outcomes.times[i] = Math.ceil(Math.min(failing, censored) * 12);
    outcomes.events[i] = failing <= censored ? 1 : 0;
  }
  return { outcomes, risk };
};

describe.each([1, 2, 3])('against the definition, draw %d', (seed) => {
  const { outcomes, risk } = draw(seed, 90);
  const { times, events } = outcomes;
  const all = Array.from(times, (_, i) => i);
  /** P(not censored until t) as a product over all censorings. */
  const free = (t: number): number =>
    [...new Set(all.filter((i) => events[i] === 0 && (times[i] as number) <= t).map((i) => times[i] as number))].reduce(
      (share, time) => {
        const censored = all.filter((i) => times[i] === time && events[i] === 0).length;
        const failed = all.filter((i) => times[i] === time && events[i] === 1).length;
        const here = all.filter((i) => (times[i] as number) >= time).length;
        return share * (1 - censored / (here - failed));
      },
      1,
    );
  const half = (i: number, j: number): number => {
    const a = risk[i] as number;
    const b = risk[j] as number;
    if (a === b) return 0.5;
    return a > b ? 1 : 0;
  };

  it('knows the censoring', () => {
    const curve = censoringCurve(outcomes);
    for (const t of [0, 1, 3.5, 8, 20]) expect(uncensoredAt(curve, t)).toBeCloseTo(free(t), 12);
  });

  it.each(['harrell', 'uno'])('counts all pairs: %s', (which) => {
    let won = 0;
    let pairs = 0;
    for (const i of all) {
      for (const j of all) {
        const later = (times[j] as number) > (times[i] as number) || (times[j] === times[i] && events[j] === 0);
        if (events[i] !== 1 || i === j || !later) continue;
        const weight = which === 'uno' ? 1 / free(times[i] as number) ** 2 : 1;
        won += weight * half(i, j);
        pairs += weight;
      }
    }
    const result =
      which === 'uno' ? unoConcordance(outcomes, risk, { reference: outcomes }) : harrellConcordance(outcomes, risk);
    expect(result.concordance).toBeCloseTo(won / pairs, 12);
    expect(result.tied_risk).toBeGreaterThan(0);
  });

  it('ranks those who failed above those who live', () => {
    const asked = [2, 5, 9];
    const { auc } = timeDependentAuc(outcomes, risk, { reference: outcomes, times: asked });
    asked.forEach((t, k) => {
      let won = 0;
      let pairs = 0;
      for (const i of all.filter((n) => events[n] === 1 && (times[n] as number) <= t)) {
        for (const j of all.filter((n) => (times[n] as number) > t)) {
          won += half(i, j) / free(times[i] as number);
          pairs += 1 / free(times[i] as number);
        }
      }
      expect(auc[k]).toBeCloseTo(won / pairs, 12);
    });
  });

  it('weighs squared errors', () => {
    const asked = [2, 5, 9];
    const survival = Float64Array.from(
      all.flatMap((i) => asked.map((t) => Math.exp((-t * (1 + (risk[i] as number))) / 60))),
    );
    const { scores, integrated } = brierScore(outcomes, survival, { reference: outcomes, times: asked });
    const expected = asked.map((t, k) => {
      const errors = all.map((i) => {
        const predicted = survival[i * 3 + k] as number;
        if ((times[i] as number) > t) return (1 - predicted) ** 2 / free(t);
        return events[i] === 1 ? predicted ** 2 / free(times[i] as number) : 0;
      });
      return errors.reduce((sum, error) => sum + error, 0) / all.length;
    });
    expected.forEach((score, k) => {
      expect(scores[k]).toBeCloseTo(score, 12);
    });
    const [a = 0, b = 0, c = 0] = expected;
    expect(integrated).toBeCloseTo((((a + b) / 2) * 3 + ((b + c) / 2) * 4) / 7, 12);
  });
});

describe('laws', () => {
  const { outcomes, risk } = draw(9, 300);

  it('a better order counts more, the reverse is the rest', () => {
    const { concordance } = harrellConcordance(outcomes, risk);
    expect(concordance).toBeGreaterThan(0.6);
    expect(
      harrellConcordance(
        outcomes,
        risk.map((x) => -x),
      ).concordance,
    ).toBeCloseTo(1 - concordance, 12);
    expect(
      harrellConcordance(
        outcomes,
        outcomes.times.map((t, i) => (outcomes.events[i] as number) / 2 - t),
      ).concordance,
    ).toBe(1);
    expect(harrellConcordance(outcomes, new Float64Array(300)).concordance).toBe(0.5);
  });

  it('without censoring Uno is Harrell', () => {
    const all = { times: outcomes.times, events: new Uint8Array(300).fill(1) };
    const uno = unoConcordance(all, risk, { reference: all });
    expect(uno.concordance).toBeCloseTo(harrellConcordance(all, risk).concordance, 12);
  });

  it('events after `until` are left out', () => {
    const early = unoConcordance(outcomes, risk, { reference: outcomes, until: 4 });
    expect(early.concordant).toBeLessThan(unoConcordance(outcomes, risk, { reference: outcomes }).concordant);
    expect(unoConcordance(outcomes, risk, { reference: outcomes, until: 0 }).concordance).toBeNaN();
  });
});
