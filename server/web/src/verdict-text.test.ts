import { describe, expect, it } from 'vitest';
import { ago, anomalyAnswer, healthAnswer, NOW } from './answers.fixture.ts';
import { timeText } from './format-time.ts';
import { type Known, verdictText } from './verdict-text.ts';

const known = (changes: Partial<Known> = {}): Known => ({
  health: healthAnswer(),
  anomalies: [],
  sampled_at: NOW - 3_000,
  stale_since: null,
  now: NOW,
  ...changes,
});
const critical = healthAnswer({
  overall_score: 40,
  health_grade: 'critical',
  action: 'drain_and_reset',
  explanation: 'critical (40.0 of 100): memory lost 100 points.',
});
const told = (changes: Partial<Known>): [string, string] => {
  const { headline, tone } = verdictText(known(changes));
  return [headline, tone];
};

describe('the verdict', () => {
  it.each<[string, Partial<Known>, string, string]>([
    ['healthy', {}, 'Healthy, nothing to do', 'healthy'],
    ['good is healthy', { health: healthAnswer({ health_grade: 'good' }) }, 'Healthy, nothing to do', 'healthy'],
    [
      'healthy with something to do',
      { health: healthAnswer({ action: 'reset_gpu' }) },
      'Healthy: reset the GPU',
      'healthy',
    ],
    ['fair', { health: healthAnswer({ health_grade: 'fair' }) }, 'Fair', 'info'],
    ['critical', { health: critical }, 'Critical: drain the GPU and reset it', 'critical'],
    [
      'unknown, which is not healthy',
      { health: healthAnswer({ overall_score: null, health_grade: 'unknown' }) },
      'Health is unknown',
      'unknown',
    ],
    ['not scored', { health: null }, 'Health is not known yet', 'unknown'],
    ['nothing measured', { health: null, sampled_at: null }, 'Nothing has been measured yet', 'unknown'],
    [
      'a bad anomaly on a good score sets the tone',
      { anomalies: [anomalyAnswer({ severity: 'critical', opened_at: ago(10) })] },
      'Healthy, with 1 open anomaly',
      'critical',
    ],
    [
      'what opened after the score',
      { anomalies: [anomalyAnswer({ severity: 'critical', opened_at: ago(1) })] },
      'Being judged anew. Before: Healthy, nothing to do',
      'critical',
    ],
    [
      'a warning after the score',
      { anomalies: [anomalyAnswer({ opened_at: ago(1) })] },
      'Healthy, with 1 open anomaly',
      'warning',
    ],
    [
      'a note after the score changes nothing',
      { anomalies: [anomalyAnswer({ severity: 'info', opened_at: ago(1) })] },
      'Healthy, nothing to do',
      'info',
    ],
  ])('%s', (_, changes, headline, tone) => {
    expect(told(changes)).toEqual([headline, tone]);
  });

  it('carries the explanation as it was told, and what has opened since before it', () => {
    expect(verdictText(known({ health: critical })).sentences).toEqual([critical.explanation, 'Last sample 3 s ago.']);
    const opened = anomalyAnswer({ severity: 'warning', opened_at: ago(1) });
    expect(
      verdictText(known({ anomalies: [opened, anomalyAnswer({ id: 'b', opened_at: ago(1) })] })).sentences[0],
    ).toBe('2 anomalies opened since: GPU temperature 91 °C, expected 63 °C; and 1 more.');
  });

  it('without a score tells what is open', () => {
    expect(verdictText(known({ health: null })).sentences).toEqual(['No open anomaly.', 'Last sample 3 s ago.']);
    expect(verdictText(known({ health: null, anomalies: [anomalyAnswer()] })).sentences[0]).toBe(
      '1 open anomaly: GPU temperature 91 °C, expected 63 °C.',
    );
  });

  it('of a silent GPU says since when, and that the score is of then', () => {
    const { headline, sentences, tone } = verdictText(known({ health: critical, stale_since: NOW - 60_000 }));
    expect(headline).toBe(`No data since ${timeText(NOW - 60_000, NOW)}: drain the GPU and reset it`);
    expect(sentences).toEqual([
      'No anomaly was open then.',
      `The score is of ${timeText(NOW - 120_000, NOW)}, when it still reported: ${critical.explanation}`,
    ]);
    expect(tone).toBe('stale');
    const lost = verdictText(known({ health: critical, stale_since: NOW - 600_000 }));
    expect(lost.sentences[1]).toContain('after its data had stopped');
    expect(verdictText(known({ health: null, stale_since: NOW })).sentences[1]).toBe('It was not scored before that.');
  });
});
