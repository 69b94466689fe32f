import { describe, expect, it } from 'vitest';
import { seconds } from '../../pipeline/contract/time.ts';
import { alarmOf, episodeOf, incidentOf, logOf, truthOf } from './alarms.fixture.ts';
import { alarmSightings, type Detection, detections, type Sighting, sightings } from './detections.ts';
import { indexTruth } from './match-truth.ts';
import type { SinkLog } from './sink-log.ts';
import type { Alarm, RefusedValue, ToldEpisode, ToldIncident } from './told.ts';

const options = { grace: seconds(30), tail: seconds(50) };
const node_story = truthOf({ id: 's2', story: 'fan_decay', scope: 'node', gpu_uuids: ['GPU-0', 'GPU-1'] });
const nodeOf = (gpu_uuid: string): string => (gpu_uuid === 'GPU-9' ? 'n2' : 'n1');
const keyed = <T>(list: readonly T[]): Map<string, T> => new Map(list.map((one, i) => [String(i), one]));
const found = (
  log: Partial<SinkLog>,
  ...truths: readonly ReturnType<typeof truthOf>[]
): ReadonlyMap<string, Detection> =>
  detections(indexTruth(truths.length > 0 ? truths : [truthOf()], options), sightings(logOf(log), nodeOf));
const at = (second: number, more: Partial<Alarm> = {}): Alarm =>
  alarmOf({ id: `a${second}`, told_at: second * 1_000, warned_at: second * 1_000, severity: 'warning', ...more });

describe('anomalies', () => {
  it.each<[string, readonly Alarm[], number | null]>([
    ['a warning meanwhile', [at(120)], 120],
    ['the first of several', [at(180), at(120), at(150)], 120],
    ['a warning in the grace', [at(229)], 229],
    ['an info is none', [alarmOf({ told_at: 120_000 })], null],
    ['a warning before', [at(90)], null],
    ['a warning after', [at(231)], null],
    ['a warning of the neighbour', [at(120, { gpu_uuid: 'GPU-1' })], null],
    ['a warning of the node', [at(120, { gpu_uuid: '' })], null],
    ['an info before that became a warning meanwhile', [at(140, { told_at: 50_000, opened_at: 50_000 })], 140],
    ['a warning before that became critical meanwhile', [at(90, { critical_at: 160_000, severity: 'critical' })], 160],
  ])('%s', (_, alarms, second) => {
    expect(found({ alarms: keyed(alarms) }).get('s1')?.at_ms ?? null).toBe(second === null ? null : second * 1_000);
  });

  it('take any GPU of a node story, and the node', () => {
    for (const gpu_uuid of ['GPU-1', '']) {
      expect(found({ alarms: keyed([at(120, { gpu_uuid })]) }, node_story).get('s2')?.at_ms).toBe(120_000);
    }
  });

  it('name all that were first, and the first critical', () => {
    const alarms = [
      at(120, { type: 'one' }),
      at(120, { type: 'two', critical_at: 170_000 }),
      at(130, { type: 'three', critical_at: 140_000 }),
    ];
    const detection = found({ alarms: keyed(alarms) }).get('s1');
    expect(detection?.first.map(({ by }) => by)).toEqual(['conditions/one', 'conditions/two']);
    expect(detection?.critical_at_ms).toBe(140_000);
  });

  it('count from info on where a detector is judged by itself', () => {
    const seen = (least: 'info' | 'warning'): Sighting[] => [
      ...alarmSightings(alarmOf({ told_at: 1, warned_at: 3, critical_at: 3 }), least),
    ];
    expect(seen('info').map(({ at_ms, critical }) => [at_ms, critical])).toEqual([
      [1, false],
      [3, true],
    ]);
    expect(seen('warning').map(({ at_ms, critical }) => [at_ms, critical])).toEqual([[3, true]]);
  });
});

describe('episodes and incidents', () => {
  it.each<[string, readonly ToldEpisode[], readonly ToldIncident[], string | null, number | null]>([
    ['an episode', [episodeOf({ started_at: 120_000 })], [], 'episode/memory', null],
    ['a critical one', [episodeOf({ started_at: 120_000, severity: 'critical' })], [], 'episode/memory', 120_000],
    [
      'one that became critical',
      [episodeOf({ started_at: 90_000 }, { critical_at: 120_000 })],
      [],
      'episode/memory',
      120_000,
    ],
    ['an info', [episodeOf({ started_at: 120_000, severity: 'info' })], [], null, null],
    ['one of a neighbour', [episodeOf({ started_at: 120_000, gpu_uuid: 'GPU-1' })], [], null, null],
    ['an incident', [], [incidentOf({ 'GPU-0': 120_000 }, {})], 'incident/node', null],
    ['a critical one', [], [incidentOf({ 'GPU-0': 120_000 }, {}, { critical_at: 110_000 })], 'incident/node', 120_000],
    ['one that it came to', [], [incidentOf({ 'GPU-9': 90_000, 'GPU-0': 120_000 }, {})], 'incident/node', null],
    ['one of the node', [], [incidentOf({}, { n1: 120_000 })], null, null],
  ])('%s', (_, episodes, incidents, by, critical_at_ms) => {
    const detection = found({ episodes: keyed(episodes), incidents: keyed(incidents) }).get('s1');
    expect(detection?.first.map((one) => one.by) ?? [null]).toEqual([by]);
    expect(detection?.at_ms ?? 120_000).toBe(120_000);
    expect(detection?.critical_at_ms ?? null).toBe(critical_at_ms);
  });

  it('stand beside the anomaly that came first', () => {
    const detection = found({
      alarms: keyed([at(120)]),
      episodes: keyed([episodeOf({ started_at: 120_000 })]),
      incidents: keyed([incidentOf({ 'GPU-0': 150_000 }, {})]),
    }).get('s1');
    expect(detection?.first.map(({ kind }) => kind)).toEqual(['anomaly', 'episode']);
    expect([...(detection?.kinds ?? [])]).toEqual(['anomaly', 'episode', 'incident']);
  });
});

describe('refused values', () => {
  const sensor = truthOf({ id: 's3', story: 'util_garbage', category: 'sensor' });
  const letter = (more: Partial<RefusedValue> = {}): RefusedValue => ({
    gpu_uuid: '',
    node: 'n1',
    reason: 'out_of_range',
    at_ms: 120_000,
    ...more,
  });
  it.each([
    ['of the node', letter(), sensor, true],
    ['of the GPU', letter({ gpu_uuid: 'GPU-0' }), sensor, true],
    ['of its neighbour', letter({ gpu_uuid: 'GPU-1' }), sensor, false],
    ['of another node', letter({ node: 'n2' }), sensor, false],
    ['before it', letter({ at_ms: 90_000 }), sensor, false],
    ['of a story that is no sensor', letter(), truthOf({ id: 's3' }), false],
  ])('%s', (_, refused, truth, seen) => {
    expect(found({ refused: [refused] }, truth).has('s3')).toBe(seen);
  });
});
