import { FORECASTS_DEFAULTS } from '../../operators/forecasts/forecasts.ts';
import { hours } from '../../pipeline/contract/time.ts';
import type { Row } from './live-overview.ts';
import { unitOf } from './looks.ts';
import { type AnyPanel, lines, table } from './panels.ts';
import { lately, SCOPE } from './sql.ts';

/** Forecasts of the GPU that the variable `one_gpu` names: history solid, forecast dashed, its band shaded, its limit red. */

interface Drawn {
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
  /** Columns of gpu_metrics_1h by step of time, for the solid line. */
  readonly actual: string;
  readonly step: string;
}

const rise = (names: readonly string[]): string =>
  names.map((name) => `max(${name}_max) - min(${name}_min)`).join(' + ');

const DRAWN: readonly Drawn[] = [
  {
    metric: 'gpu_temp_celsius',
    title: 'GPU temperature',
    unit: unitOf('gpu_temp_celsius'),
    actual: 'avg(gpu_temp_celsius_avg)',
    step: '1h',
  },
  {
    metric: 'memory_temp_celsius',
    title: 'Memory temperature',
    unit: unitOf('memory_temp_celsius'),
    actual: 'avg(memory_temp_celsius_avg)',
    step: '1h',
  },
  { metric: 'power_watts', title: 'Power', unit: unitOf('power_watts'), actual: 'avg(power_watts_avg)', step: '1h' },
  {
    metric: 'ecc_sbe_volatile_total',
    title: 'Corrected memory errors a day',
    unit: 'short',
    actual: rise(['ecc_sbe_volatile_total']),
    step: '1d',
  },
  {
    metric: 'pcie_replay_total',
    title: 'PCIe replays a day',
    unit: 'short',
    actual: rise(['pcie_replay_total']),
    step: '1d',
  },
  {
    metric: 'remapped_rows_uncorrectable_total',
    title: 'Remapped rows',
    unit: 'short',
    actual: 'max(remapped_rows_uncorrectable_total_max) + max(remapped_rows_correctable_total_max)',
    step: '6h',
  },
];

const NEAR_MS = FORECASTS_DEFAULTS.horizons[0] ?? hours(24);
const OF_ONE = "gpu_uuid IN ('$one_gpu')";

/** Forecasts stand where they point to. Those of a day ahead also show how earlier ones did; further ones only the newest. */
function forecast({ metric }: Drawn): string {
  const columns = 'ts, horizon_ms, expected, low, high, "limit"';
  const of = `FROM gpu_forecasts WHERE ${OF_ONE} AND metric = '${metric}'`;
  const near = `SELECT ${columns} ${of} AND horizon_ms = ${NEAR_MS} AND ts > dateadd('d', -4, $__timeFrom()::timestamp)`;
  const far = `SELECT * FROM (SELECT ${columns} ${of} AND horizon_ms > ${NEAR_MS} LATEST ON ts PARTITION BY horizon_ms)`;
  const placed = `SELECT dateadd('s', (horizon_ms / 1000)::INT, ts) AS time, expected AS forecast, low, high, "limit" FROM (${near} UNION ALL ${far})`;
  return `SELECT * FROM (${placed}) WHERE $__timeFilter(time) ORDER BY time`;
}

const dashed = { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } };
const fixed = (color: string) => ({ id: 'color', value: { mode: 'fixed', fixedColor: color } });

const drawn = (one: Drawn): AnyPanel =>
  lines({
    title: `${one.title} of $one_gpu`,
    help: 'Solid: what was measured. Dashed: what was expected a day before, and onwards what is expected now, with its 80 % band; the red line is the limit that matters.',
    sql: `SELECT ts AS time, ${one.actual} AS measured FROM gpu_metrics_1h WHERE ${OF_ONE} AND $__timeFilter(ts) SAMPLE BY ${one.step}`,
    more: [forecast(one)],
    width: 8,
    height: 9,
    unit: one.unit,
    interval: '1h',
    overrides: [
      [/^measured$/, [fixed('blue'), { id: 'custom.lineWidth', value: 2 }]],
      [/^forecast$/, [fixed('orange'), dashed, { id: 'custom.lineWidth', value: 2 }]],
      [
        /^low$/,
        [
          fixed('orange'),
          { id: 'custom.lineWidth', value: 0 },
          { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
        ],
      ],
      [
        /^high$/,
        [
          fixed('orange'),
          { id: 'custom.lineWidth', value: 0 },
          { id: 'custom.fillBelowTo', value: 'low' },
          { id: 'custom.fillOpacity', value: 15 },
          { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
        ],
      ],
      [/^limit$/, [fixed('red'), { id: 'custom.lineWidth', value: 1 }]],
    ],
  });

export const FORECAST_PANELS: Row = {
  title: 'Forecasts',
  panels: [
    table({
      title: 'Limits that are expected to be reached',
      help: 'Newest forecast of each GPU and metric, the nearest limit first.',
      sql: `SELECT eta_ts, gpu_uuid, node, metric, expected, low, high, "limit", explanation FROM (SELECT * FROM gpu_forecasts WHERE ${SCOPE} AND ${lately('h', 24)} LATEST ON ts PARTITION BY gpu_uuid, instance, metric) WHERE eta_ts IS NOT NULL ORDER BY eta_ts LIMIT 50`,
      width: 24,
      height: 7,
      empty: 'none',
    }),
    ...DRAWN.map(drawn),
  ],
};
