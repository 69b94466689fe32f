import { describe, expect, it } from 'vitest';
import { hours } from '../../pipeline/contract/time.ts';
import { STORY_KINDS } from '../fleet/stories/story-kinds.ts';
import { alarmOf, episodeOf, logOf, truthOf } from './alarms.fixture.ts';
import { detections, sightings } from './detections.ts';
import { indexTruth } from './match-truth.ts';
import { failureMoment } from './story-failure.ts';
import { storyFigures } from './story-figures.ts';

const span = { since_ms: 0, until_ms: hours(100) };

describe('failure moment', () => {
  it.each([
    ['sbe_slow_burn', 100],
    ['cold_plate_decay', 100],
    ['row_remap_failure', 50],
    ['dbe_row_remap', 55],
    ['nvlink_crc', 70],
    ['page_retirement', 30],
    ['fallen_off_bus', null],
    ['temp_stuck', null],
    ['idle', null],
  ])('%s: hour %s of a hundred', (story, hour) => {
    expect(failureMoment({ story, ...span })).toBe(hour === null ? null : hours(hour));
  });

  it('lies in every story', () => {
    for (const { name } of STORY_KINDS) {
      const moment = failureMoment({ story: name, ...span }) ?? hours(50);
      expect(moment).toBeGreaterThan(0);
      expect(moment).toBeLessThanOrEqual(hours(100));
    }
  });
});

it('sums up a kind of story', () => {
  const truths = [0, 1, 2, 3].map((k) =>
    truthOf({ id: `s${k}`, nodes: [`n${k}`], gpu_uuids: [`GPU-${k}`], since_ms: 0, until_ms: hours(24) }),
  );
  const seen = (k: number, hour: number, critical: boolean) =>
    alarmOf({
      id: `a${k}`,
      gpu_uuid: `GPU-${k}`,
      node: `n${k}`,
      warned_at: hours(hour),
      critical_at: critical ? hours(hour) : null,
    });
  const alarms = [seen(0, 2, true), seen(1, 4, false), seen(2, 12, false)];
  const log = logOf({
    alarms: new Map(alarms.map((alarm) => [alarm.id, alarm])),
    episodes: new Map([
      ['e1', episodeOf({ gpu_uuid: 'GPU-0', node: 'n0', started_at: hours(3) })],
      ['e2', episodeOf({ gpu_uuid: 'GPU-1', node: 'n1', started_at: hours(4), category: 'bus' })],
    ]),
  });
  const truth = indexTruth(truths);
  const found = detections(
    truth,
    sightings(log, () => ''),
  );
  const [figures] = storyFigures(truth, found, log, Math.LN2);
  expect(figures).toMatchObject({
    story: 'sbe_slow_burn',
    instances: 4,
    detected_ratio: 0.75,
    critical_ratio: 0.25,
    delay_p50_s: hours(4) / 1_000,
    warned_before_failure_ratio: 0.75,
    lead_p50_s: hours(20) / 1_000,
    first_kind: { anomaly: 2, 'anomaly + episode': 1 },
    first_seen_by: { 'conditions/ecc_rate': 3, 'episode/bus': 1 },
    told_ratio: { anomaly: 0.75, episode: 0.5, incident: 0, 'refused value': 0 },
    category_ratio: 0.5,
  });
  expect(figures?.delay_p90_s).toBeCloseTo((hours(4) + 0.8 * hours(8)) / 1_000, 6);
  // At ln 2 false alarms a day, a day is hit by luck half of the time.
  expect(figures?.luck_ratio).toBeCloseTo(0.5, 12);
});
