import { expect, it } from 'vitest';
import { days } from '../../pipeline/contract/time.ts';
import { alarmOf, logOf, truthOf } from './alarms.fixture.ts';
import { detections, sightings } from './detections.ts';
import { detectorFigures } from './detector-figures.ts';
import { indexTruth } from './match-truth.ts';
import type { Alarm } from './told.ts';

const truth = indexTruth(
  [0, 1, 2, 3].map((k) =>
    truthOf({ id: `s${k}`, nodes: [`n${k}`], gpu_uuids: [`GPU-${k}`], since_ms: 0, until_ms: days(1) }),
  ),
);
const told = (k: number, detector: string, severity: 'info' | 'warning'): Alarm =>
  alarmOf({
    id: `${detector}${k}`,
    gpu_uuid: `GPU-${k}`,
    node: `n${k}`,
    detector,
    severity,
    told_at: 1_000,
    warned_at: severity === 'info' ? null : 1_000,
  });
const keyed = (...list: readonly Alarm[]): Map<string, Alarm> => new Map(list.map((one) => [one.id, one]));

it('judges each detector by itself, those that are off beside all that is on', () => {
  const log = logOf({
    alarms: keyed(told(0, 'b', 'warning'), told(1, 'b', 'info'), told(0, 'a', 'info'), told(9, 'a', 'warning')),
    optional: new Map([
      ['density', keyed(told(0, 'dbscan', 'info'), told(2, 'dbscan', 'info'), told(8, 'dbscan', 'info'))],
      ['other', keyed()],
    ]),
  });
  const found = detections(
    truth,
    sightings(log, () => ''),
  );
  const none = { info: 0, warning: 0, critical: 0 };
  expect(detectorFigures(truth, log, found, 500)).toEqual(
    [
      { detector: 'all defaults', on: true, seen: 2, warned: 1, alone: 1, per_1000_gpu_days: { ...none, warning: 2 } },
      { detector: 'a', on: true, seen: 1, warned: 0, alone: 0, per_1000_gpu_days: { ...none, warning: 2 } },
      { detector: 'b', on: true, seen: 2, warned: 1, alone: 1, per_1000_gpu_days: none },
      { detector: 'density', on: false, seen: 2, warned: 0, alone: 1, per_1000_gpu_days: { ...none, info: 2 } },
      { detector: 'other', on: false, seen: 0, warned: 0, alone: 0, per_1000_gpu_days: none },
    ].map((one) => ({ ...one, faults: 4 })),
  );
});
