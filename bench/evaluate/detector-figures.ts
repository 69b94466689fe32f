import { alarmSightings, type Detection, detections } from './detections.ts';
import { type PerSeverity, perSeverity } from './false-alarm-figures.ts';
import { grouped } from './grouped.ts';
import type { TruthIndex } from './match-truth.ts';
import type { SinkLog } from './sink-log.ts';
import { type Alarm, peakedAt } from './told.ts';

/** What one detector sees and makes up by itself. */
export interface DetectorFigures {
  /** The detector; `all defaults` for those that are on, together. */
  readonly detector: string;
  readonly on: boolean;
  readonly faults: number;
  /** Faults that it told at all, and as warning or critical. */
  readonly seen: number;
  readonly warned: number;
  /** Faults that it told at all and that no person was told of by anything that is on. */
  readonly alone: number;
  /** Anomalies on clean GPUs per 1,000 GPU-days. */
  readonly per_1000_gpu_days: PerSeverity;
}

const ALL = 'all defaults';

/** All that is on together, each detector that is on, then those that are off by default: `found` is what is told without them. */
export function detectorFigures(
  truth: TruthIndex,
  log: SinkLog,
  found: ReadonlyMap<string, Detection>,
  clean_gpu_days: number,
): DetectorFigures[] {
  const faults = truth.truths.filter((one) => one.fault).length;
  const figuresOf = (detector: string, on: boolean, alarms: readonly Alarm[]): DetectorFigures => {
    const told = (least: 'info' | 'warning') =>
      detections(
        truth,
        alarms.flatMap((alarm) => [...alarmSightings(alarm, least)]),
      );
    const seen = told('info');
    const clean = perSeverity(alarms.filter((alarm) => truth.bucket(alarm, peakedAt(alarm)).kind === 'clean'));
    const rate = (n: number): number => (clean_gpu_days > 0 ? (n / clean_gpu_days) * 1_000 : 0);
    return {
      detector,
      on,
      faults,
      seen: seen.size,
      warned: told('warning').size,
      alone: [...seen.keys()].filter((id) => !found.has(id)).length,
      per_1000_gpu_days: { info: rate(clean.info), warning: rate(clean.warning), critical: rate(clean.critical) },
    };
  };
  const defaults = [...log.alarms.values()];
  const by_detector = [...grouped(defaults, ({ detector }) => detector)].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    figuresOf(ALL, true, defaults),
    ...by_detector.map(([detector, alarms]) => figuresOf(detector, true, alarms)),
    ...[...log.optional].map(([step, alarms]) => figuresOf(step, false, [...alarms.values()])),
  ];
}
