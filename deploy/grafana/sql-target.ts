import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** Grafana's own plugin for the Postgres wire, which QuestDB speaks. */
export const DATA_SOURCE_TYPE = 'grafana-postgresql-datasource';
/** The data source that is chosen in the dashboard; provisioning brings one. */
export const DATA_SOURCE: DataSourceRef = { type: DATA_SOURCE_TYPE, uid: '$datasource' };

export interface SqlQuery {
  readonly refId: string;
  readonly datasource: DataSourceRef;
  readonly rawSql: string;
  /** time_series: a column `time`, in rising order; texts become labels. table: as it is. */
  readonly format: 'time_series' | 'table';
}

/** A query of Grafana's SQL data sources, which the SDK does not have; as written in their code editor. */
export const sqlTarget = (query: Omit<SqlQuery, 'datasource'>): Builder<Dataquery> => ({
  build: () => ({
    ...query,
    datasource: DATA_SOURCE,
    rawQuery: true,
    editorMode: 'code',
    _implementsDataqueryVariant() {},
  }),
});
