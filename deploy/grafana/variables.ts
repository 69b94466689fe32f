import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { ASSET_SCOPE, RESOLUTIONS } from './sql.ts';
import { DATA_SOURCE, DATA_SOURCE_TYPE } from './sql-target.ts';

export type Variable = Builder<VariableModel>;

const ALL = { text: 'All', value: '$__all' };

/** One of many, any number or all; "All" is the text `all`, see SCOPE. */
const choice = (name: string, label: string, sql: string): Variable =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query(sql)
    .definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .allValue("'all'")
    .allowCustomValue(true)
    .current(ALL);

const CLUSTERS = "SELECT DISTINCT cluster AS name FROM gpu_assets WHERE cluster IS NOT NULL AND cluster != ''";
const NODES = "SELECT DISTINCT node AS name FROM gpu_assets WHERE ('all' IN ($cluster) OR cluster IN ($cluster))";
const GPUS =
  "SELECT DISTINCT gpu_uuid AS name FROM gpu_assets WHERE ('all' IN ($cluster) OR cluster IN ($cluster)) AND ('all' IN ($node) OR node IN ($node))";

/** Chained: the nodes are those of the clusters, the GPUs those of the nodes. */
export const CHOSEN: readonly Variable[] = [
  choice('cluster', 'Cluster', CLUSTERS),
  choice('node', 'Node', NODES),
  choice('gpu', 'GPU', GPUS),
];

export const SOURCE: Variable = new DatasourceVariableBuilder('datasource').label('Database').type(DATA_SOURCE_TYPE);

/** From which table samples are read; `auto`: by how long the range is. */
export const RESOLUTION: Variable = new CustomVariableBuilder('resolution')
  .label('Resolution')
  .values(RESOLUTIONS.join(','))
  .options(RESOLUTIONS.map((name) => ({ text: name, value: name, selected: name === 'auto' })))
  .current({ text: 'auto', value: 'auto' });

/** Where links of a GPU lead: our own console. */
export const CONSOLE: Variable = new TextBoxVariableBuilder('console')
  .label('Console')
  .description('Address of the console of gpu-vitals, without a slash at its end.')
  .defaultValue('http://127.0.0.1:8080')
  .current({ text: 'http://127.0.0.1:8080', value: 'http://127.0.0.1:8080' })
  .hide(VariableHide.DontHide);

export const PRICE: Variable = new TextBoxVariableBuilder('price')
  .label('USD/kWh')
  .description('What a kilowatt-hour costs, cooling included.')
  .defaultValue('0.156')
  .current({ text: '0.156', value: '0.156' });

/** The one GPU whose forecasts are drawn; those that run into a limit first come first. */
export const FORECAST_GPU: Variable = new QueryVariableBuilder('one_gpu')
  .label('Forecast of')
  .datasource(DATA_SOURCE)
  .query(forecastGpus())
  .definition(forecastGpus())
  .refresh(VariableRefresh.OnTimeRangeChanged)
  .sort(VariableSort.Disabled)
  .multi(false)
  .includeAll(false)
  .allowCustomValue(true);

function forecastGpus(): string {
  const newest =
    "SELECT gpu_uuid, eta_ts FROM gpu_forecasts WHERE ts > dateadd('d', -2, now()) LATEST ON ts PARTITION BY gpu_uuid, instance, metric";
  const urgent = `SELECT gpu_uuid, min(coalesce(eta_ts, '2099-01-01T00:00:00Z'::timestamp)) AS first FROM (${newest}) WHERE gpu_uuid IN (SELECT gpu_uuid FROM gpu_assets WHERE ${ASSET_SCOPE}) GROUP BY gpu_uuid`;
  return `SELECT gpu_uuid AS name FROM (${urgent}) ORDER BY first, gpu_uuid`;
}
