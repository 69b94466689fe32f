import { grafanaDashboards } from '../../deploy/grafana/dashboards.ts';
import { durationMs, expandQuery, intervalMs } from './expand-query.ts';

export interface DashboardQuery {
  readonly dashboard: string;
  /** A panel's title, or `variable x`, `annotation x`. */
  readonly name: string;
  readonly kind: 'panel' | 'variable' | 'annotation';
  /** Panel type: stat, table, timeseries and so on. */
  readonly type: string;
  readonly refId: string;
  readonly format: string;
  readonly rawSql: string;
  /** Least sampling interval, ms. */
  readonly interval_ms: number;
}

interface Target {
  readonly refId: string;
  readonly rawSql: string;
  readonly format: string;
}
interface Written {
  readonly title: string;
  readonly panels: readonly { type: string; title: string; interval?: string; targets?: readonly Target[] }[];
  readonly templating: { readonly list: readonly { name: string; type: string; query: string }[] };
  readonly annotations: { readonly list: readonly { name: string; target?: Target }[] };
}

/** Every statement of the dashboards as they are written. */
export const dashboardQueries = (): readonly DashboardQuery[] =>
  Object.values(grafanaDashboards()).flatMap((text) => {
    const { title: dashboard, panels, templating, annotations } = JSON.parse(text) as Written;
    const plain = { dashboard, refId: 'A', interval_ms: 0, format: 'table' };
    return [
      ...templating.list
        .filter(({ type }) => type === 'query')
        .map(({ name, query }) => ({
          ...plain,
          name: `variable ${name}`,
          kind: 'variable' as const,
          type: 'variable',
          rawSql: query,
        })),
      ...annotations.list.flatMap(({ name, target }) =>
        target === undefined
          ? []
          : [
              {
                ...plain,
                name: `annotation ${name}`,
                kind: 'annotation' as const,
                type: 'annotation',
                rawSql: target.rawSql,
              },
            ],
      ),
      ...panels.flatMap(({ type, title, interval, targets = [] }) =>
        targets.map(({ refId, rawSql, format }) => ({
          dashboard,
          name: title,
          kind: 'panel' as const,
          type,
          refId,
          format,
          rawSql,
          interval_ms: durationMs(interval),
        })),
      ),
    ];
  });

export interface Shown {
  readonly from: number;
  readonly to: number;
  readonly cluster?: readonly string[];
  readonly node?: readonly string[];
  readonly gpu?: readonly string[];
  readonly one_gpu: string;
  readonly resolution?: string;
}

const ALL = { all: "'all'" };
/** About what a panel of a third of a wide screen has. */
const POINTS = 600;

/** The statement as Grafana would send it. */
export const asSent = (query: DashboardQuery, shown: Shown): string =>
  expandQuery(query.rawSql, {
    from: shown.from,
    to: shown.to,
    interval_ms: intervalMs(shown.to - shown.from, POINTS, query.interval_ms),
    variables: {
      cluster: shown.cluster ?? ALL,
      node: shown.node ?? ALL,
      gpu: shown.gpu ?? ALL,
      one_gpu: shown.one_gpu,
      resolution: shown.resolution ?? 'auto',
      price: '0.156',
      console: 'http://127.0.0.1:8080',
    },
  });
