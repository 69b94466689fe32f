import { describe, expect, it } from 'vitest';
import { calmScrape, MINUTE_MS, rowsOf, START_MS, tell } from './absence.fixture.ts';
import type { Alert } from './contract/alerts.ts';
import type { HealthScore } from './contract/events.ts';
import type { RawMessage } from './contract/message.ts';

const GONE = 20;
const BACK = 50;
const END = 60;

/** One node of one GPU, every ten seconds; for half an hour it does not answer, and is asked every 50 s. */
const messages: readonly RawMessage[] = Array.from({ length: END * 6 }, (_, n) => n * 10_000)
  .filter((t) => t < GONE * MINUTE_MS || t >= BACK * MINUTE_MS || t % 50_000 === 0)
  .map((t, i) => {
    const silent = t >= GONE * MINUTE_MS && t < BACK * MINUTE_MS;
    return calmScrape('n1', START_MS + t, i, silent ? { gpus: [], unanswered: 'GV-COL-001' } : {});
  });

describe('the only node there is, when it does not answer', () => {
  it('is silent: a warning and an alert, later a critical one, over when it answers', async () => {
    const { tables, told } = await tell(messages, 50);
    expect(told).toEqual([
      expect.stringMatching(/^2[2-4] node_silent info open n1$/),
      expect.stringMatching(/^2[2-4] node_silent warning open n1$/),
      expect.stringMatching(/^2[2-4] node_silent critical open n1$/),
      '50 node_silent critical closed n1',
    ]);
    const alerts = rowsOf<Alert>(tables, 'alert').filter(({ rule }) => rule === 'node_silent');
    expect(alerts.map(({ severity, state }) => `${severity} ${state}`)).toEqual([
      'warning open',
      'critical open',
      'critical closed',
    ]);
    expect(alerts[0]?.summary).toContain('GV-COL-001');
  });

  it('has GPUs of which nothing is known meanwhile, and no rows that nobody sent', async () => {
    const { tables } = await tell(messages, 50);
    const health = rowsOf<HealthScore>(tables, 'health').filter(
      ({ ts }) => ts > START_MS + (GONE + 1) * MINUTE_MS && ts < START_MS + BACK * MINUTE_MS,
    );
    expect(health.map(({ gpu_uuid, health_grade }) => `${gpu_uuid} ${health_grade}`)).toEqual(['GPU-n1 unknown']);
    expect([...tables.keys()].filter((key) => key.startsWith('metrics '))).toHaveLength((END - BACK + GONE) * 6);
  });

  it('is told alike however the stream is cut', async () => {
    const whole = await tell(messages, 97);
    for (const piece of [1, 2, 7, messages.length]) expect(await tell(messages, piece), `${piece}`).toEqual(whole);
  });
});
