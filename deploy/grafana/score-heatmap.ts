import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  RowsHeatmapOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import type { AnyPanel } from './panels.ts';
import { countsOverTime } from './sql.ts';
import { DATA_SOURCE, sqlTarget } from './sql-target.ts';

const STEP = 5;
/** `0-5` to `95-100`, by the fifth of the score; 100 stands with the last. */
const BUCKETS = Object.fromEntries(
  Array.from({ length: 100 / STEP }, (_, i) => [
    `${i * STEP}-${(i + 1) * STEP}`,
    i < 100 / STEP - 1 ? `= ${i}` : `>= ${i}`,
  ]),
);

/** How scores are spread over time: one row for five points, counted by the database, so that few numbers travel. */
export function scoreHeatmap(size: { readonly width: number; readonly height: number }): AnyPanel {
  const rawSql = countsOverTime('gpu_health_scores', `floor(overall_score / ${STEP})::INT`, BUCKETS);
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
