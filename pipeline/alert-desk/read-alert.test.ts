import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertOf, closedOf } from './desk.fixture.ts';
import { handled, handlingOf, handlingSchema, readStored, unhandled } from './handling.ts';
import { readAlert } from './read-alert.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('alerts from the bus', () => {
  it('are taken as they are, without what is none of ours', () => {
    const alert = alertOf({ gpus: ['GPU-a', 'GPU-b'] });
    expect(readAlert(bytes({ ...alert, colour: 'red' }))).toEqual(alert);
    expect(readAlert(bytes(closedOf(alertOf())))).toEqual(closedOf(alertOf()));
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, ''],
    ['a list', [], ''],
    ['no id', { ...alertOf(), id: undefined }, 'id'],
    ['an id that is a path', { ...alertOf(), id: 'a/../b' }, 'id'],
    ['an id that is long', { ...alertOf(), id: 'a'.repeat(65) }, 'id'],
    ['an unknown severity', { ...alertOf(), severity: 'fatal' }, 'severity'],
    ['an unknown action', { ...alertOf(), action: 'rm -rf' }, 'action'],
    ['a time that is a text', { ...alertOf(), opened_at: 'now' }, 'opened_at'],
    ['two openings', { ...alertOf(), ts: 5 }, 'ts'],
    ['closed without an end', { ...alertOf(), state: 'closed' }, 'closed_at'],
    ['open with an end', { ...alertOf(), closed_at: 5 }, 'closed_at'],
    ['a monstrous summary', { ...alertOf(), summary: 'x'.repeat(5_000) }, 'summary'],
    ['a name that is a number', { ...alertOf(), node: 7 }, 'node'],
    ['too many members', { ...alertOf(), gpus: Array(10_001).fill('g') }, 'gpus'],
  ])('%s is refused', (_, value, named) => {
    const read = readAlert(bytes(value));
    expect(typeof read).toBe('string');
    expect(read).toContain(named);
  });

  it('nothing that comes throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.jsonValue().map(bytes)), (data) => {
        expect(typeof readAlert(data)).toBe('string');
        expect(readStored(handlingSchema, data)).toBe(null);
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});

it('keeps the last of what people did', () => {
  let stored = unhandled('A');
  for (let at = 1; at <= 60; at++) {
    stored = handled(
      stored,
      { at, by: 'eve', act: 'assigned', to: `p${at}`, note: at === 1 ? 'first' : '' },
      'warning',
    );
  }
  expect(stored.acts).toHaveLength(50);
  expect(stored).toMatchObject({ assigned_to: 'p60', note: 'first', acknowledged_at: null });
  expect(readStored(handlingSchema, bytes(stored))).toEqual(stored);
  const acknowledged = handled(stored, { at: 61, by: 'bob', act: 'acknowledged', to: '', note: '' }, 'warning');
  const said = (severity: 'info' | 'warning' | 'critical') => handlingOf({ id: 'A', severity }, acknowledged);
  expect([said('info'), said('warning'), said('critical')].map((one) => one.acknowledged_by)).toEqual([
    'bob',
    'bob',
    '',
  ]);
});
