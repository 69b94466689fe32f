import type { Observations } from './observations.ts';
import { known, perDecade, spannedDays, type Term } from './term.ts';

/** Corrected errors in a day from which they begin to cost, and the points of each power of ten above. */
const SBE_PER_DAY_MIN = 100;
const SBE_DECADE_POINTS = 20;
const SBE_TOTAL_MIN = 100;
/** Spare rows of a board. Source: DCGM's hardware limits. */
const SPARE_ROWS = 512;
const SPARE_ROW_POINTS = 80 / SPARE_ROWS;
/** Retired pages: worth attention, and the board's limit. Source: DCGM's hardware limits. */
const PAGES_SOFT = 15;
const PAGES_HARD = 63;

/** Rises in the last day, from their rate: what was not watched counts as quiet. */
const correctedToday = (o: Observations): number =>
  known(o.ecc_sbe_volatile_per_day_24h, o.ecc_sbe_aggregate_per_day_24h) * Math.min(1, spannedDays(o));
/** Rises in the week, from their rate: whole ones, and where there is a rate there was one. */
const risesThisWeek = (per_day: number, o: Observations): number =>
  per_day > 0 ? Math.max(1, Math.round(per_day * spannedDays(o))) : 0;
const uncorrectableThisWeek = (o: Observations): number =>
  risesThisWeek(known(o.ecc_dbe_volatile_per_day_7d, o.ecc_dbe_aggregate_per_day_7d), o);
const rowsThisWeek = (o: Observations): number => risesThisWeek(o.remapped_rows_uncorrectable_per_day_7d, o);
const pagesRetired = (o: Observations): number =>
  known(o.retired_pages_sbe_total, 0) + known(o.retired_pages_dbe_total, 0);

/** Whether the board remaps rows, by what it reports. */
export const tellsRemap = (o: Observations): boolean =>
  !(
    Number.isNaN(o.remapped_rows_uncorrectable_total) &&
    Number.isNaN(o.remapped_rows_correctable_total) &&
    Number.isNaN(o.row_remap_failed) &&
    Number.isNaN(o.row_remap_pending)
  );

function pagePoints(o: Observations): number {
  if (tellsRemap(o)) return 0;
  const pages = pagesRetired(o);
  if (pages <= PAGES_SOFT) return (30 * pages) / PAGES_SOFT;
  return Math.min(80, 30 + (50 * (pages - PAGES_SOFT)) / (PAGES_HARD - PAGES_SOFT));
}

const memory = { dimension: 'memory' } as const;
const sbe = { ...memory, cause: 'sbe', factor: 'high_correctable_ecc_errors', unit: 'errors' } as const;
const spareRows = {
  ...memory,
  factor: 'remapped_rows',
  limit: SPARE_ROWS,
  unit: 'rows',
  window: 'life of the board',
  action: 'watch how many follow; plan the replacement before spare rows run out',
} as const;
const dbe = { ...memory, cause: 'dbe', factor: 'uncorrectable_ecc_errors', limit: 0, unit: 'errors' } as const;

/**
 * What memory costs: the pace of corrected errors on a logarithmic scale (100 a day cost nothing, ten million everything,
 * so 17,700 a second are past saving within minutes), uncorrectable ones by number and age, and the spare rows (Ampere and
 * later) or retired pages (before) that are used up.
 */
export const MEMORY_TERMS: readonly Term[] = [
  {
    ...sbe,
    points: (o) => Math.min(100, perDecade(SBE_DECADE_POINTS, correctedToday(o), SBE_PER_DAY_MIN)),
    metric: 'ecc_sbe_volatile_total',
    value: correctedToday,
    limit: SBE_PER_DAY_MIN,
    window: '24h',
    action: 'drain the GPU, reset it and test its memory',
  },
  {
    ...sbe,
    points: (o) => Math.min(10, perDecade(2.5, o.ecc_sbe_volatile_total, SBE_TOTAL_MIN)),
    metric: 'ecc_sbe_volatile_total',
    value: (o) => o.ecc_sbe_volatile_total,
    limit: SBE_TOTAL_MIN,
    window: 'since driver load',
    action: 'watch how fast corrected errors rise',
  },
  {
    ...dbe,
    points: (o) => (uncorrectableThisWeek(o) > 0 ? Math.min(80, 20 + 10 * uncorrectableThisWeek(o)) : 0),
    metric: 'ecc_dbe_volatile_total',
    value: uncorrectableThisWeek,
    window: '7d',
    action: 'drain and reset the GPU; replace it when they come again',
  },
  {
    ...dbe,
    points: (o) => Math.min(50, 10 * o.ecc_dbe_volatile_total),
    metric: 'ecc_dbe_volatile_total',
    value: (o) => o.ecc_dbe_volatile_total,
    window: 'since driver load',
    action: 'reset the GPU and test its memory',
  },
  {
    ...dbe,
    points: (o) => Math.min(10, 2 * o.ecc_dbe_aggregate_total),
    metric: 'ecc_dbe_aggregate_total',
    value: (o) => o.ecc_dbe_aggregate_total,
    window: 'life of the board',
    action: 'watch for new ones',
  },
  {
    ...memory,
    cause: 'remap_failed',
    factor: 'row_remap_failed',
    points: (o) => (o.row_remap_failed > 0 ? 90 : 0),
    metric: 'row_remap_failed',
    value: (o) => o.row_remap_failed,
    limit: 0,
    unit: 'flag',
    window: 'now',
    action: 'take the GPU out and have it replaced',
  },
  {
    ...memory,
    cause: 'remap_pending',
    factor: 'row_remap_pending',
    points: (o) => (o.row_remap_pending > 0 ? 15 : 0),
    metric: 'row_remap_pending',
    value: (o) => o.row_remap_pending,
    limit: 0,
    unit: 'flag',
    window: 'now',
    action: 'reset the GPU to finish the remap',
  },
  {
    ...spareRows,
    cause: 'remap_rows',
    points: (o) => Math.min(80, SPARE_ROW_POINTS * o.remapped_rows_uncorrectable_total),
    metric: 'remapped_rows_uncorrectable_total',
    value: (o) => o.remapped_rows_uncorrectable_total,
  },
  {
    ...spareRows,
    cause: 'remap_rows_correctable',
    points: (o) => Math.min(80, SPARE_ROW_POINTS * o.remapped_rows_correctable_total),
    metric: 'remapped_rows_correctable_total',
    value: (o) => o.remapped_rows_correctable_total,
  },
  {
    ...memory,
    cause: 'remap_pace',
    factor: 'remapped_rows',
    points: (o) => Math.min(25, 5 * rowsThisWeek(o)),
    metric: 'remapped_rows_uncorrectable_total',
    value: rowsThisWeek,
    limit: 0,
    unit: 'rows',
    window: '7d',
    action: 'test the memory at the next maintenance',
  },
  {
    ...memory,
    cause: 'retired_pages',
    factor: 'retired_memory_pages',
    points: pagePoints,
    metric: 'retired_pages_dbe_total',
    value: pagesRetired,
    limit: (o) => (pagesRetired(o) <= PAGES_SOFT ? PAGES_SOFT : PAGES_HARD),
    unit: 'pages',
    window: 'life of the board',
    action: 'plan the replacement before the limit is reached',
  },
  {
    ...memory,
    cause: 'retired_pending',
    factor: 'retired_memory_pages',
    points: (o) => (o.retired_pages_pending > 0 && !tellsRemap(o) ? 10 : 0),
    metric: 'retired_pages_pending',
    value: (o) => o.retired_pages_pending,
    limit: 0,
    unit: 'pages',
    window: 'now',
    action: 'reset the GPU to retire them',
  },
];
