import { boardSums, boardSumsOverTime } from './cut-boards.ts';
import type { Row } from './live-overview.ts';
import { GPU_TEMP_STEPS, unitOf } from './looks.ts';
import { lines, stat, table } from './panels.ts';
import { byRange, IN_RANGE, overTime, type Tier } from './sql.ts';

/** Least step of each tier, minutes. */
const STEP_MIN: Readonly<Record<Tier['size'], number>> = { raw: 1, '1m': 1, '5m': 5, '1h': 60 };

/** Kilowatt-hours of the chosen boards by step. */
const energy = (factor: string): string =>
  byRange((tier) => {
    const minutes = STEP_MIN[tier.size];
    return boardSums(tier, { kwh: 'power_watts' }, `${minutes}m`, ` / 1000 * ${minutes} / 60.0${factor}`);
  });

/** What the fleet uses, and how evenly: energy, temperature, work by node. */
export const FLEET_USE: Row = {
  title: 'Energy, heat, work',
  panels: [
    stat({
      title: 'Energy',
      help: 'Of the boards alone, over the range.',
      sql: `SELECT sum(kwh) AS energy FROM (${energy('')})`,
      width: 4,
      height: 8,
      unit: 'kwatth',
      decimals: 0,
    }),
    stat({
      title: 'Cost',
      help: 'Energy times the price in the variable USD/kWh.',
      sql: `SELECT sum(kwh) AS cost FROM (${energy(' * $price')})`,
      width: 4,
      height: 8,
      unit: 'currencyUSD',
      decimals: 0,
    }),
    lines({
      title: 'Power',
      help: 'Of the boards alone.',
      sql: boardSumsOverTime(['power_watts']),
      width: 16,
      unit: unitOf('power_watts'),
      min: 0,
      interval: '5m',
    }),
    lines({
      title: 'Temperature over the fleet',
      help: 'Percentiles hour by hour over the whole fleet, whatever is chosen.',
      sql: `SELECT ts AS time, p05, p25, p50, p75, p95, p99 FROM fleet_quantiles WHERE (model IS NULL OR model = '') AND metric = 'gpu_temp_celsius' AND ${IN_RANGE} ORDER BY ts`,
      width: 12,
      unit: unitOf('gpu_temp_celsius'),
      steps: GPU_TEMP_STEPS,
      limits: true,
      interval: '1h',
    }),
    lines({
      title: 'Utilisation',
      help: 'Mean over the chosen GPUs.',
      sql: overTime((c) => [
        `avg(${c('gpu_util_ratio')}) AS gpu_util_ratio`,
        `avg(${c('sm_active_ratio')}) AS sm_active_ratio`,
      ]),
      width: 12,
      unit: unitOf('gpu_util_ratio'),
      min: 0,
      max: 1,
      interval: '5m',
    }),
    table({
      title: 'Least used nodes',
      help: 'Mean over the range.',
      sql: `SELECT * FROM (${byRange(
        (tier) =>
          `SELECT node, count_distinct(gpu_uuid) AS gpus, avg(${tier.column('gpu_util_ratio', 'avg')}) AS utilisation, avg(${tier.column('power_watts', 'avg')}) AS power_watts, avg(${tier.column('fb_used_bytes', 'avg')}) AS fb_used_bytes FROM ${tier.table} WHERE ${tier.where} GROUP BY node`,
      )}) ORDER BY utilisation LIMIT 50`,
      width: 12,
    }),
    table({
      title: 'Hottest GPUs',
      help: 'Highest reading of the range, and the mean power.',
      sql: `SELECT * FROM (${byRange(
        (tier) =>
          `SELECT gpu_uuid, node, max(${tier.column('gpu_temp_celsius', 'max')}) AS gpu_temp_celsius, max(${tier.column('memory_temp_celsius', 'max')}) AS memory_temp_celsius, avg(${tier.column('power_watts', 'avg')}) AS power_watts FROM ${tier.table} WHERE ${tier.where} GROUP BY gpu_uuid, node`,
      )}) ORDER BY gpu_temp_celsius DESC LIMIT 50`,
      width: 12,
    }),
  ],
};
