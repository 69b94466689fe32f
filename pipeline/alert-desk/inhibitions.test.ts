import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../contract/alerts.ts';
import { alertOf, NOON } from './desk.fixture.ts';
import { DEFAULT_INHIBITIONS, incidentOf, inhibitions } from './inhibitions.ts';
import { severityRank } from './severity-rank.ts';

const gpu = (id: string, changes: Partial<Alert> = {}): Alert => alertOf({ id, gpu_uuid: `GPU-${id}`, ...changes });
const lost = (changes: Partial<Alert> = {}): Alert =>
  alertOf({ id: 'lost', rule: 'node_silent', gpu_uuid: '', ...changes });
const incident = (changes: Partial<Alert>): Alert =>
  alertOf({ id: 'I', source: 'incidents', rule: 'incident', gpu_uuid: '', opened_at: NOON + 1, ...changes });

describe('inhibition', () => {
  it.each<[string, readonly Alert[], Record<string, string>]>([
    ['a lost node silences its GPUs, not those of others', [lost(), gpu('a'), gpu('b', { node: 'n2' })], { a: 'lost' }],
    ['a node that is lost for a while, only what is not worse', [lost({ severity: 'warning' }), gpu('a')], {}],
    [
      'a GPU on its own silences no node',
      [alertOf({ id: 'g', rule: 'node_silent' }), lost({ opened_at: NOON + 1 })],
      { g: 'lost' },
    ],
    ['a rack', [incident({ node: '' }), gpu('a'), gpu('b', { rack: 'r2' })], { a: 'I' }],
    ['a node', [incident({}), gpu('a'), gpu('b', { node: 'n2' })], { a: 'I' }],
    ['a domain', [incident({ node: '', rack: '', gpus: ['GPU-a'] }), gpu('a'), gpu('b')], { a: 'I' }],
    ['a rack with members: those alone', [incident({ node: '', gpus: ['GPU-a'] }), gpu('a'), gpu('b')], { a: 'I' }],
    ['a rack and its node, each by the widest', [incident({ node: '' }), lost(), gpu('a')], { lost: 'I', a: 'I' }],
    ['an incident of less severity silences nothing worse', [incident({ severity: 'warning' }), gpu('a')], {}],
    [
      'the worse of the same kind',
      [
        gpu('a'),
        gpu('w', { gpu_uuid: 'GPU-a', severity: 'warning' }),
        gpu('p', { gpu_uuid: 'GPU-a', severity: 'warning', category: 'power' }),
      ],
      { w: 'a' },
    ],
    ['nothing that is nowhere', [lost({ node: '' }), gpu('a', { node: '' })], {}],
  ])('%s', (_, open, expected) => {
    expect(Object.fromEntries(inhibitions(open, DEFAULT_INHIBITIONS))).toEqual(expected);
  });

  const any = fc.record({
    gpu_uuid: fc.constantFrom('', 'GPU-a', 'GPU-b'),
    node: fc.constantFrom('', 'n1', 'n2'),
    rack: fc.constantFrom('', 'r1'),
    rule: fc.constantFrom('hot', 'node_silent'),
    severity: fc.constantFrom('info', 'warning', 'critical'),
    category: fc.constantFrom('thermal', 'bus'),
    source: fc.constantFrom('anomalies', 'incidents'),
    gpus: fc.option(fc.subarray(['GPU-a', 'GPU-b', 'GPU-c']), { nil: undefined }),
    opened_at: fc.integer({ min: NOON, max: NOON + 2 }),
  });
  it('leaves something to be heard for everything that it silences, and nothing by what is less severe', () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (drafts) => {
        const open = drafts.map(({ gpus, ...draft }, i) =>
          alertOf({ id: `A${i}`, ...draft, ...(gpus === undefined ? {} : { gpus }) } as Partial<Alert>),
        );
        const found = inhibitions(open, DEFAULT_INHIBITIONS);
        const byId = new Map(open.map((alert) => [alert.id, alert]));
        for (const [id, by] of found) {
          expect(severityRank(byId.get(by)?.severity ?? 'info')).toBeGreaterThanOrEqual(
            severityRank(byId.get(id)?.severity ?? 'info'),
          );
          let last = by;
          for (let steps = 0; found.has(last); steps++) {
            if (steps > open.length) throw new Error('a ring');
            last = found.get(last) ?? '';
          }
        }
        expect([...inhibitions([...open].reverse(), DEFAULT_INHIBITIONS)].sort()).toEqual([...found].sort());
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

it('knows the incident of an alert', () => {
  const rack = incident({ id: 'R', node: '' });
  expect(incidentOf(gpu('a'), [rack, incident({ id: 'N' }), gpu('b')])).toBe('R');
  expect(incidentOf(rack, [])).toBe('R');
  expect(incidentOf(gpu('a', { node: 'n9', rack: 'r9' }), [rack])).toBe(null);
});
