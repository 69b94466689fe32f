import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  RowsHeatmapOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import type { AnyPanel } from './panels.ts';
import { IN_RANGE, SCOPE } from './sql.ts';
import { DATA_SOURCE, sqlTarget } from './sql-target.ts';

const STEP = 5;
const BUCKETS = Array.from({ length: 100 / STEP }, (_, i) => [i * STEP, (i + 1) * STEP] as const);

/** How scores are spread over time: one row for five points, counted by the database, so that few numbers travel. */
export function scoreHeatmap(size: { readonly width: number; readonly height: number }): AnyPanel {
  const counts = BUCKETS.map(([low, high]) => {
    const above = high === 100 ? 'overall_score <= 100' : `overall_score < ${high}`;
    return `sum(CASE WHEN overall_score >= ${low} AND ${above} THEN 1 ELSE 0 END) AS "${low}-${high}"`;
  });
  const rawSql = `SELECT ts AS time, ${counts.join(', ')} FROM gpu_health_scores WHERE ${SCOPE} AND ${IN_RANGE} SAMPLE BY $__interval`;
  return new Heatmap()
    .title('Scores')
    .description('How many scores of the chosen GPUs fell into each five points.')
    .datasource(DATA_SOURCE)
    .span(size.width)
    .height(size.height)
    .interval('1h')
    .calculate(false)
    .rowsFrame(new RowsHeatmapOptionsBuilder().value('scores'))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Turbo').steps(64))
    .withTarget(sqlTarget({ refId: 'A', rawSql, format: 'time_series' }));
}
