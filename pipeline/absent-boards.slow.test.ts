import { describe, expect, it } from 'vitest';
import { calmScrape, MINUTE_MS, rowsOf, START_MS, tell } from './absence.fixture.ts';
import type { Alert } from './contract/alerts.ts';
import type { HealthScore } from './contract/events.ts';
import type { RawMessage } from './contract/message.ts';

const GONE = 20;
const BACK = 50;
const END = 70;

/** Two nodes of one GPU each, every ten seconds; the scrapes of one come without it for half an hour. */
const messages: readonly RawMessage[] = Array.from({ length: END * 12 }, (_, i): RawMessage => {
  const node = i % 2 === 0 ? 'n1' : 'n2';
  const ts = START_MS + Math.floor(i / 2) * 10_000;
  const minute = (ts - START_MS) / MINUTE_MS;
  return calmScrape(node, ts, i, node === 'n1' && minute >= GONE && minute < BACK ? { gpus: [] } : {});
});

describe('the only GPU of a node that its scrapes come without', () => {
  it('is lost, while its node is not silent', async () => {
    const { tables, told } = await tell(messages, 50);
    expect(told).toEqual([
      '21 gpu_lost warning open GPU-n1',
      '21 gpu_lost critical open GPU-n1',
      '50 gpu_lost critical closed GPU-n1',
    ]);
    const health = rowsOf<HealthScore>(tables, 'health').filter(({ gpu_uuid }) => gpu_uuid === 'GPU-n1');
    const during = health.filter(
      ({ ts }) => ts > START_MS + (GONE + 3) * MINUTE_MS && ts < START_MS + BACK * MINUTE_MS,
    );
    expect(during.every(({ health_grade }) => health_grade === 'critical' || health_grade === 'unknown')).toBe(true);
    const alerts = rowsOf<Alert>(tables, 'alert').filter(({ rule }) => rule === 'gpu_lost');
    expect(alerts.map(({ severity, state }) => `${severity} ${state}`)).toEqual([
      'warning open',
      'critical open',
      'critical closed',
    ]);
  });

  it('has no rows stored that nobody sent', async () => {
    const { tables } = await tell(messages, 50);
    const stored = [...tables.keys()].filter((key) => key.startsWith('metrics ') && key.endsWith(' GPU-n1'));
    expect(stored).toHaveLength((END - BACK + GONE) * 6);
  });

  it('is told alike however the stream is cut', async () => {
    const whole = await tell(messages, 97);
    for (const piece of [1, 2, 7, messages.length]) expect(await tell(messages, piece), `${piece}`).toEqual(whole);
  });
});
