import { describe, expect, it } from 'vitest';
import { minutes } from '../../pipeline/contract/time.ts';
import { describeLaws, type SampleRow, START_MS, sampleRows } from '../core/laws.fixture.ts';
import { type Course, follow, healthy, type Readings, told } from './conditions.fixture.ts';
import { conditions } from './conditions.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const ONSET = 4 * MINUTE;

/** Rows of a fleet that falls ill in many ways at once, so that the laws see conditions open, escalate and close. */
const sickRows = (seed: number): SampleRow[] =>
  sampleRows(seed).map((row, i) => {
    const scrape = Math.floor((row.ts - START_MS) / 10_000);
    const sick = scrape > 20 && scrape < 110 && i % 5 !== 0;
    return {
      ...row,
      // One board shows a MIG instance beside its own row.
      ...(row.uuid === 'GPU-5' ? { uuid: 'GPU-4', instance: '3' } : {}),
      values: {
        ...row.values,
        ecc_sbe_volatile_total: sick ? scrape * 90_000 : 10_000_000,
        ecc_dbe_volatile_total: sick && scrape > 40 ? 2 : 0,
        row_remap_pending: sick ? 1 : 0,
        throttle_reasons: sick ? 64 | 8 : 1,
        gpu_temp_celsius: sick ? 95 : 60,
        temp_margin_celsius: Number.NaN,
        pcie_replay_total: sick ? scrape * 50 : 0,
        recovery_action: sick ? (scrape > 60 ? 4 : 1) : 0,
      },
    };
  });

describeLaws('conditions', () => conditions({}), { bytes_per_gpu_max: 2_740 });
describeLaws('conditions of a sick fleet', () => conditions({ ecc_sbe_rate: { close_after: minutes(1) } }), {
  bytes_per_gpu_max: 2_740,
  rows: sickRows,
});

interface Fault {
  readonly name: string;
  /** What a time after its onset changes of a healthy GPU's readings. */
  readonly change: (ms: number) => Readings;
  readonly lasts?: number;
  readonly told: readonly string[];
  /** Bound from onset to the first telling, and from the first to the most severe one; a cadence is added to both. */
  readonly delay?: number;
  /** Rows that the first telling needs at least, at whatever cadence. */
  readonly rows?: number;
  readonly escalation?: number;
  readonly model?: string;
}

const perSecond = (rate: number, ms: number): number => Math.floor((rate * ms) / SECOND);
const open = (type: string, severity: string): string => `${type} ${severity} open`;
const closed = (type: string, severity: string): string => `${type} ${severity} closed`;
const whole = (type: string, severity: string): string[] => [open(type, severity), closed(type, severity)];

// biome-ignore format: a table
const FAULTS: readonly Fault[] = [
  { name: 'a storm of corrected errors', change: (ms) => ({ ecc_sbe_volatile_total: 3 + perSecond(17_700, ms) }), lasts: 15 * MINUTE, told: whole('ecc_sbe_rate', 'critical'), delay: 70 * SECOND, rows: 2 },
  { name: 'the storm in the aggregate counter alone', change: (ms) => ({ ecc_sbe_volatile_total: Number.NaN, ecc_sbe_aggregate_total: 11 + perSecond(17_700, ms) }), lasts: 15 * MINUTE, told: whole('ecc_sbe_rate', 'critical'), delay: 70 * SECOND, rows: 2 },
  { name: 'a slow burn', change: (ms) => ({ ecc_sbe_volatile_total: 3 + perSecond(0.1, ms) }), lasts: 30 * MINUTE, told: whole('ecc_sbe_rate', 'warning'), delay: 13 * MINUTE },
  { name: 'one burst of corrected errors', change: () => ({ ecc_sbe_volatile_total: 900, ecc_sbe_aggregate_total: 908 }), told: [] },
  { name: 'one large burst of corrected errors', change: () => ({ ecc_sbe_volatile_total: 20_000, ecc_sbe_aggregate_total: 20_008 }), told: [] },
  { name: 'corrected errors, a few an hour', change: (ms) => ({ ecc_sbe_volatile_total: 3 + Math.floor(ms / (15 * MINUTE)) }), lasts: HOUR, told: [] },
  { name: 'a burn that becomes a storm', change: (ms) => ({ ecc_sbe_volatile_total: 3 + perSecond(0.2, ms) + perSecond(40, Math.max(0, ms - 20 * MINUTE)) }), lasts: 30 * MINUTE, told: [open('ecc_sbe_rate', 'warning'), ...whole('ecc_sbe_rate', 'critical')], delay: 12 * MINUTE, escalation: 14 * MINUTE },
  { name: 'an uncorrectable error', change: () => ({ ecc_dbe_volatile_total: 1, ecc_dbe_aggregate_total: 2 }), told: [open('ecc_dbe', 'critical')], delay: 0 },
  { name: 'a failed remap', change: () => ({ row_remap_failed: 1 }), told: whole('row_remap_failed', 'critical'), delay: 0 },
  { name: 'a pending remap', change: () => ({ row_remap_pending: 1 }), told: whole('row_remap_pending', 'warning'), delay: 0 },
  { name: 'remapped rows near the end', change: () => ({ remapped_rows_uncorrectable_total: Number.NaN, row_remap_pending: 0 }), told: [] },
  { name: 'pending pages', change: () => ({ retired_pages_pending: 2, retired_pages_sbe_total: 3, retired_pages_dbe_total: 1 }), told: [open('retired_pages', 'warning')], delay: 0 },
  { name: 'too many pages', change: () => ({ retired_pages_sbe_total: 40, retired_pages_dbe_total: 23 }), told: [open('retired_pages', 'critical')], delay: 0 },
  { name: 'PCIe replays beyond the link', change: (ms) => ({ pcie_replay_total: 40 + perSecond(1, ms) }), told: whole('pcie_replay_rate', 'warning'), delay: 4 * MINUTE },
  { name: 'PCIe replays that the link may have', change: (ms) => ({ pcie_replay_total: 40 + perSecond(0.4, ms) }), told: [] },
  { name: 'lost lanes', change: () => ({ pcie_link_width: 8 }), told: whole('pcie_downtrained', 'warning'), delay: 5 * MINUTE + SECOND },
  { name: 'a lower generation under load', change: () => ({ pcie_link_gen: 1 }), told: whole('pcie_downtrained', 'warning'), delay: 5 * MINUTE + SECOND },
  { name: 'a lower generation at idle', change: () => ({ pcie_link_gen: 1, gpu_util_ratio: 0, gr_engine_active_ratio: 0, sm_active_ratio: 0 }), told: [] },
  { name: 'a storm of NVLink CRC errors', change: (ms) => ({ nvlink_crc_flit_errors_total: 7 + perSecond(150, ms), nvlink_crc_data_errors_total: perSecond(60, ms) }), told: whole('nvlink_errors', 'critical'), delay: 2 * MINUTE },
  { name: 'one burst of NVLink CRC errors', change: () => ({ nvlink_crc_flit_errors_total: 30_000, nvlink_crc_data_errors_total: 9_000 }), told: [] },
  { name: 'NVLink recoveries', change: (ms) => ({ nvlink_recovery_errors_total: perSecond(0.2, ms) }), told: whole('nvlink_errors', 'warning'), delay: 5 * MINUTE },
  { name: 'a margin used up', change: () => ({ temp_margin_celsius: -3, gpu_temp_celsius: 90 }), told: whole('thermal_margin', 'critical'), delay: MINUTE + SECOND },
  { name: 'a margin nearly used up', change: () => ({ temp_margin_celsius: 0, gpu_temp_celsius: 87 }), told: whole('thermal_margin', 'warning'), delay: 10 * MINUTE + SECOND },
  { name: 'a margin that is not supported', change: () => ({ temp_margin_celsius: -10, gpu_temp_celsius: 41 }), told: [] },
  { name: 'a hot afternoon', change: () => ({ temp_margin_celsius: 6, gpu_temp_celsius: 81, memory_temp_celsius: 92 }), told: [] },
  { name: 'heat without a margin', model: 'NVIDIA A100-SXM4-80GB', change: () => ({ temp_margin_celsius: Number.NaN, gpu_temp_celsius: 90 }), told: whole('thermal_margin', 'critical'), delay: MINUTE + SECOND },
  { name: 'hot memory without a margin', model: 'Tesla V100-SXM2-32GB', change: () => ({ temp_margin_celsius: -5, memory_temp_celsius: 90 }), told: whole('thermal_margin', 'warning'), delay: 10 * MINUTE + SECOND },
  { name: 'hardware slowdown', change: () => ({ throttle_reasons: 8 | 64 }), lasts: 25 * MINUTE, told: [open('hw_slowdown', 'warning'), ...whole('hw_slowdown', 'critical')], delay: 8 * MINUTE, escalation: 12 * MINUTE },
  { name: 'a minute of hardware slowdown', change: (ms) => ({ throttle_reasons: ms < MINUTE ? 8 : 1 }), told: [] },
  { name: 'the power brake', change: () => ({ throttle_reasons: 8 | 128 }), lasts: 25 * MINUTE, told: [open('power_brake', 'warning'), ...whole('power_brake', 'critical')], delay: 4 * MINUTE, escalation: 13 * MINUTE },
  { name: 'software slowdown for heat', change: () => ({ throttle_reasons: 32 }), lasts: 30 * MINUTE, told: whole('sw_thermal', 'warning'), delay: 15 * MINUTE },
  { name: 'reasons that are none', change: (ms) => ({ throttle_reasons: [1, 2, 4, 256, 1 | 256, 2 | 4][Math.floor(ms / MINUTE) % 6] as number }), told: [] },
  { name: 'time held back by heat', change: (ms) => ({ thermal_violation_ns_total: 0.3 * ms * 1e6 }), lasts: 30 * MINUTE, told: whole('thermal_violation', 'warning'), delay: 15 * MINUTE },
  { name: 'time held back by power', change: (ms) => ({ power_violation_ns_total: 0.9 * ms * 1e6 }), lasts: 30 * MINUTE, told: whole('power_violation', 'info'), delay: 15 * MINUTE },
  { name: 'profiling counters at zero under load', change: () => ({ sm_active_ratio: 0, gr_engine_active_ratio: 0 }), told: whole('sensor_lying', 'warning'), delay: 5 * MINUTE + SECOND },
  { name: 'profiling counters at zero under a light load', change: () => ({ sm_active_ratio: 0, gr_engine_active_ratio: 0, gpu_util_ratio: 0.12, power_watts: 190 }), told: whole('sensor_lying', 'warning'), delay: 5 * MINUTE + SECOND },
  { name: 'profiling counters at zero under work in bursts', change: (ms) => ({ sm_active_ratio: 0, gr_engine_active_ratio: 0, gpu_util_ratio: ms % (2 * MINUTE) < MINUTE ? 0.3 : 0, power_watts: 120 }), told: whole('sensor_lying', 'warning'), delay: 7 * MINUTE },
  { name: 'a resting GPU that is touched for a moment each minute', change: (ms) => ({ sm_active_ratio: 0, gr_engine_active_ratio: 0, gpu_util_ratio: Math.floor((ms % MINUTE) / (20 * SECOND)) === 1 ? 0.2 : 0, power_watts: 75, throttle_reasons: 1 }), told: [] },
  { name: 'a resting GPU that is touched now and then', change: (ms) => ({ sm_active_ratio: 0, gr_engine_active_ratio: 0, gpu_util_ratio: ms % (4 * MINUTE) < 2 * MINUTE ? 0.3 : 0, power_watts: 75, throttle_reasons: 1 }), told: [] },
  { name: 'a lowered power limit', change: () => ({ power_limit_watts: 385, power_watts: 380 }), told: whole('power_limit_lowered', 'warning'), delay: 5 * MINUTE + SECOND },
  { name: 'a power limit lowered by a tenth', change: () => ({ power_limit_watts: 630, power_watts: 625 }), told: [] },
  { name: 'a power limit raised for a trial', change: (ms) => ({ power_limit_watts: ms < 15 * MINUTE ? 900 : 700 }), told: [] },
  { name: 'a power limit that is missing, or reads 0', change: (ms) => ({ power_limit_watts: ms % (2 * MINUTE) < MINUTE ? Number.NaN : 0 }), told: [] },
  { name: 'a job that ends', change: () => ({ sm_active_ratio: 0, gr_engine_active_ratio: 0, gpu_util_ratio: 0, power_watts: 70, throttle_reasons: 1, fb_used_bytes: 0 }), told: [] },
  { name: 'a reset that the driver asks for', change: () => ({ recovery_action: 1 }), told: whole('recovery_action', 'warning'), delay: 0 },
  { name: 'a drain that the driver asks for', change: (ms) => ({ recovery_action: ms < 5 * MINUTE ? 1 : 4 }), told: [open('recovery_action', 'warning'), ...whole('recovery_action', 'critical')], delay: 0, escalation: 5 * MINUTE },
  { name: 'an XID of an application', change: () => ({ xid_last: 31 }), told: [] },
  { name: 'a driver reload', change: () => ({ ecc_sbe_volatile_total: 0, pcie_replay_total: 0, nvlink_crc_flit_errors_total: 0, power_violation_ns_total: 0 }), told: [] },
  { name: 'everything missing but power', change: () => Object.fromEntries(Object.keys(healthy(0)).map((name) => [name, name === 'power_watts' ? 500 : Number.NaN])), lasts: 2 * MINUTE, told: [] },
];

const LASTS = 20 * MINUTE;
/** Longer than any condition of the table takes to close. */
const AFTER = 50 * MINUTE;

/** At 10 Hz it ends with the fault: closing is seen at the other cadences. */
function courseOf(fault: Fault, cadence_ms: number): Course {
  const lasts = fault.lasts ?? LASTS;
  return {
    cadence_ms,
    span_ms: ONSET + lasts + (cadence_ms < SECOND ? -cadence_ms : AFTER),
    ...(fault.model ? { model: fault.model } : {}),
    at(since) {
      const usual = healthy(since);
      if (since < ONSET) return usual;
      const final = fault.change(lasts);
      if (since < ONSET + lasts) return { ...usual, ...fault.change(since - ONSET) };
      // Counters stay where the fault has left them.
      const counters = Object.entries(final).filter(([name, value]) => name.endsWith('_total') && !Number.isNaN(value));
      return { ...usual, ...Object.fromEntries(counters) };
    },
  };
}

describe.each([
  ['100 ms', 100],
  ['10 s', 10 * SECOND],
  ['60 s', MINUTE],
  ['2 min', 2 * MINUTE],
])('faults at %s', (_, cadence_ms) => {
  it.each(FAULTS.map((fault) => [fault.name, fault] as const))('%s', (_name, fault) => {
    const items = follow(courseOf(fault, cadence_ms));
    expect(told(items)).toEqual(
      cadence_ms < SECOND ? fault.told.filter((line) => !line.endsWith('closed')) : fault.told,
    );
    const first = items[0];
    if (first === undefined) return;
    expect(first.opened_at - START_MS - ONSET).toBeGreaterThanOrEqual(0);
    const latest = Math.max((fault.delay ?? 0) + cadence_ms, (fault.rows ?? 0) * cadence_ms);
    expect(first.opened_at - START_MS - ONSET).toBeLessThanOrEqual(latest);
    for (const item of items) {
      expect(item).toMatchObject({ id: first.id, ts: first.ts, opened_at: first.ts, gpu_uuid: 'GPU-a', node: 'n' });
      expect(item.explanation).toMatch(/^[A-Z0-9].* .*\.$/);
      expect(item.explanation).not.toMatch(/NaN|undefined|null|Infinity/);
      expect(Number.isFinite(item.observed) && Number.isFinite(item.expected) && Number.isFinite(item.score)).toBe(
        true,
      );
    }
  });
});

describe('conditions', () => {
  it.each([1, 10, 30, 60])('is critical within two minutes of the first error of a storm, every %i s', (cadence_s) => {
    const cadence_ms = cadence_s * SECOND;
    for (let phase = 0; phase < 10; phase++) {
      const onset = ONSET + (phase / 10) * cadence_ms;
      const at = (ms: number): Readings => ({
        ...healthy(ms),
        ecc_sbe_volatile_total: 3 + perSecond(17_700, Math.max(0, ms - onset)),
      });
      const [first] = follow({ cadence_ms, span_ms: onset + 3 * MINUTE, at });
      expect(first?.severity).toBe('critical');
      expect((first?.opened_at ?? 0) - START_MS - onset).toBeLessThanOrEqual(2 * MINUTE);
    }
  });

  it('escalates at the row that bears it', () => {
    for (const fault of FAULTS) {
      if (fault.escalation === undefined) continue;
      for (const cadence_ms of [10 * SECOND, MINUTE, 2 * MINUTE]) {
        const lines: string[] = [];
        const course = courseOf(fault, cadence_ms);
        const until = { ...course, span_ms: ONSET + (fault.delay ?? 0) + fault.escalation + 2 * cadence_ms };
        lines.push(...told(follow(until)));
        expect(lines, fault.name).toEqual(fault.told.slice(0, 2));
      }
    }
  });
});
