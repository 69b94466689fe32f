import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as PieChart } from '@grafana/grafana-foundation-sdk/piechart';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLUMNS } from './looks.ts';
import { DATA_SOURCE, sqlTarget } from './sql-target.ts';

export type AnyPanel = Builder<Panel>;

interface Face {
  readonly title: string;
  /** One sentence: what it shows, and from where. */
  readonly help: string;
  readonly sql: string;
  /** Of 24. */
  readonly width: number;
  readonly height?: number;
  readonly unit?: string;
  readonly decimals?: number;
  readonly steps?: Threshold[];
}

const thresholds = (steps: Threshold[]): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
const paletteByName = (): FieldColorBuilder => new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic);
const byThresholds = (): FieldColorBuilder => new FieldColorBuilder().mode(FieldColorModeId.Thresholds);

/** One figure. The statement answers one row. */
export function stat(face: Face): AnyPanel {
  const panel = new Stat()
    .title(face.title)
    .description(face.help)
    .datasource(DATA_SOURCE)
    .span(face.width)
    .height(face.height ?? 4)
    .unit(face.unit ?? 'short')
    .noValue('none')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .graphMode(BigValueGraphMode.None)
    .colorMode(face.steps ? BigValueColorMode.Background : BigValueColorMode.None)
    .withTarget(sqlTarget({ refId: 'A', rawSql: face.sql, format: 'table' }));
  if (face.decimals !== undefined) panel.decimals(face.decimals);
  if (face.steps) panel.thresholds(thresholds(face.steps)).colorScheme(byThresholds());
  return panel;
}

export interface Lines extends Face {
  /** Least sampling interval: `$__interval` is never below it. */
  readonly interval: string;
  readonly min?: number;
  readonly max?: number;
  readonly stacked?: 'normal' | 'percent';
  readonly bars?: boolean;
  /** Draw the thresholds as lines. */
  readonly limits?: boolean;
  /** Fixed colours by series. */
  readonly colours?: Readonly<Record<string, string>>;
  readonly overrides?: readonly (readonly [series: RegExp, look: readonly DynamicConfigValue[]])[];
  /** Further statements, B, C and so on. */
  readonly more?: readonly string[];
}

/** Figures over time. The statements answer `time` in rising order and numbers. */
export function lines(face: Lines): AnyPanel {
  const panel = new TimeSeries()
    .title(face.title)
    .description(face.help)
    .datasource(DATA_SOURCE)
    .span(face.width)
    .height(face.height ?? 8)
    .interval(face.interval)
    .unit(face.unit ?? 'short')
    .lineWidth(1)
    .fillOpacity(face.stacked || face.bars ? 60 : 0)
    .drawStyle(face.bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .showPoints(VisibilityMode.Auto)
    .colorScheme(paletteByName())
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  [face.sql, ...(face.more ?? [])].forEach((rawSql, i) => {
    panel.withTarget(sqlTarget({ refId: String.fromCharCode(65 + i), rawSql, format: 'time_series' }));
  });
  if (face.decimals !== undefined) panel.decimals(face.decimals);
  if (face.min !== undefined) panel.min(face.min);
  if (face.max !== undefined) panel.max(face.max);
  if (face.steps) panel.thresholds(thresholds(face.steps));
  if (face.limits) {
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  if (face.stacked) {
    const mode = face.stacked === 'percent' ? StackingMode.Percent : StackingMode.Normal;
    panel.stacking(new StackingConfigBuilder().mode(mode).group('A'));
  }
  for (const [name, color] of Object.entries(face.colours ?? {})) {
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  }
  for (const [series, look] of face.overrides ?? []) panel.overrideByRegexp(`/${series.source}/`, [...look]);
  return panel;
}

export interface Rows extends Face {
  /** Column that the panel sorts by when the statement does not. */
  readonly empty?: string;
}

/** A table; columns look as COLUMNS says, by their names. */
export function table(face: Rows): AnyPanel {
  const panel = new Table()
    .title(face.title)
    .description(face.help)
    .datasource(DATA_SOURCE)
    .span(face.width)
    .height(face.height ?? 9)
    .noValue(face.empty ?? '')
    .filterable(true)
    .withTarget(sqlTarget({ refId: 'A', rawSql: face.sql, format: 'table' }));
  for (const [name, look] of Object.entries(COLUMNS)) {
    if (new RegExp(`\\b${name}\\b`).test(face.sql)) panel.overrideByName(name, [...look]);
  }
  return panel;
}

export interface Shares extends Face {
  /** Fixed colours by name. */
  readonly colours?: Readonly<Record<string, string>>;
}

/** Parts of a whole. The statement answers one row, a column per part: only columns can have a colour of their own. */
export function shares(face: Shares): AnyPanel {
  const panel = new PieChart()
    .title(face.title)
    .description(face.help)
    .datasource(DATA_SOURCE)
    .span(face.width)
    .height(face.height ?? 8)
    .unit(face.unit ?? 'short')
    .colorScheme(paletteByName())
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .withTarget(sqlTarget({ refId: 'A', rawSql: face.sql, format: 'table' }));
  for (const [name, color] of Object.entries(face.colours ?? {})) {
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  }
  return panel;
}

/** Bars by name. The statement answers a name and a number per bar, in order. */
export const bars = (face: Face): AnyPanel =>
  new BarChart()
    .title(face.title)
    .description(face.help)
    .datasource(DATA_SOURCE)
    .span(face.width)
    .height(face.height ?? 8)
    .unit(face.unit ?? 'short')
    .orientation(VizOrientation.Horizontal)
    .showValue(VisibilityMode.Always)
    .colorScheme(paletteByName())
    .withTarget(sqlTarget({ refId: 'A', rawSql: face.sql, format: 'table' }));
