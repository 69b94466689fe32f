import { readingText, tellsByItself } from '../../operators/alerts/newest-reading.ts';
import { instantText } from '../../operators/episodes/in-words.ts';
import { newestOfGpus } from '../../sinks/questdb/newest-rows.ts';
import { readAnomalyMetric, readEpisodeCount, readNewestReading } from '../../sinks/questdb/read-newest.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Database } from '../contract/database.ts';
import type { MetricName } from '../contract/metrics.ts';
import { GPU_FAILURE_PREDICTIONS } from '../contract/prediction-tables.ts';
import type { TableSpec } from '../contract/table-spec.ts';
import { type DurationMs, days, seconds } from '../contract/time.ts';
import { GPU_HEALTH_SCORES } from '../contract/verdict-tables.ts';

/** Messages list no more; what is told again to many is looked up for the first. */
const ALERTS_MAX = 40;
const WITHIN = seconds(2);
const READINGS_OF = days(1);

/**
 * How what open alerts are about stands now, in words, by the id of the alert: for messages that say again what was told long
 * ago. An alert without newer words is missing, and all are that were not found within two seconds: no message waits for a
 * database that is away.
 */
export async function newestWords(
  database: Database,
  alerts: readonly Alert[],
  within: DurationMs = WITHIN,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (alerts.length === 0) return found;
  let late = false;
  const look = async (): Promise<void> => {
    for (const alert of alerts.slice(0, ALERTS_MAX)) {
      const words = late ? '' : await wordsOf(database, alert);
      if (words !== '' && !late) found.set(alert.id, words);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, within);
  });
  await Promise.race([look().catch(() => undefined), over]);
  clearTimeout(timer);
  late = true;
  return found;
}

async function wordsOf(database: Database, alert: Alert): Promise<string> {
  const { source, source_id: id, gpu_uuid, opened_at } = alert;
  if (gpu_uuid === '') return '';
  switch (source) {
    case 'anomalies': {
      const anomaly = await readAnomalyMetric(database, { id, gpu_uuid });
      if (anomaly === null || !tellsByItself(anomaly.metric)) return '';
      const metric = anomaly.metric as MetricName;
      const since = opened_at - READINGS_OF;
      const newest = await readNewestReading(database, { gpu_uuid, instance: anomaly.instance, metric, since });
      return newest === null ? '' : `${readingText({ metric, value: newest.value })} at ${instantText(newest.at)}`;
    }
    case 'xid_episodes': {
      const count = await readEpisodeCount(database, { id, gpu_uuid });
      return count === null ? '' : `${count} event${count === 1 ? '' : 's'} so far`;
    }
    case 'gpu_health_scores':
      return ofNewestRow(database, GPU_HEALTH_SCORES, alert, ({ overall_score }) =>
        typeof overall_score === 'number' ? `health ${Number(overall_score.toFixed(1))} of 100` : '',
      );
    case 'gpu_failure_predictions':
      return ofNewestRow(database, GPU_FAILURE_PREDICTIONS, alert, ({ failure_prob_30d }) =>
        typeof failure_prob_30d === 'number'
          ? `fails within 30 days with ${Number((100 * failure_prob_30d).toPrecision(2))} %`
          : '',
      );
    default:
      return '';
  }
}

async function ofNewestRow(
  database: Database,
  spec: TableSpec,
  { gpu_uuid, instance, opened_at }: Alert,
  words: (row: Readonly<Record<string, unknown>>) => string,
): Promise<string> {
  const rows = (await newestOfGpus(database, spec, [gpu_uuid], opened_at)).get(gpu_uuid) ?? [];
  const row = rows.find((one) => one.instance === instance);
  const said = row === undefined ? '' : words(row);
  return said === '' ? '' : `${said} at ${instantText(Number(row?.ts))}`;
}
