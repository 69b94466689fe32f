import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { IN_RANGE, SCOPE } from './sql.ts';
import { DATA_SOURCE, sqlTarget } from './sql-target.ts';

const mark = (name: string, color: string, enable: boolean, rawSql: string): Builder<AnnotationQuery> =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATA_SOURCE)
    .enable(enable)
    .iconColor(color)
    .target(sqlTarget({ refId: 'Anno', rawSql, format: 'table' }));

const LIMIT = 'ORDER BY time LIMIT 500';

/** What happened, over the plots; columns as Grafana reads them: time, timeend, text, tags. */
export const ANNOTATIONS: readonly Builder<AnnotationQuery>[] = [
  mark(
    'Alerts',
    'red',
    true,
    `SELECT opened_at AS time, closed_at AS timeend, summary AS text, concat(severity, ',', rule) AS tags FROM alerts WHERE ${SCOPE} AND severity != 'info' AND ${IN_RANGE} ${LIMIT}`,
  ),
  mark(
    'Fault stories',
    'orange',
    false,
    `SELECT started_at AS time, ended_at AS timeend, explanation AS text, concat(severity, ',', category) AS tags FROM xid_episodes WHERE ${SCOPE} AND severity != 'info' AND ${IN_RANGE} ${LIMIT}`,
  ),
  mark(
    'Critical anomalies',
    'purple',
    false,
    `SELECT opened_at AS time, closed_at AS timeend, explanation AS text, concat(type, ',', node) AS tags FROM anomalies WHERE ${SCOPE} AND severity = 'critical' AND ${IN_RANGE} ${LIMIT}`,
  ),
];
