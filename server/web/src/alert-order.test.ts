import { describe, expect, it } from 'vitest';
import { alertMatches, compareAlerts, groupAlerts } from './alert-order.ts';
import { alertAnswer } from './answers.fixture.ts';
import type { AlertAnswer } from './answers.ts';

const alert = (id: string, changes: Partial<AlertAnswer> = {}): AlertAnswer => alertAnswer({ id, ...changes });

describe('the order of alerts', () => {
  it('is by severity, what is told, what nobody has noticed, and age', () => {
    const ids = [
      alert('info', { severity: 'info', opened_at: '2026-01-01T00:00:00.000Z' }),
      alert('noticed', { acknowledged_at: '2026-01-01T09:00:00.000Z' }),
      alert('silenced', { silenced_by: 's' }),
      alert('younger', { opened_at: '2026-01-01T08:00:00.000Z' }),
      alert('older', { opened_at: '2026-01-01T07:00:00.000Z' }),
      alert('worst', { severity: 'critical', opened_at: '2026-01-01T09:00:00.000Z' }),
    ]
      .sort(compareAlerts)
      .map(({ id }) => id);
    expect(ids).toEqual(['worst', 'older', 'younger', 'noticed', 'silenced', 'info']);
  });

  it('groups by node, and by incident with what that explains', () => {
    const groups = groupAlerts([
      alert('a', { node: 'n1' }),
      alert('b', { node: 'n2', severity: 'critical' }),
      alert('c', { node: 'n2' }),
      alert('i', { node: '', source: 'incidents', source_id: 'I1', severity: 'critical' }),
      alert('x', { node: 'n3', inhibited_by: 'i' }),
      alert('gone', { node: 'n4', inhibited_by: 'not open' }),
      alert('channel', { node: '', source: 'alert-channels' }),
    ]);
    expect(groups.map(({ key, alerts }) => `${key}: ${alerts.map(({ id }) => id).join(' ')}`)).toEqual([
      'node n2: b c',
      'incident I1: i x',
      'node n1: a',
      'wide : channel',
      'node n4: gone',
    ]);
  });
});

describe('the filter of alerts', () => {
  const none = { q: '', severity: '', category: '', rule: '', node: '', noticed: '', quiet: '' };
  const one = alert('a', { node: 'n1', owner: 'ml', rule: 'hot', silenced_by: 's' });
  it.each([
    [{}, true],
    [{ q: 'ML hot' }, true],
    [{ q: 'ml nobody' }, false],
    [{ severity: 'critical' }, false],
    [{ node: 'n1', rule: 'hot' }, true],
    [{ quiet: 'yes' }, true],
    [{ quiet: 'no' }, false],
    [{ noticed: 'no' }, true],
    [{ noticed: 'yes' }, false],
  ])('%j: %s', (asked, expected) => {
    expect(alertMatches(one, { ...none, ...asked })).toBe(expected);
  });
});
