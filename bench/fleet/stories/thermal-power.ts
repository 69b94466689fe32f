import { wander } from '../random.ts';
import { createJob } from '../workload.ts';
import type { Course, StoryKind } from './story-kind.ts';

const load = (course: Course) => createJob('pretrain', course.seed, course.start_ms - 600_000, course.end_ms + 600_000);
const hot = { needs: ['gpu_temp_celsius'], job: load, job_applies: 'when_idle', whole_boards_only: true } as const;

/** Heat that does not leave, and power that does not come. */
export const thermalStories: readonly StoryKind[] = [
  {
    ...hot,
    name: 'cold_plate_decay',
    category: 'thermal',
    scope: 'gpu',
    description:
      'The cold plate of one board clogs: die and HBM get hotter at the same work, until the clocks are held back (bits 32, then 64).',
    hours: [20, 48],
    inject_minutes: 40,
    weight: 2,
    effect(e, { progress }) {
      e.die_resistance *= 1 + 2.6 * progress ** 1.5;
      e.hbm_resistance *= 1 + 1.3 * progress ** 1.5;
    },
  },
  {
    ...hot,
    name: 'fan_decay',
    category: 'thermal',
    scope: 'node',
    description: 'A fan wall loses speed: every board of the node runs hotter, the rear half most.',
    hours: [10, 36],
    inject_minutes: 30,
    weight: 1.5,
    effect(e, { progress, slot }) {
      const loss = (slot < 4 ? 0.3 : 1) * progress;
      e.die_resistance *= 1 + loss;
      e.hbm_resistance *= 1 + 0.8 * loss;
    },
  },
  {
    ...hot,
    name: 'dust',
    category: 'thermal',
    scope: 'node',
    description: 'Dust in the filters: a slow rise over days, the same for all boards of the node.',
    hours: [48, 96],
    inject_minutes: 60,
    weight: 1,
    effect(e, { progress }) {
      e.die_resistance *= 1 + 0.45 * progress;
      e.hbm_resistance *= 1 + 0.35 * progress;
    },
  },
  {
    ...hot,
    name: 'paste_pump_out',
    category: 'thermal',
    scope: 'gpu',
    description: 'Thermal paste leaves the gap of one die: the die gets hotter under load, HBM does not.',
    hours: [30, 72],
    inject_minutes: 45,
    weight: 1.5,
    effect(e, { progress }) {
      e.die_resistance *= 1 + 1.2 * (1 - Math.exp(-2 * progress));
    },
  },
  {
    name: 'hot_inlet',
    category: 'thermal',
    scope: 'rack',
    description: 'A cooling unit fails: the inlet air of one rack rises by up to 16 C and comes back.',
    hours: [1, 4],
    inject_minutes: 25,
    weight: 1,
    needs: ['gpu_temp_celsius'],
    effect(e, { progress }) {
      e.inlet_c += 16 * Math.sqrt(Math.sin(Math.PI * progress));
    },
  },
];

export const powerStories: readonly StoryKind[] = [
  {
    name: 'power_brake',
    category: 'power',
    scope: 'gpu',
    description:
      'The external power brake of one board is pulled again and again: bits 128 and 8, clocks at less than half.',
    hours: [1, 8],
    inject_minutes: 15,
    weight: 1.5,
    needs: ['throttle_reasons'],
    whole_boards_only: true,
    job: load,
    job_applies: 'when_idle',
    effect(e, { ts_ms, seed }) {
      if (wander(seed, ts_ms / 90_000) > 0.4) e.brake = true;
    },
  },
  {
    name: 'psu_droop',
    category: 'power',
    scope: 'node',
    description: 'A power supply of the node sags under load: all boards are braked together for moments.',
    hours: [2, 10],
    inject_minutes: 20,
    weight: 1,
    needs: ['throttle_reasons'],
    whole_boards_only: true,
    job: load,
    job_applies: 'when_idle',
    effect(e, { ts_ms, seed }) {
      if (wander(seed, ts_ms / 60_000) > 0.62) e.brake = true;
    },
  },
  {
    name: 'power_cap',
    category: 'power',
    scope: 'gpu',
    description: 'One board came back with a power limit of 55 %: bit 4 all the time, clocks far below its peers.',
    hours: [6, 30],
    inject_minutes: 25,
    weight: 1,
    needs: ['power_limit_watts'],
    whole_boards_only: true,
    job: load,
    job_applies: 'when_idle',
    effect(e) {
      e.limit_ratio *= 0.55;
    },
  },
];
