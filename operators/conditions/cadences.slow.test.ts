import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { type Course, follow, healthy, type Readings, told } from './conditions.fixture.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const ONSET = 2 * HOUR;

/** What needs hours: sensors, idle holders, wear; at 10 s and at 2 min. */
interface Slow {
  readonly name: string;
  readonly at: (ms: number) => Readings | null;
  readonly holder?: Course['holder'];
  readonly hours: number;
  readonly options?: Course['options'];
  readonly told: readonly string[];
  readonly opens_at?: number;
  readonly says?: RegExp;
}

const swing = (ms: number): number => 400 + 280 * Math.sin(ms / (8 * MINUTE));
const idle: Readings = {
  gpu_util_ratio: 0,
  gr_engine_active_ratio: 0,
  sm_active_ratio: 0,
  power_watts: 70,
  throttle_reasons: 1,
};
/** Joules at a time when `watts` were drawn until ONSET, `after` from there on. */
const joules = (ms: number, watts: number, after: number): number =>
  1e9 + (watts * Math.min(ms, ONSET) + after * Math.max(0, ms - ONSET)) / SECOND;
const without = (...names: readonly string[]): Readings => Object.fromEntries(names.map((name) => [name, Number.NaN]));

// biome-ignore format: a table
const SLOW: readonly Slow[] = [
  { name: 'an energy counter that runs at half speed', hours: 4, at: (ms) => ({ ...healthy(ms), power_watts: 500 + (ms % 7), energy_joules_total: joules(ms, 503, 250) }), told: ['energy_mismatch warning open'], opens_at: ONSET + 80 * MINUTE, says: /differs by up to (4|5)\d.* from the power reading .*; lately 2\d\d W by the counter, 50\d W read/ },
  { name: 'an energy counter that agrees', hours: 4, at: (ms) => ({ ...healthy(ms), power_watts: 500 + (ms % 7), energy_joules_total: joules(ms, 503, 503) }), told: [] },
  { name: 'an energy counter 12 % off', hours: 4, at: (ms) => ({ ...healthy(ms), power_watts: 500 + (ms % 7), energy_joules_total: joules(ms, 503, 443) }), told: [] },
  { name: 'power that comes and goes between the samples', hours: 4, at: (ms) => ({ ...healthy(ms), power_watts: Math.floor(ms / MINUTE) % 3 === 0 ? 700 : 80, energy_joules_total: joules(ms, 360, 360) }), told: [] },
  { name: 'a frozen exporter', hours: 4, at: (ms) => ({ ...healthy(Math.min(ms, ONSET)), power_watts: 503, energy_joules_total: joules(Math.min(ms, ONSET), 503, 503) }), told: [] },
  { name: 'an energy counter that begins anew', hours: 4, at: (ms) => ({ ...healthy(ms), power_watts: 503, energy_joules_total: joules(ms, 503, 503) - (ms < ONSET ? 0 : 1e9) }), told: [] },
  { name: 'a frozen temperature', hours: 5, at: (ms) => ({ ...healthy(ms), power_watts: swing(ms), gpu_temp_celsius: ms < ONSET ? 60 + (Math.floor(ms / (4 * MINUTE)) % 3) : 61 }), told: ['sensor_lying warning open'], opens_at: ONSET + 75 * MINUTE, says: /stood still at 61 C for \d+ min while power moved by \d{3}/ },
  { name: 'a steady temperature at steady power', hours: 5, at: (ms) => ({ ...healthy(ms), power_watts: 500 + 20 * Math.sin(ms / MINUTE), gpu_temp_celsius: 61 }), told: [] },
  { name: 'a job that ends and cools down', hours: 5, at: (ms) => (ms < ONSET ? healthy(ms) : { ...healthy(ms), ...idle, gpu_temp_celsius: ms < ONSET + 3 * MINUTE ? 40 : 30 }), told: [] },
  { name: 'a holder who does nothing', hours: 6, at: (ms) => ({ ...healthy(ms), ...(ms < ONSET || ms > ONSET + 3 * HOUR ? {} : idle) }), holder: () => 'train-7', told: ['held_idle info open', 'held_idle info closed'], opens_at: ONSET + HOUR + 2 * MINUTE, says: /No work was done while train-7 held the GPU/ },
  { name: 'an idle GPU that nobody holds', hours: 6, at: (ms) => ({ ...healthy(ms), ...idle, fb_used_bytes: 0 }), told: [] },
  { name: 'holders who change every half hour', hours: 6, at: (ms) => ({ ...healthy(ms), ...idle }), holder: (ms) => `job-${Math.floor(ms / (HOUR / 2))}`, told: [] },
  { name: 'memory that nobody is known to use', hours: 12, at: (ms) => ({ ...healthy(ms), ...(ms < ONSET ? {} : idle) }), told: ['framebuffer_stuck info open'], opens_at: ONSET + 6 * HOUR + 2 * MINUTE, says: /75 % of the memory is in use on an idle GPU that nobody is known to use/ },
  { name: 'memory left behind by a job', hours: 12, at: (ms) => ({ ...healthy(ms), ...(ms < ONSET ? {} : idle) }), holder: (ms) => (ms < ONSET ? 'train-7' : ''), told: ['framebuffer_stuck warning open'], opens_at: ONSET + 6 * HOUR + 2 * MINUTE, says: /no job holds/ },
  { name: 'memory freed after five hours', hours: 12, at: (ms) => ({ ...healthy(ms), ...(ms < ONSET ? {} : idle), ...(ms > ONSET + 5 * HOUR ? { fb_used_bytes: 600 * 2 ** 20 } : {}) }), told: [] },
  { name: 'fields that vanish', hours: 4, at: (ms) => ({ ...healthy(ms), ...(ms < ONSET || ms > 3 * HOUR ? {} : without('sm_active_ratio', 'gr_engine_active_ratio')) }), told: ['field_vanished info open', 'field_vanished info closed'], opens_at: ONSET + 13 * MINUTE, says: /2 fields are no longer reported: gr_engine_active_ratio, sm_active_ratio/ },
  { name: 'fields that stay away', hours: 30, at: (ms) => ({ ...healthy(ms), ...(ms < ONSET ? {} : without('memory_temp_celsius')) }), told: ['field_vanished info open', 'field_vanished info closed'], opens_at: ONSET + 13 * MINUTE },
  { name: 'fields that were never there, and an XID row that comes and goes', hours: 4, at: (ms) => ({ ...healthy(ms), ...without('recovery_action', ms < ONSET ? 'decoder_util_ratio' : 'xid_last') }), told: [] },
  { name: 'most of a row missing', hours: 4, at: (ms) => (ms < ONSET ? healthy(ms) : { power_watts: 500 + (ms % 7), gpu_temp_celsius: 60 }), told: ['field_vanished warning open'], opens_at: ONSET + 13 * MINUTE, says: /28 fields are no longer reported, of 30 that usually are: memory_temp_celsius, / },
  { name: 'rows that are remapped one after the other', hours: 12, at: (ms) => ({ ...healthy(ms), remapped_rows_uncorrectable_total: 1 + Math.floor(Math.max(0, ms - ONSET) / (2 * HOUR)) }), told: ['row_remap_rate warning open'], opens_at: ONSET + 8 * HOUR + 2 * MINUTE, says: /remapped at 4 per day \(limit 4\)/ },
  { name: 'rows that run out', hours: 6, at: (ms) => ({ ...healthy(ms), remapped_rows_uncorrectable_total: ms < ONSET ? Number.NaN : ms < 2 * ONSET ? 400 : 512 }), told: ['row_remap_pressure warning open', 'row_remap_pressure critical open', 'row_remap_rate critical open'], opens_at: ONSET + 2 * MINUTE },
  { name: 'twenty million corrected errors in a lifetime', hours: 3, at: (ms) => ({ ...healthy(ms), ecc_sbe_aggregate_total: 21e6 }), told: ['ecc_sbe_total warning open'], opens_at: 0 },
  { name: 'twenty million corrected errors since the driver was loaded', hours: 3, at: (ms) => ({ ...healthy(ms), ecc_sbe_volatile_total: 21e6 }), told: ['ecc_sbe_total critical open'], opens_at: 0 },
  { name: 'a silence of five hours in which errors were counted', hours: 8, at: (ms) => (ms > ONSET && ms < ONSET + 5 * HOUR ? null : { ...healthy(ms), ecc_sbe_volatile_total: ms < ONSET ? 3 : 60 }), told: [] },
  { name: 'counters that are missing for hours and have risen a little', hours: 8, options: { field_vanished: { enabled: false } }, at: (ms) => ({ ...healthy(ms), ecc_sbe_volatile_total: ms < ONSET ? 3 : ms < ONSET + 5 * HOUR ? Number.NaN : 60, ecc_sbe_aggregate_total: Number.NaN, pcie_replay_total: ms < ONSET ? 0 : ms < ONSET + 5 * HOUR ? Number.NaN : 2_000 }), told: [] },
  { name: 'an uncorrectable error behind a missing counter', hours: 4, options: { field_vanished: { enabled: false } }, at: (ms) => ({ ...healthy(ms), ecc_dbe_aggregate_total: Number.NaN, ecc_dbe_volatile_total: ms < ONSET ? 0 : ms < ONSET + HOUR ? Number.NaN : 1 }), told: ['ecc_dbe critical open'], opens_at: ONSET + HOUR },
  { name: 'an uncorrectable error a day ago', hours: 30, at: (ms) => ({ ...healthy(ms), ecc_dbe_volatile_total: ms < ONSET ? 0 : 1 }), told: ['ecc_dbe critical open', 'ecc_dbe critical closed'], opens_at: ONSET },
  { name: 'a power limit that stays low becomes the usual one', hours: 36 * 24, at: (ms) => ({ power_limit_watts: ms < ONSET ? 700 : 500, power_watts: 480 }), told: ['power_limit_lowered warning open', 'power_limit_lowered warning closed'], opens_at: ONSET + 7 * MINUTE, says: /stands at 500 W where this GPU had up to (700|699\.\d) W before \(28\.\d+ % less\)/ },
  { name: 'a power limit that was raised for good and then put back', hours: 30, at: (ms) => ({ ...healthy(ms), power_limit_watts: ms < ONSET ? 500 : ms < ONSET + 12 * HOUR ? 700 : 500 }), told: ['power_limit_lowered warning open'], opens_at: ONSET + 12 * HOUR + 7 * MINUTE },
  { name: 'lost lanes seen once in two hours', hours: 8, at: (ms) => (ms % (2 * HOUR) > 0 && ms > ONSET ? null : { ...healthy(ms), pcie_link_width: ms < ONSET ? 16 : 8 }), told: [] },
];

describe.each([
  ['10 s', 10 * SECOND],
  ['2 min', 2 * MINUTE],
])('what needs hours, at %s', (_, cadence_ms) => {
  it.each(SLOW.map((slow) => [slow.name, slow] as const))('%s', (_name, slow) => {
    const { at, holder, options } = slow;
    const course = { cadence_ms, span_ms: slow.hours * HOUR, at };
    const items = follow({ ...course, ...(holder ? { holder } : {}), ...(options ? { options } : {}) });
    expect(told(items)).toEqual(slow.told);
    const [first] = items;
    if (first === undefined) return;
    const opened = first.opened_at - START_MS;
    expect(opened).toBeGreaterThanOrEqual(slow.opens_at === 0 ? 0 : ONSET);
    expect(opened).toBeLessThanOrEqual((slow.opens_at ?? 0) + cadence_ms);
    if (slow.says) expect(first.explanation).toMatch(slow.says);
    for (const item of items) expect(item.explanation).not.toMatch(/NaN|undefined|null|Infinity|1970/);
  });
});
