import { chance } from '../random.ts';
import { createJob } from '../workload.ts';
import { at, type StoryKind, xid } from './story-kind.ts';

/** Things that look like trouble and are none: whoever shouts here loses. */
export const lookAlikes: readonly StoryKind[] = [
  {
    name: 'job_change',
    category: 'benign',
    scope: 'gpu',
    description:
      'Another job takes the GPU: different power, temperature, traffic and memory from one sample to the next.',
    hours: [1, 6],
    inject_minutes: 20,
    weight: 2,
    needs: [],
    whole_boards_only: true,
    job: (course) =>
      createJob(chance(course.seed, 1) < 0.5 ? 'batch' : 'inference', course.seed, course.start_ms, course.end_ms),
    job_applies: 'always',
  },
  {
    name: 'idle',
    category: 'benign',
    scope: 'gpu',
    description: 'The GPU is drained and stays idle: low clocks, bit 1, cool.',
    hours: [1, 8],
    inject_minutes: 20,
    weight: 1.5,
    needs: [],
    whole_boards_only: true,
    effect(e) {
      e.override = null;
    },
  },
  {
    name: 'hot_afternoon',
    category: 'benign',
    scope: 'fleet',
    description: 'A hot afternoon: the inlet of every rack rises by up to 5 C and falls again.',
    hours: [5, 8],
    inject_minutes: 40,
    weight: 0.4,
    needs: [],
    effect(e, { progress }) {
      e.inlet_c += 5 * Math.sin(Math.PI * progress);
    },
  },
  {
    name: 'driver_reload',
    category: 'benign',
    scope: 'node',
    description: 'The driver is reloaded: a minute of silence, then volatile counters and energy begin at zero.',
    hours: [0.015, 0.03],
    inject_minutes: 1,
    weight: 1,
    needs: [],
    events: (course) => [{ at_ms: course.end_ms, target: 'node', what: { type: 'reset' } }],
    absences: (course) => [{ from_ms: course.start_ms, to_ms: course.end_ms, how: 'refuses' }],
  },
  {
    name: 'reboot',
    category: 'benign',
    scope: 'node',
    description: 'A planned reboot: the node is away for some minutes and comes back with fresh counters.',
    hours: [0.06, 0.15],
    inject_minutes: 4,
    weight: 1,
    needs: [],
    events: (course) => [{ at_ms: course.end_ms, target: 'node', what: { type: 'reset' } }],
    absences: (course) => [{ from_ms: course.start_ms, to_ms: course.end_ms, how: 'refuses' }],
  },
  {
    name: 'application_xid',
    category: 'benign',
    scope: 'gpu',
    description:
      'A program crashes: XID 13 or 31, then 43 or 45; the hardware is sound and the GPU waits for its next job.',
    hours: [0.2, 0.6],
    inject_minutes: 10,
    weight: 3,
    needs: ['xid_last'],
    events: (course) => [
      xid(course.start_ms, chance(course.seed, 1) < 0.5 ? 13 : 31),
      xid(at(course, 0.1), chance(course.seed, 2) < 0.5 ? 43 : 45),
    ],
    effect(e, { progress }) {
      if (progress > 0.1) e.override = null;
    },
  },
  {
    name: 'power_capped_training',
    category: 'benign',
    scope: 'node',
    description: 'Heavy training at the power limit: bit 4 on every board for hours, as configured.',
    hours: [3, 12],
    inject_minutes: 30,
    weight: 1,
    needs: [],
    nvlink_only: true,
    whole_boards_only: true,
    job: (course) => ({
      ...createJob('pretrain', course.seed, course.start_ms, course.end_ms),
      sm: 0.95,
      tensor: 0.72,
      dram: 0.5,
    }),
    job_applies: 'always',
  },
  {
    name: 'checkpoint_bursts',
    category: 'benign',
    scope: 'node',
    description: 'Training that saves every six minutes: utilisation falls and PCIe bursts in step on all boards.',
    hours: [2, 8],
    inject_minutes: 25,
    weight: 1,
    needs: [],
    nvlink_only: true,
    whole_boards_only: true,
    job: (course) => ({
      ...createJob('finetune', course.seed, course.start_ms, course.end_ms),
      checkpoint_every_ms: 360_000,
      checkpoint_ms: 80_000,
    }),
    job_applies: 'always',
  },
];
