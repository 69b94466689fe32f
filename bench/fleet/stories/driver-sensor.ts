import { chance, wander } from '../random.ts';
import { createJob } from '../workload.ts';
import { type Course, rebootFrom, type StoryKind, xid } from './story-kind.ts';

const load = (course: Course) => createJob('finetune', course.seed, course.start_ms - 600_000, course.end_ms + 600_000);

export const driverStories: readonly StoryKind[] = [
  {
    name: 'gsp_hang',
    category: 'driver',
    scope: 'gpu',
    description:
      'XID 119 or 120: the board no longer answers its driver; most readings are gone, it idles with its memory held, until a reboot.',
    hours: [0.5, 4],
    inject_minutes: 12,
    weight: 1.5,
    needs: ['xid_last'],
    effect(e) {
      e.hung = true;
    },
    events: (course) => [
      xid(course.start_ms, chance(course.seed, 1) < 0.6 ? 119 : 120),
      { at_ms: course.start_ms, target: 'gpu', what: { type: 'recovery', action: 2 } },
      { at_ms: course.end_ms, target: 'node', what: { type: 'reset' } },
    ],
    absences: (course) => [{ from_ms: rebootFrom(course), to_ms: course.end_ms, how: 'refuses' }],
  },
  {
    name: 'driver_hang',
    category: 'driver',
    scope: 'node',
    description: 'One call into the driver never returns: the exporter answers nobody until the node is rebooted.',
    hours: [0.4, 3],
    inject_minutes: 12,
    weight: 1,
    needs: [],
    events: (course) => [{ at_ms: course.end_ms, target: 'node', what: { type: 'reset' } }],
    absences: (course) => [
      { from_ms: course.start_ms, to_ms: rebootFrom(course), how: 'hangs' },
      { from_ms: rebootFrom(course), to_ms: course.end_ms, how: 'refuses' },
    ],
  },
  {
    name: 'exporter_frozen',
    category: 'driver',
    scope: 'node',
    description: 'The exporter serves the same page again and again while the clock moves on.',
    hours: [0.5, 5],
    inject_minutes: 12,
    weight: 1,
    needs: [],
    absences: (course) => [{ from_ms: course.start_ms, to_ms: course.end_ms, how: 'frozen' }],
  },
];

export const sensorStories: readonly StoryKind[] = [
  {
    name: 'prof_stuck_zero',
    category: 'sensor',
    scope: 'gpu',
    description: 'After XID 31 the profiling counters of a busy board read 0 while its utilisation is high.',
    hours: [2, 12],
    inject_minutes: 15,
    weight: 1,
    needs: ['gr_engine_active_ratio', 'gpu_util_ratio', 'xid_last'],
    whole_boards_only: true,
    job: load,
    job_applies: 'when_idle',
    effect(e) {
      e.prof_zero = true;
    },
    events: (course) => [xid(course.start_ms, 31), { at_ms: course.end_ms, target: 'gpu', what: { type: 'reset' } }],
  },
  {
    name: 'temp_stuck',
    category: 'sensor',
    scope: 'gpu',
    description: 'The die temperature stands still while power and everything around it moves.',
    hours: [3, 20],
    inject_minutes: 20,
    weight: 0.8,
    needs: ['gpu_temp_celsius'],
    effect(e) {
      e.temp_stuck = true;
    },
  },
  {
    name: 'util_garbage',
    category: 'sensor',
    scope: 'gpu',
    description: 'Utilisation reads 4294967295 in bursts.',
    hours: [1, 10],
    inject_minutes: 15,
    weight: 0.8,
    needs: ['gpu_util_ratio'],
    whole_boards_only: true,
    effect(e, { ts_ms, seed }) {
      if (wander(seed, ts_ms / 60_000) > 0.5) e.util_garbage = true;
    },
  },
];

export const stragglerStories: readonly StoryKind[] = [
  {
    name: 'straggler',
    category: 'straggler',
    scope: 'gpu',
    description: 'One board of a gang job runs 8 % below the clocks of its peers, with no throttle reason.',
    hours: [6, 30],
    inject_minutes: 25,
    weight: 1.5,
    needs: ['sm_clock_mhz'],
    whole_boards_only: true,
    job: (course) => createJob('pretrain', course.seed, course.start_ms - 600_000, course.end_ms + 600_000),
    job_applies: 'node',
    effect(e) {
      e.clock_ratio *= 0.92;
    },
  },
];
