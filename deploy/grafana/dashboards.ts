import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { ANNOTATIONS } from './annotations.ts';
import { FLEET_HEALTH } from './fleet-health.ts';
import { FLEET_USE } from './fleet-use.ts';
import { LIVE_OVERVIEW, type Row } from './live-overview.ts';
import { PREDICTIVE } from './predictive.ts';
import { CHOSEN, CONSOLE, FORECAST_GPU, PRICE, RESOLUTION, SOURCE, type Variable } from './variables.ts';

interface Page {
  readonly uid: string;
  readonly title: string;
  readonly help: string;
  readonly from: string;
  readonly to: string;
  readonly refresh: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

const PAGES: readonly Page[] = [
  {
    uid: 'gpu-vitals-live',
    title: 'GPU vitals: live overview',
    help: 'What is going on now, and what needs somebody.',
    from: 'now-1h',
    to: 'now',
    refresh: '30s',
    variables: [SOURCE, ...CHOSEN, RESOLUTION, CONSOLE],
    rows: LIVE_OVERVIEW,
  },
  {
    uid: 'gpu-vitals-health',
    title: 'GPU vitals: fleet health',
    help: 'How the fleet is, how it got there, and what wears out.',
    from: 'now-7d',
    to: 'now',
    refresh: '5m',
    variables: [SOURCE, ...CHOSEN, RESOLUTION, PRICE, CONSOLE],
    rows: [...FLEET_HEALTH, FLEET_USE],
  },
  {
    uid: 'gpu-vitals-predictive',
    title: 'GPU vitals: predictive',
    help: 'What is coming: risk, forecasts, decisions, and how good the predictions are. The range reaches three days ahead.',
    from: 'now-7d',
    to: 'now+3d',
    refresh: '5m',
    variables: [SOURCE, ...CHOSEN, FORECAST_GPU, CONSOLE],
    rows: PREDICTIVE,
  },
];

/** Files of deploy/grafana/dashboards by name, as `npm run generate` writes them: JSON that Grafana 10 to 12 imports. */
export function grafanaDashboards(): Readonly<Record<string, string>> {
  return Object.fromEntries(PAGES.map((page) => [`${page.uid}.json`, `${JSON.stringify(build(page), null, 2)}\n`]));
}

function build(page: Page): unknown {
  const dashboard = new DashboardBuilder(page.title)
    .uid(page.uid)
    .description(page.help)
    .tags(['gpu-vitals'])
    .time({ from: page.from, to: page.to })
    .timezone('browser')
    .refresh(page.refresh)
    .tooltip(DashboardCursorSync.Crosshair)
    .editable()
    .variables([...page.variables])
    .annotations([...ANNOTATIONS])
    .links([
      new DashboardLinkBuilder('GPU vitals')
        .type(DashboardLinkType.Dashboards)
        .tags(['gpu-vitals'])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variable
      new DashboardLinkBuilder('Console').type(DashboardLinkType.Link).url('${console}/').targetBlank(true),
    ]);
  for (const row of page.rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(panel);
  }
  const built = dashboard.build();
  built.panels?.forEach((panel, i) => {
    panel.id = i + 1;
  });
  return built;
}
