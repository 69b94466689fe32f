import { describe, expect, it } from 'vitest';
import { days, seconds } from '../../pipeline/contract/time.ts';
import { alarmOf, episodeOf, incidentOf, logOf, truthOf } from './alarms.fixture.ts';
import { falseAlarmFigures } from './false-alarm-figures.ts';
import { bucketKey, indexTruth, type Place } from './match-truth.ts';
import type { Alarm } from './told.ts';

const options = { grace: seconds(30), tail: seconds(50) };
const node_story = truthOf({ id: 's2', story: 'fan_decay', scope: 'node', gpu_uuids: ['GPU-0', 'GPU-1'] });
const look_alike = truthOf({ id: 's3', story: 'idle', category: 'benign', fault: false });
const reboot = truthOf({
  id: 's5',
  story: 'reboot',
  category: 'benign',
  fault: false,
  scope: 'node',
  gpu_uuids: ['GPU-0', 'GPU-1'],
});
const heat = truthOf({
  id: 's4',
  story: 'hot_afternoon',
  category: 'benign',
  fault: false,
  scope: 'fleet',
  nodes: ['n1', 'n2'],
  gpu_uuids: ['GPU-0', 'GPU-1', 'GPU-9'],
  since_ms: 0,
  until_ms: 1_000_000,
});
const gpu0: Place = { gpu_uuid: 'GPU-0', node: 'n1' };
const gpu1: Place = { gpu_uuid: 'GPU-1', node: 'n1' };
const whole_node: Place = { gpu_uuid: '', node: 'n1' };
const elsewhere: Place = { gpu_uuid: 'GPU-9', node: 'n2' };

describe('whose an instant is', () => {
  it.each([
    ['before the fault', [truthOf()], gpu0, 99, 'beside'],
    ['at its beginning', [truthOf()], gpu0, 100, 'fault'],
    ['in its grace', [truthOf()], gpu0, 230, 'fault'],
    ['after it', [truthOf()], gpu0, 231, 'beside'],
    ['its neighbour', [truthOf()], gpu1, 150, 'beside'],
    ['its node as a whole', [truthOf()], whole_node, 150, 'beside'],
    ['another node', [truthOf()], elsewhere, 150, 'clean'],
    ['every GPU of a faulty node', [node_story], gpu1, 150, 'fault'],
    ['a faulty node as a whole', [node_story], whole_node, 150, 'fault'],
    ['a look-alike', [look_alike], gpu0, 150, 'idle'],
    ['its tail', [look_alike], gpu0, 250, 'idle'],
    ['after its tail', [look_alike], gpu0, 251, 'clean'],
    ['its node as a whole', [look_alike], whole_node, 150, 'clean'],
    ['one that goes on beats the tail of another', [{ ...look_alike, until_ms: 110_000 }, reboot], gpu0, 150, 'reboot'],
    ['a node in a look-alike of its own', [look_alike, reboot], whole_node, 150, 'reboot'],
    ['a fault beats a look-alike', [heat, truthOf()], gpu0, 150, 'fault'],
    ['the nearer look-alike beats the wider', [heat, look_alike], gpu0, 150, 'idle'],
    ['the wider one where the nearer is not', [heat, look_alike], gpu1, 150, 'hot_afternoon'],
    ['nor is what is told beside a fault a look-alike', [heat, truthOf()], gpu1, 150, 'beside'],
    ['nothing at all', [], gpu0, 150, 'clean'],
  ])('%s', (_, truths, place, second, bucket) => {
    expect(bucketKey(indexTruth(truths, options).bucket(place, second * 1_000))).toBe(bucket);
  });
});

describe('false alarms', () => {
  const day = days(1);
  const truths = [
    truthOf({ since_ms: 0, until_ms: day }),
    { ...look_alike, nodes: ['n2'], gpu_uuids: ['GPU-9'], since_ms: 0, until_ms: 3 * day },
  ];
  const fleet = { places: [gpu0, gpu1, elsewhere], from_ms: 0, to_ms: 10 * day };
  const told = (told_at: number, more: Partial<Alarm>): Alarm => alarmOf({ told_at, ...more });
  const figures = falseAlarmFigures(
    indexTruth(truths, options),
    logOf({
      alarms: new Map(
        [
          told(day / 2, { severity: 'critical' }),
          told(5 * day, { severity: 'warning', warned_at: 5 * day }),
          told(2 * day, { gpu_uuid: 'GPU-9', node: 'n2' }),
          told(2 * day, { gpu_uuid: 'GPU-9', node: 'n2', severity: 'critical', critical_at: 6 * day }),
        ].map((alarm, i) => [`a${i}`, alarm]),
      ),
      episodes: new Map(
        [
          episodeOf({ gpu_uuid: 'GPU-9', node: 'n2', started_at: 6 * day }),
          episodeOf({ gpu_uuid: 'GPU-9', node: 'n2', started_at: 7 * day, severity: 'info' }),
          episodeOf({ started_at: day / 2 }),
        ].map((episode, i) => [`e${i}`, episode]),
      ),
      incidents: new Map([
        ['of a fault, and of what has none', incidentOf({ 'GPU-0': day / 2, 'GPU-9': 6 * day }, { n2: 6 * day })],
        ['beside', incidentOf({ 'GPU-1': day / 2 }, { n1: day / 2 })],
        ['in a look-alike', incidentOf({ 'GPU-9': 2 * day }, {})],
        ['for nothing', incidentOf({ 'GPU-9': 6 * day }, { n2: 6 * day })],
      ]),
    }),
    fleet,
  );

  it('shares out every GPU-day that has no fault', () => {
    expect(figures.map(({ where }) => where)).toEqual(['clean', 'idle', 'beside']);
    const spent = figures.map(({ gpu_days }) => gpu_days);
    const grace = options.grace / day;
    const tail = options.tail / day;
    for (const [i, expected] of [7 - tail, 3 + tail, 19 - grace].entries()) expect(spent[i]).toBeCloseTo(expected, 9);
  });

  it('counts what was told where it was at its worst', () => {
    expect(figures.map(({ count }) => count)).toEqual([
      { info: 0, warning: 0, critical: 1 },
      { info: 1, warning: 0, critical: 0 },
      { info: 0, warning: 1, critical: 0 },
    ]);
    expect(figures.map(({ episodes, incidents }) => [episodes, incidents])).toEqual([
      [1, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(figures[1]?.per_1000_gpu_days.info).toBeCloseTo(1_000 / (3 + options.tail / day), 6);
    expect(figures[0]?.by_type).toEqual({ 'conditions/ecc_rate': { info: 0, warning: 0, critical: 1 } });
  });
});
