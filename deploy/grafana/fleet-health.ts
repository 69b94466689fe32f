import { DIMENSIONS } from '../../pipeline/contract/events.ts';
import { heldShare, risesByGpu, risesOverTime } from './counter-rises.ts';
import type { Row } from './live-overview.ts';
import { GRADE_COLOURS, SCORE_STEPS } from './looks.ts';
import { bars, lines, shares, stat, table } from './panels.ts';
import { scoreHeatmap } from './score-heatmap.ts';
import { byRange, countsOverTime, each, IN_RANGE, newest, SCOPE } from './sql.ts';

const GRADES = Object.keys(GRADE_COLOURS);
const perGrade = GRADES.map((grade) => `sum(CASE WHEN health_grade = '${grade}' THEN 1 ELSE 0 END) AS ${grade}`);
const NEWEST_HEALTH = newest(
  `gpu_uuid, node, overall_score, ${DIMENSIONS.map((name) => `${name}_health`).join(', ')}, health_grade, confidence, action, explanation`,
  'gpu_health_scores',
  24,
);

const health: Row = {
  title: 'Health',
  panels: [
    shares({
      title: 'Grades now',
      help: 'Newest score of each GPU and MIG instance.',
      sql: `SELECT ${perGrade.join(', ')} FROM (${NEWEST_HEALTH})`,
      width: 6,
      colours: GRADE_COLOURS,
    }),
    lines({
      title: 'Grades over time',
      help: 'Scores by grade; scores come every 15 minutes, in back-filled history once an hour.',
      sql: countsOverTime('gpu_health_scores', 'health_grade', each(GRADES)),
      width: 12,
      stacked: 'percent',
      colours: GRADE_COLOURS,
      interval: '1h',
    }),
    stat({
      title: 'Mean score',
      help: 'Of the newest score of each GPU.',
      sql: `SELECT avg(overall_score) AS overall_score FROM (${NEWEST_HEALTH})`,
      width: 3,
      height: 8,
      decimals: 1,
      steps: SCORE_STEPS,
    }),
    stat({
      title: 'Below 60',
      help: 'GPUs that are poor or critical.',
      sql: `SELECT count() AS gpus FROM (${NEWEST_HEALTH}) WHERE overall_score < 60`,
      width: 3,
      height: 8,
      steps: [
        { color: 'green', value: null },
        { color: 'red', value: 1 },
      ],
    }),
    scoreHeatmap({ width: 12, height: 9 }),
    lines({
      title: 'The five dimensions',
      help: 'Mean score of the chosen GPUs.',
      sql: `SELECT ts AS time, ${DIMENSIONS.map((name) => `avg(${name}_health) AS ${name}`).join(', ')} FROM gpu_health_scores WHERE ${SCOPE} AND ${IN_RANGE} SAMPLE BY $__interval`,
      width: 12,
      height: 9,
      max: 100,
      decimals: 1,
      interval: '1h',
    }),
    table({
      title: 'Worst GPUs',
      help: 'Newest score of each, the lowest first, with what pulls it down.',
      sql: `SELECT * FROM (${NEWEST_HEALTH}) WHERE overall_score IS NOT NULL ORDER BY overall_score LIMIT 50`,
      width: 24,
      height: 10,
    }),
  ],
};

const openTypes = `SELECT type, count() AS open FROM anomalies WHERE ${SCOPE} AND state = 'open' GROUP BY type ORDER BY open DESC LIMIT 20`;

const faults: Row = {
  title: 'Faults',
  panels: [
    lines({
      title: 'Anomalies that opened',
      help: 'By severity.',
      sql: countsOverTime('anomalies', 'severity', each(['info', 'warning', 'critical'])),
      width: 8,
      bars: true,
      stacked: 'normal',
      colours: { info: 'blue', warning: 'orange', critical: 'red' },
      interval: '1h',
    }),
    bars({ title: 'Open anomalies by type', help: 'Whatever the range.', sql: openTypes, width: 8 }),
    bars({
      title: 'XIDs in this range',
      help: 'Episodes by the code that the others follow from.',
      sql: `SELECT primary_xid::VARCHAR AS xid, count() AS episodes FROM xid_episodes WHERE ${SCOPE} AND primary_xid IS NOT NULL AND ${IN_RANGE} GROUP BY xid ORDER BY episodes DESC LIMIT 15`,
      width: 8,
    }),
    table({
      title: 'Fault stories',
      help: 'XIDs and anomalies of one GPU merged, the newest first, with what to do and whether a reset cured it.',
      sql: `SELECT started_at, severity, gpu_uuid, node, category, primary_xid, xids, action, cured, explanation FROM xid_episodes WHERE ${SCOPE} AND ${IN_RANGE} ORDER BY started_at DESC LIMIT 100`,
      width: 24,
      height: 10,
    }),
    table({
      title: 'How long faults last',
      help: 'Episodes of the range that are over, by category.',
      sql: `SELECT category, count() AS episodes, avg(datediff('s', started_at, ended_at)) AS duration_seconds, sum(CASE WHEN cured = 'true' THEN 1 ELSE 0 END) AS cured, sum(CASE WHEN cured = 'false' THEN 1 ELSE 0 END) AS came_back FROM xid_episodes WHERE ${SCOPE} AND ended_at IS NOT NULL AND ${IN_RANGE} GROUP BY category ORDER BY episodes DESC`,
      width: 12,
    }),
    table({
      title: 'Stragglers and deviants',
      help: 'GPUs that do not keep up with their job or stand out among their peers, in this range.',
      sql: `SELECT opened_at, severity, state, type, gpu_uuid, node, metric, explanation FROM anomalies WHERE ${SCOPE} AND (type = 'straggler' OR type = 'peer_deviation') AND ${IN_RANGE} ORDER BY opened_at DESC LIMIT 50`,
      width: 12,
      empty: 'none',
    }),
    table({
      title: 'What the GPUs ask for',
      help: 'Recovery action of the newest score of each.',
      sql: `SELECT action, count() AS gpus, min(overall_score) AS overall_score FROM (${NEWEST_HEALTH}) GROUP BY action ORDER BY gpus DESC`,
      width: 8,
    }),
    table({
      title: 'Idle but held',
      help: 'Jobs that held a GPU without working in this range.',
      sql: `SELECT opened_at, state, gpu_uuid, node, observed AS hours, explanation FROM anomalies WHERE ${SCOPE} AND type = 'held_idle' AND ${IN_RANGE} ORDER BY opened_at DESC LIMIT 50`,
      width: 16,
      empty: 'none',
    }),
  ],
};

const ECC = { corrected: ['ecc_sbe_volatile_total'], uncorrectable: ['ecc_dbe_volatile_total'] } as const;
const LINKS = {
  pcie_replays: ['pcie_replay_total'],
  nvlink_errors: [
    'nvlink_crc_flit_errors_total',
    'nvlink_crc_data_errors_total',
    'nvlink_replay_errors_total',
    'nvlink_recovery_errors_total',
  ],
} as const;
const ROWS = {
  rows_remapped: ['remapped_rows_uncorrectable_total', 'remapped_rows_correctable_total'],
} as const;
const HELD = {
  power: 'power_violation_ns_total',
  heat: 'thermal_violation_ns_total',
  sync_boost: 'sync_boost_violation_ns_total',
  board_limit: 'board_limit_violation_ns_total',
  reliability: 'reliability_violation_ns_total',
} as const;

const WORN = [
  'remapped_rows_uncorrectable_total',
  'remapped_rows_correctable_total',
  'row_remap_failed',
  'row_remap_pending',
  'retired_pages_dbe_total',
  'retired_pages_sbe_total',
] as const;

const hardware: Row = {
  title: 'Memory, links, clocks',
  panels: [
    lines({
      title: 'Memory errors',
      help: 'Corrected and uncorrectable errors that were counted; a reset of the counter counts nothing.',
      sql: risesOverTime(ECC),
      width: 8,
      bars: true,
      interval: '5m',
    }),
    lines({
      title: 'Link errors',
      help: 'PCIe replays and NVLink errors that were counted.',
      sql: risesOverTime(LINKS),
      width: 8,
      bars: true,
      interval: '5m',
    }),
    lines({
      title: 'Time held back',
      help: "Share of the GPUs' time by the driver's violation counters: power, heat, sync boost, board and reliability limits.",
      sql: heldShare(HELD),
      width: 8,
      unit: 'percentunit',
      min: 0,
      interval: '1h',
    }),
    table({
      title: 'Where errors were counted',
      help: 'GPUs whose counters rose in this range.',
      sql: `SELECT * FROM (${risesByGpu({ ...ECC, ...ROWS, ...LINKS })}) ORDER BY uncorrectable DESC, rows_remapped DESC, corrected DESC LIMIT 50`,
      width: 12,
      height: 10,
      empty: 'none',
    }),
    table({
      title: 'Memory that is worn',
      help: 'GPUs with remapped rows, retired pages, or a repair that failed or waits for a reset; highest readings of the range.',
      sql: `SELECT * FROM (${byRange((tier) => {
        const most = (metric: (typeof WORN)[number]): string =>
          `max(${tier.column(metric, 'max') ?? metric}) AS ${metric}`;
        return `SELECT gpu_uuid, node, ${WORN.map(most).join(', ')} FROM ${tier.table} WHERE ${tier.where} GROUP BY gpu_uuid, node`;
      })}) WHERE ${WORN.map((metric) => `${metric} > 0`).join(' OR ')} ORDER BY row_remap_failed DESC, remapped_rows_uncorrectable_total DESC LIMIT 50`,
      width: 12,
      height: 10,
      empty: 'none',
    }),
  ],
};

export const FLEET_HEALTH: readonly Row[] = [health, faults, hardware];
