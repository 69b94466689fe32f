/** A page of the console that has an address of its own. */
interface ConsolePage {
  readonly page: string;
  readonly path: string;
  /** What it is called in the navigation. */
  readonly label: string;
  /** The key that leads to it after `g`. */
  readonly key: string;
  /** What it is made of: who may not call it is not led there. */
  readonly reads?: string;
}

/**
 * The console's pages, in the order of its navigation: what the server answers with the console, what the router knows
 * and where the keys lead. A new page is a line here and one in `web/src/console.tsx`.
 */
export const CONSOLE_PAGES = [
  { page: 'fleet', path: '/', label: 'Fleet', key: 'f' },
  { page: 'alerts', path: '/alerts', label: 'Alerts', key: 'w' },
  { page: 'anomalies', path: '/anomalies', label: 'Anomalies', key: 'a' },
  { page: 'episodes', path: '/episodes', label: 'Episodes', key: 'e' },
  { page: 'incidents', path: '/incidents', label: 'Incidents', key: 'i' },
  { page: 'predictions', path: '/predictions', label: 'Predictions', key: 'p' },
  { page: 'money', path: '/money', label: 'Money', key: 'm' },
  { page: 'models', path: '/models', label: 'Models', key: 'v', reads: 'GET /api/v1/models' },
  { page: 'labels', path: '/labels', label: 'Failures', key: 'l' },
  { page: 'assets', path: '/assets', label: 'Assets', key: 'h' },
  { page: 'reports', path: '/reports', label: 'Reports', key: 'r' },
  { page: 'pipeline', path: '/pipeline', label: 'Pipeline', key: 't', reads: 'GET /api/v1/topology' },
  { page: 'settings', path: '/settings', label: 'Settings', key: 's', reads: 'GET /api/v1/alert-rules' },
] as const satisfies readonly ConsolePage[];

export type ConsolePageName = (typeof CONSOLE_PAGES)[number]['page'];

/** The pages of somebody who may not call these routes. */
export const pagesWithout = (refused: readonly string[]): readonly ConsolePage[] =>
  CONSOLE_PAGES.filter((page: ConsolePage) => page.reads === undefined || !refused.includes(page.reads));
