/** What a query knows of the dashboard that it stands in. */
export interface QueryScope {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Sampling interval, see intervalMs. */
  readonly interval_ms: number;
  /** A variable's value: a list where several can be chosen, `all` where all are (its custom text stands then as it is). */
  readonly variables: Readonly<Record<string, string | readonly string[] | { readonly all: string }>>;
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function interpolated(value: QueryScope['variables'][string]): string {
  if (typeof value === 'string') return value.replaceAll("'", "''");
  return 'all' in value ? value.all : value.map(quote).join(',');
}

/**
 * A panel's SQL as Grafana's PostgreSQL data source sends it: variables by its front end (texts of lists quoted, a custom text
 * for "All" as it is), then `$__interval` and the epochs of all SQL data sources, then its own time macros, which are replaced
 * by RFC 3339 texts. Throws on a macro that the data source does not know. Source: Grafana's documentation, data sources >
 * PostgreSQL > macros and templating, and the data source's published code (macros.go, sql_engine.go), release 12.
 */
export function expandQuery(sql: string, scope: QueryScope): string {
  const seconds = (ms: number): string => String(Math.floor(ms / 1000));
  const instant = (ms: number): string => quote(new Date(ms).toISOString());
  const chosen = sql.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}/g, (whole, plain?: string, braced?: string) => {
    const value = scope.variables[plain ?? braced ?? ''];
    return value === undefined ? whole : interpolated(value);
  });
  const stepped = chosen
    .replaceAll('$__interval_ms', String(scope.interval_ms))
    .replaceAll('$__interval', intervalText(scope.interval_ms))
    .replaceAll('$__unixEpochFrom()', seconds(scope.from))
    .replaceAll('$__unixEpochTo()', seconds(scope.to));
  return stepped.replace(/\$([_a-zA-Z0-9]+)\(([^)]*)\)/g, (_, name: string, argument: string) => {
    switch (name) {
      case '__timeFilter':
        return `${argument.trim()} BETWEEN ${instant(scope.from)} AND ${instant(scope.to)}`;
      case '__timeFrom':
        return instant(scope.from);
      case '__timeTo':
        return instant(scope.to);
      default:
        throw new Error(`unknown macro "${name}"`);
    }
  });
}

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [31_536_000_000, 'y'],
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
  [1, 'ms'],
];
function intervalText(ms: number): string {
  const [size, unit] = UNITS.find(([one]) => ms >= one) ?? [1, 'ms'];
  return `${Math.floor(ms / size)}${unit}`;
}

/** `30s`, `5m` as ms; 0 for none. */
export function durationMs(text: string | undefined): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d|y)$/.exec(text ?? '') ?? [];
  return Number(count ?? 0) * (UNITS.find(([, name]) => name === unit)?.[0] ?? 0);
}

/** Below the first number the interval is the second, ms. */
const ROUNDED: readonly (readonly [below: number, ms: number])[] = [
  [1_500, 1_000],
  [3_500, 2_000],
  [7_500, 5_000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
  [604_800_000, 86_400_000],
  [1_814_400_000, 604_800_000],
];

/** The sampling interval that Grafana gives a panel: the range over its points, rounded, never below the panel's least. */
export function intervalMs(span_ms: number, points: number, least_ms: number): number {
  const wanted = Math.max(span_ms / points, 1);
  return Math.max(least_ms, ROUNDED.find(([below]) => wanted < below)?.[1] ?? 2_592_000_000);
}
