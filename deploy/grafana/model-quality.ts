import type { Row } from './live-overview.ts';
import { bars, lines, table } from './panels.ts';
import { IN_RANGE, ONCE_AN_HOUR, SCOPE } from './sql.ts';

/**
 * How the predictions did: the one of each GPU and day (of its first hour, UTC) whose seven days were over within the range,
 * against the failures that people confirmed. The console's page Models judges more finely (censoring, thresholds, drift).
 */
const OVER =
  "ts > dateadd('d', -7, $__timeFrom()::timestamp) AND ts <= dateadd('d', -7, least($__timeTo()::timestamp, now()))";
const DAILY = `SELECT ts, gpu_uuid, last(failure_prob_7d) AS p, last(model_version) AS version FROM gpu_failure_predictions WHERE ${SCOPE} AND ${OVER} AND hour(ts) = 0 SAMPLE BY 1d`;
const FAILED = "SELECT gpu_uuid, failed_at FROM gpu_failure_labels WHERE status = 'confirmed'";
const JUDGED = `SELECT d.ts AS ts, d.gpu_uuid AS gpu_uuid, d.p AS p, d.version AS version, max(CASE WHEN l.failed_at > d.ts AND l.failed_at <= dateadd('d', 7, d.ts) THEN 1.0 ELSE 0.0 END) AS failed FROM (${DAILY}) d LEFT JOIN (${FAILED}) l ON (d.gpu_uuid = l.gpu_uuid) GROUP BY ts, gpu_uuid, p, version`;

const EDGES = [0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5] as const;
const bin = EDGES.map((low, i) => {
  const high = EDGES[i + 1] ?? 1;
  return `WHEN p < ${high}${i === EDGES.length - 1 ? ' OR p = 1' : ''} THEN '${i + 1}: ${low * 100}-${high * 100} %'`;
}).join(' ');

export const MODEL_QUALITY: Row = {
  title: 'How good the predictions are',
  panels: [
    table({
      title: 'Calibration, 7 days ahead',
      help: 'Of the days on which a GPU was given such a probability: the mean of it, and the share after which it did fail. The two should agree.',
      sql: `SELECT bin, count() AS days, avg(p) AS predicted, avg(failed) AS failed FROM (SELECT CASE ${bin} END AS bin, p, failed FROM (${JUDGED}) WHERE p IS NOT NULL) GROUP BY bin ORDER BY bin`,
      width: 10,
      empty: 'no prediction was seven days old in this range',
    }),
    table({
      title: 'By model version',
      help: 'Brier score (lower is better), days judged, and failures among them.',
      sql: `SELECT version, count() AS days, sum(failed) AS failures, avg(p) AS predicted, avg((p - failed) * (p - failed)) AS brier FROM (${JUDGED}) WHERE p IS NOT NULL GROUP BY version ORDER BY version`,
      width: 6,
      empty: 'no prediction was seven days old in this range',
    }),
    table({
      title: 'Confirmed failures',
      help: 'Of the range, with what had been predicted last before them.',
      sql: `SELECT l.failed_at AS failed_at, l.gpu_uuid AS gpu_uuid, l.type AS type, p.failure_prob_7d AS failure_prob_7d, p.failure_prob_30d AS failure_prob_30d, l.note AS note FROM (SELECT ts, failed_at, gpu_uuid, type, note FROM gpu_failure_labels WHERE ${SCOPE} AND status = 'confirmed' AND ${IN_RANGE}) l LT JOIN (SELECT ts, gpu_uuid, failure_prob_7d, failure_prob_30d FROM gpu_failure_predictions WHERE gpu_uuid IN (SELECT gpu_uuid FROM gpu_failure_labels WHERE status = 'confirmed') AND ${IN_RANGE}) p ON (gpu_uuid) ORDER BY failed_at DESC LIMIT 50`,
      width: 8,
      empty: 'none',
    }),
    lines({
      title: 'Confidence',
      help: 'Mean over the chosen GPUs.',
      sql: `SELECT ts AS time, avg(confidence) AS confidence FROM gpu_failure_predictions WHERE ${SCOPE} AND ${ONCE_AN_HOUR} AND ${IN_RANGE} SAMPLE BY $__interval`,
      width: 12,
      unit: 'percentunit',
      min: 0,
      max: 1,
      interval: '1h',
    }),
    bars({
      title: 'Who judged',
      help: 'Predictions of the range by model.',
      sql: `SELECT concat(model_name, ' ', model_version) AS model, predictions FROM (SELECT model_name, model_version, count() AS predictions FROM gpu_failure_predictions WHERE ${SCOPE} AND ${IN_RANGE} GROUP BY model_name, model_version) ORDER BY predictions DESC LIMIT 20`,
      width: 12,
    }),
  ],
};
