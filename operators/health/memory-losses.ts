import type { Loss } from './loss.ts';
import type { Observations } from './observations.ts';

/** Corrected errors in a day from which they begin to cost, and where nothing of the dimension is left. */
const SBE_PER_DAY_MIN = 100;
const SBE_PER_DAY_MAX = 1e7;
const SBE_TOTAL_MIN = 100;
/** Spare rows of a board. Source: DCGM's hardware limits. */
const SPARE_ROWS = 512;
/** Retired pages: worth attention, and the board's limit. Source: DCGM's hardware limits. */
const PAGES_SOFT = 15;
const PAGES_HARD = 63;
const WEEK_DAYS = 7;
const DAY_S = 86_400;

type Finding = Omit<Loss, 'dimension' | 'proves'>;

/** Days of samples that there are. */
export const watchedDays = (o: Observations): number => (o.samples_7d * o.cadence_seconds) / DAY_S || 0;

/** How often it rose in the last `length` days, from its rise per day: what was not watched counts as quiet. */
const risesIn = (length: number, perDay: number, o: Observations): number => perDay * Math.min(length, watchedDays(o));

const known = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);
const decades = (value: number, from: number): number => Math.log10(value / from);

/**
 * What memory costs: the pace of corrected errors on a logarithmic scale (100 a day cost nothing, ten million everything,
 * so 17,700 a second are past saving within minutes), uncorrectable ones by number and age, and the spare rows (Ampere and
 * later) or retired pages (before) that are used up.
 */
export function memoryLosses(o: Observations): Loss[] {
  const findings = [
    ...correctedLosses(o),
    ...uncorrectableLosses(o),
    ...(tellsRemap(o) ? rowLosses(o) : pageLosses(o)),
  ];
  return findings.map((finding) => ({ dimension: 'memory', proves: true, ...finding }));
}

/** Whether the board remaps rows, by what it reports. */
export const tellsRemap = (o: Observations): boolean =>
  [
    o.remapped_rows_uncorrectable_total,
    o.remapped_rows_correctable_total,
    o.row_remap_failed,
    o.row_remap_pending,
  ].some((value) => !Number.isNaN(value));

function correctedLosses(o: Observations): Finding[] {
  const perDay = known(o.ecc_sbe_volatile_per_day_24h, o.ecc_sbe_aggregate_per_day_24h);
  const daily = risesIn(1, perDay, o);
  const shared = { cause: 'sbe', factor: 'high_correctable_ecc_errors', unit: 'errors' } as const;
  return [
    {
      ...shared,
      points: Math.min(
        100,
        (100 * decades(Math.max(daily, SBE_PER_DAY_MIN), SBE_PER_DAY_MIN)) / decades(SBE_PER_DAY_MAX, SBE_PER_DAY_MIN),
      ),
      metric: 'ecc_sbe_volatile_total',
      value: daily,
      limit: SBE_PER_DAY_MIN,
      window: '24h',
      action: 'drain the GPU, reset it and test its memory',
    },
    {
      ...shared,
      points: Math.min(10, 2.5 * decades(Math.max(o.ecc_sbe_volatile_total, SBE_TOTAL_MIN), SBE_TOTAL_MIN)),
      metric: 'ecc_sbe_volatile_total',
      value: o.ecc_sbe_volatile_total,
      limit: SBE_TOTAL_MIN,
      window: 'since driver load',
      action: 'watch how fast corrected errors rise',
    },
  ];
}

function uncorrectableLosses(o: Observations): Finding[] {
  const perDay = known(o.ecc_dbe_volatile_per_day_7d, o.ecc_dbe_aggregate_per_day_7d);
  const recent = Math.round(known(risesIn(WEEK_DAYS, perDay, o), 0));
  const total = known(o.ecc_dbe_volatile_total, 0);
  const life = known(o.ecc_dbe_aggregate_total, 0);
  const shared = { cause: 'dbe', factor: 'uncorrectable_ecc_errors', limit: 0, unit: 'errors' } as const;
  return [
    {
      ...shared,
      points: recent > 0 ? Math.min(80, 20 + 10 * recent) : 0,
      metric: 'ecc_dbe_volatile_total',
      value: recent,
      window: '7d',
      action: 'drain and reset the GPU; replace it when they come again',
    },
    {
      ...shared,
      points: Math.min(50, 10 * total),
      metric: 'ecc_dbe_volatile_total',
      value: total,
      window: 'since driver load',
      action: 'reset the GPU and test its memory',
    },
    {
      ...shared,
      points: Math.min(10, 2 * life),
      metric: 'ecc_dbe_aggregate_total',
      value: life,
      window: 'life of the board',
      action: 'watch for new ones',
    },
  ];
}

function rowLosses(o: Observations): Finding[] {
  const used = known(o.remapped_rows_uncorrectable_total, 0) + known(o.remapped_rows_correctable_total, 0);
  const recent = Math.round(known(risesIn(WEEK_DAYS, o.remapped_rows_uncorrectable_per_day_7d, o), 0));
  return [
    {
      cause: 'remap_failed',
      factor: 'row_remap_failed',
      points: o.row_remap_failed > 0 ? 90 : 0,
      metric: 'row_remap_failed',
      value: o.row_remap_failed,
      limit: 0,
      unit: 'flag',
      window: 'now',
      action: 'take the GPU out and have it replaced',
    },
    {
      cause: 'remap_pending',
      factor: 'row_remap_pending',
      points: o.row_remap_pending > 0 ? 15 : 0,
      metric: 'row_remap_pending',
      value: o.row_remap_pending,
      limit: 0,
      unit: 'flag',
      window: 'now',
      action: 'reset the GPU to finish the remap',
    },
    {
      cause: 'remap_rows',
      factor: 'remapped_rows',
      points: Math.min(80, (80 * used) / SPARE_ROWS),
      metric: 'remapped_rows_uncorrectable_total',
      value: used,
      limit: SPARE_ROWS,
      unit: 'rows',
      window: 'life of the board',
      action: 'plan the replacement before spare rows run out',
    },
    {
      cause: 'remap_pace',
      factor: 'remapped_rows',
      points: Math.min(25, 5 * recent),
      metric: 'remapped_rows_uncorrectable_total',
      value: recent,
      limit: 0,
      unit: 'rows',
      window: '7d',
      action: 'test the memory at the next maintenance',
    },
  ];
}

function pageLosses(o: Observations): Finding[] {
  const pages = known(o.retired_pages_sbe_total, 0) + known(o.retired_pages_dbe_total, 0);
  const points =
    pages <= PAGES_SOFT ? (30 * pages) / PAGES_SOFT : 30 + (50 * (pages - PAGES_SOFT)) / (PAGES_HARD - PAGES_SOFT);
  return [
    {
      cause: 'retired_pages',
      factor: 'retired_memory_pages',
      points: Math.min(80, points),
      metric: 'retired_pages_dbe_total',
      value: pages,
      limit: pages <= PAGES_SOFT ? PAGES_SOFT : PAGES_HARD,
      unit: 'pages',
      window: 'life of the board',
      action: 'plan the replacement before the limit is reached',
    },
    {
      cause: 'retired_pending',
      factor: 'retired_memory_pages',
      points: o.retired_pages_pending > 0 ? 10 : 0,
      metric: 'retired_pages_pending',
      value: o.retired_pages_pending,
      limit: 0,
      unit: 'pages',
      window: 'now',
      action: 'reset the GPU to retire them',
    },
  ];
}
