import { describeLaws, random, type SampleRow } from '../core/laws.fixture.ts';
import { type BoardMoment, boardRows } from './board.fixture.ts';
import { WATCHABLE_GAUGES } from './watched-gauges.ts';
import { ZSCORE_DEFAULTS, zscore } from './zscore.ts';

const inTime = (rows: readonly SampleRow[]): SampleRow[] => rows.toSorted((a, b) => a.ts - b.ts);

/** A day of jobs and pauses, with a fault on one board and an instance that repeats it. */
function troubledRows(seed: number): SampleRow[] {
  const moment =
    (fault: boolean) =>
    (hour: number): BoardMoment => ({
      work: Math.floor(hour * 2) % 3 === 2 ? 0 : 0.5 + 0.45 * (Math.floor(hour * 2) % 2),
      job: Math.floor(hour * 2),
      resistance: fault && hour > 2.2 && hour < 3.2 ? 0.1 : 0.06,
      clock_ratio: fault && hour > 1.2 && hour < 1.4 ? 0.5 : 1,
    });
  const boards = ['0', '1', '2', '3'].flatMap((name, i) =>
    boardRows({
      seed: seed + i,
      step_ms: 60_000,
      hours: 4,
      uuid: `GPU-${name}`,
      node: `node-${i >> 1}`,
      moment: moment(i === 1),
    }),
  );
  const slices = ['1', '2'].flatMap((instance) =>
    boardRows({ seed, step_ms: 60_000, hours: 4, uuid: 'GPU-m', node: 'node-0', instance, moment: moment(true) }),
  );
  const next = random(seed);
  return inTime([...boards, ...slices]).filter(() => next() > 0.03);
}

describeLaws('zscore', () => zscore(ZSCORE_DEFAULTS), { bytes_per_gpu_max: 1_320 });
describeLaws('zscore that finds something', () => zscore(ZSCORE_DEFAULTS), {
  bytes_per_gpu_max: 1_320,
  rows: troubledRows,
});
describeLaws(
  'zscore with thresholds by gauge',
  () => zscore({ ...ZSCORE_DEFAULTS, thresholds: { gpu_temp_celsius: 5, sm_clock_mhz: 2, power_watts: 0 } }),
  { bytes_per_gpu_max: 1_320, rows: troubledRows },
);
// What the configuration reference says that an added gauge costs.
describeLaws(
  'zscore of an added gauge',
  () => zscore({ ...ZSCORE_DEFAULTS, gauges: ['fb_used_bytes'], thresholds: { fb_used_bytes: 2 } }),
  { bytes_per_gpu_max: 404 },
);
describeLaws('zscore of all gauges', () => zscore({ ...ZSCORE_DEFAULTS, gauges: WATCHABLE_GAUGES }), {
  bytes_per_gpu_max: 4_400,
});
