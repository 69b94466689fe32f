import { BITS } from '../../operators/health/throttle-bits.ts';
import { boardSumsOverTime } from './cut-boards.ts';
import { GPU_TEMP_STEPS, MEMORY_TEMP_STEPS, steps, unitOf } from './looks.ts';
import { type AnyPanel, bars, lines, stat, table } from './panels.ts';
import { ASSET_SCOPE, byRange, IN_RANGE, lately, newest, overTime, SCOPE } from './sql.ts';

export interface Row {
  readonly title: string;
  readonly panels: readonly AnyPanel[];
}

const REPORTING = `gpu_metrics WHERE ${SCOPE} AND ${lately('m', 5)}`;
const open = (table: string, where = ''): string =>
  `SELECT count() AS open FROM ${table} WHERE ${SCOPE} AND state = 'open'${where}`;
const none = (color: string) => steps('green', [1, color]);

const bit = (bits: number): string => `sum(CASE WHEN (throttle_reasons::INT & ${bits}) > 0 THEN 1 ELSE 0 END)`;
const HELD_BACK = Object.values(BITS).reduce((all, one) => all | one, 0);

const now: Row = {
  title: 'Now',
  panels: [
    stat({
      title: 'GPUs reporting',
      help: 'Boards with a sample in the last five minutes of the range.',
      sql: `SELECT count_distinct(gpu_uuid) AS gpus FROM ${REPORTING}`,
      width: 3,
    }),
    stat({
      title: 'Silent GPUs',
      help: 'Active in the inventory, without a sample in the last five minutes.',
      sql: `SELECT count() AS silent FROM gpu_assets WHERE gpu_uuid NOT IN (SELECT DISTINCT gpu_uuid FROM ${REPORTING}) AND status = 'active' AND ${ASSET_SCOPE}`,
      width: 3,
      steps: none('red'),
    }),
    stat({
      title: 'Ingest lag',
      help: 'Age of the newest sample. What was refused on the way is on the console, page Pipeline.',
      sql: `SELECT datediff('s', ts, now()) AS age_seconds FROM (SELECT ts FROM gpu_metrics WHERE ${SCOPE} LIMIT -1)`,
      width: 3,
      unit: 's',
      steps: steps('green', [60, 'orange'], [300, 'red']),
    }),
    stat({
      title: 'Critical anomalies',
      help: 'Open now.',
      sql: open('anomalies', " AND severity = 'critical'"),
      width: 3,
      steps: none('red'),
    }),
    stat({
      title: 'Warnings',
      help: 'Anomalies of severity warning that are open now.',
      sql: open('anomalies', " AND severity = 'warning'"),
      width: 3,
      steps: none('orange'),
    }),
    stat({ title: 'Incidents', help: 'Open now.', sql: open('incidents'), width: 3, steps: none('orange') }),
    stat({
      title: 'Alerts nobody took',
      help: 'Open alerts that nobody has acknowledged.',
      sql: open('alerts', " AND (acknowledged_by IS NULL OR acknowledged_by = '')"),
      width: 3,
      steps: none('red'),
    }),
    stat({
      title: 'Idle but held',
      help: 'GPUs that a job holds without working: open anomalies of type held_idle.',
      sql: open('anomalies', " AND type = 'held_idle'"),
      width: 3,
      steps: none('yellow'),
    }),
  ],
};

const attention: Row = {
  title: 'What needs attention',
  panels: [
    table({
      title: 'By cost of waiting',
      help: 'Newest decision of each board that asks for something, the most expensive to leave alone first.',
      sql: `SELECT d.gpu_uuid AS gpu_uuid, d.node AS node, a.cluster AS cluster, a.rack AS rack, d.advice AS advice, d.health AS health, d.p30 AS p30, d.usd_per_hour AS usd_per_hour, d.rationale AS rationale FROM (${newest('gpu_uuid, node, advice, health, p30, value_at_risk_usd_per_hour AS usd_per_hour, rationale', 'gpu_economic_decisions', 24)}) d LEFT JOIN gpu_assets a ON (d.gpu_uuid = a.gpu_uuid) WHERE d.advice != 'keep' ORDER BY usd_per_hour DESC LIMIT 50`,
      width: 24,
    }),
    table({
      title: 'Open alerts',
      help: 'What people were told and is not over.',
      sql: `SELECT opened_at, severity, rule, gpu_uuid, node, cluster, acknowledged_by, summary FROM alerts WHERE ${SCOPE} AND state = 'open' ORDER BY CASE WHEN severity = 'critical' THEN 0 WHEN severity = 'warning' THEN 1 ELSE 2 END, opened_at LIMIT 100`,
      width: 12,
    }),
    table({
      title: 'Open incidents',
      help: 'Episodes of one or several GPUs with one likely origin.',
      sql: `SELECT opened_at, severity, scope, origin, category, action, summary FROM incidents WHERE ${SCOPE} AND state = 'open' ORDER BY CASE WHEN severity = 'critical' THEN 0 WHEN severity = 'warning' THEN 1 ELSE 2 END, opened_at LIMIT 100`,
      width: 12,
    }),
    table({
      title: 'Open anomalies',
      help: 'Critical and warning; each with what was seen and what was expected.',
      sql: `SELECT opened_at, severity, type, gpu_uuid, node, metric, explanation FROM anomalies WHERE ${SCOPE} AND state = 'open' AND severity != 'info' ORDER BY severity, opened_at DESC LIMIT 200`,
      width: 24,
    }),
  ],
};

const load: Row = {
  title: 'Work',
  panels: [
    lines({
      title: 'Utilisation',
      help: 'Mean over the chosen GPUs: time with a kernel, SMs busy, tensor pipe busy, memory busy.',
      sql: overTime((c) => [
        `avg(${c('gpu_util_ratio')}) AS gpu_util_ratio`,
        `avg(${c('sm_active_ratio')}) AS sm_active_ratio`,
        `avg(${c('tensor_active_ratio')}) AS tensor_active_ratio`,
        `avg(${c('dram_active_ratio')}) AS dram_active_ratio`,
      ]),
      width: 12,
      unit: unitOf('gpu_util_ratio'),
      min: 0,
      max: 1,
      interval: '30s',
    }),
    lines({
      title: 'How the GPUs are used',
      help: 'Share of samples by utilisation: idle under 5 %, busy from 60 %.',
      sql: overTime((c) => {
        const share = (where: string): string =>
          `sum(CASE WHEN ${where} THEN 1 ELSE 0 END) / count(${c('gpu_util_ratio')})::DOUBLE`;
        const used = c('gpu_util_ratio');
        return [
          `${share(`${used} < 0.05`)} AS idle`,
          `${share(`${used} >= 0.05 AND ${used} < 0.6`)} AS partly`,
          `${share(`${used} >= 0.6`)} AS busy`,
        ];
      }),
      width: 6,
      unit: 'percentunit',
      min: 0,
      max: 1,
      stacked: 'normal',
      colours: { idle: 'dark-blue', partly: 'yellow', busy: 'green' },
      interval: '1m',
    }),
    lines({
      title: 'Power',
      help: 'Of the chosen boards together. MIG instances repeat the reading of their board, which counts once.',
      sql: boardSumsOverTime(['power_watts', 'power_limit_watts']),
      width: 6,
      unit: unitOf('power_watts'),
      min: 0,
      interval: '1m',
    }),
    lines({
      title: 'GPU temperature',
      help: 'Median, 95th percentile and hottest of the chosen GPUs; the lines are where boards begin to slow themselves down.',
      sql: overTime((c) => [
        `approx_percentile(greatest(${c('gpu_temp_celsius')}, 0.0)::DOUBLE, 0.5) AS p50`,
        `approx_percentile(greatest(${c('gpu_temp_celsius')}, 0.0)::DOUBLE, 0.95) AS p95`,
        `max(${c('gpu_temp_celsius', 'max')}) AS hottest`,
      ]),
      width: 12,
      unit: unitOf('gpu_temp_celsius'),
      steps: GPU_TEMP_STEPS,
      limits: true,
      interval: '30s',
    }),
    lines({
      title: 'Memory temperature',
      help: 'Of boards with a sensor in their memory.',
      sql: overTime((c) => [
        `avg(${c('memory_temp_celsius')}) AS mean`,
        `max(${c('memory_temp_celsius', 'max')}) AS hottest`,
      ]),
      width: 6,
      unit: unitOf('memory_temp_celsius'),
      steps: MEMORY_TEMP_STEPS,
      limits: true,
      interval: '30s',
    }),
    lines({
      title: 'Framebuffer in use',
      help: 'Share of the memory of all chosen GPUs.',
      sql: overTime((c) => [
        `sum(${c('fb_used_bytes')}) / (sum(${c('fb_used_bytes')}) + sum(${c('fb_free_bytes')})) AS share`,
      ]),
      width: 6,
      unit: 'percentunit',
      min: 0,
      max: 1,
      interval: '1m',
    }),
    lines({
      title: 'Held back',
      help: 'Share of samples with a throttle reason that costs speed. Reasons are bits and have no rollup: ranges over an hour are on the dashboard Fleet health.',
      sql: byRange((tier) =>
        tier.size === 'raw'
          ? `SELECT ts AS time, ${Object.entries(BITS)
              .map(([name, bits]) => `${bit(bits)} / count(throttle_reasons)::DOUBLE AS ${name}`)
              .join(', ')} FROM ${tier.table} WHERE ${tier.where} SAMPLE BY $__interval`
          : null,
      ),
      width: 8,
      unit: 'percentunit',
      min: 0,
      interval: '1m',
    }),
    lines({
      title: 'Links',
      help: 'Mean traffic of a GPU over NVLink and PCIe.',
      sql: overTime((c) => [
        `avg(${c('nvlink_tx_bytes_per_second')}) AS nvlink_sent`,
        `avg(${c('nvlink_rx_bytes_per_second')}) AS nvlink_received`,
        `avg(${c('pcie_tx_bytes_per_second')}) AS pcie_sent`,
        `avg(${c('pcie_rx_bytes_per_second')}) AS pcie_received`,
      ]),
      width: 8,
      unit: unitOf('nvlink_tx_bytes_per_second'),
      interval: '30s',
    }),
    bars({
      title: 'XIDs in this range',
      help: 'Episodes by the code that the others follow from.',
      sql: `SELECT primary_xid::VARCHAR AS xid, count() AS episodes FROM xid_episodes WHERE ${SCOPE} AND primary_xid IS NOT NULL AND ${IN_RANGE} GROUP BY xid ORDER BY episodes DESC LIMIT 15`,
      width: 8,
    }),
  ],
};

const extremes: Row = {
  title: 'The extremes',
  panels: [
    table({
      title: 'Hottest',
      help: 'In the last five minutes.',
      sql: `SELECT gpu_uuid, node, max(gpu_temp_celsius) AS gpu_temp_celsius, max(memory_temp_celsius) AS memory_temp_celsius, avg(power_watts) AS power_watts FROM ${REPORTING} GROUP BY gpu_uuid, node ORDER BY gpu_temp_celsius DESC LIMIT 20`,
      width: 12,
    }),
    table({
      title: 'Held back now',
      help: 'With a throttle reason that costs speed, by how many of their last five minutes of samples have it.',
      sql: `SELECT gpu_uuid, node, share, reasons FROM (SELECT gpu_uuid, node, ${bit(HELD_BACK)} / count()::DOUBLE AS share, max(throttle_reasons::INT) AS reasons FROM ${REPORTING} GROUP BY gpu_uuid, node) WHERE share > 0 ORDER BY share DESC LIMIT 20`,
      width: 12,
      empty: 'none',
    }),
    table({
      title: 'Slowest to report',
      help: 'Age of the newest sample of each node that has told anything in the last quarter of an hour.',
      sql: `SELECT node, datediff('s', last, now()) AS age_seconds, gpus FROM (SELECT node, max(ts) AS last, count_distinct(gpu_uuid) AS gpus FROM gpu_metrics WHERE ${SCOPE} AND ${lately('m', 15)} GROUP BY node) ORDER BY age_seconds DESC LIMIT 20`,
      width: 8,
    }),
    table({
      title: 'Silent GPUs',
      help: 'Active in the inventory, without a sample in the last five minutes.',
      sql: `SELECT gpu_uuid, node, cluster, rack, slot, model FROM gpu_assets WHERE gpu_uuid NOT IN (SELECT DISTINCT gpu_uuid FROM ${REPORTING}) AND status = 'active' AND ${ASSET_SCOPE} ORDER BY node, slot LIMIT 200`,
      width: 16,
      empty: 'none',
    }),
  ],
};

export const LIVE_OVERVIEW: readonly Row[] = [now, attention, load, extremes];
