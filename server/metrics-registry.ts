import type { Bus } from '../pipeline/contract/bus.ts';
import { TOLD_METRICS } from './own-metrics.ts';

/** A metric whose value, or values by labels, are asked for when the page is read. */
export type MetricSource = {
  /** Without the prefix; ends in `_total` when it is a counter. */
  readonly name: string;
  readonly help: string;
} & (
  | { readonly value: () => number }
  | { readonly labels: readonly string[]; readonly series: () => readonly LabelledValue[] }
);

interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Our own metrics in the Prometheus text format (version 0.0.4). */
export interface MetricsRegistry {
  add(...sources: readonly MetricSource[]): void;
  /** Counts an answered request. */
  countRequest(route: string, status: number, duration_s: number): void;
  /** Takes what another part told of itself, `{name: number | {labels, value}[]}`; what is neither is left. */
  tell(source: string, figures: unknown): void;
  text(): string;
}

const PREFIX = 'gpu_vitals_';
const FIGURES_PER_SOURCE_MAX = 500;
const SOURCES_MAX = 1_000;
const NAME = /^[a-zA-Z_]\w{0,127}$/;
const HELP: ReadonlyMap<string, string> = new Map(
  Object.values(TOLD_METRICS).flatMap((metrics) =>
    Object.values(metrics).map(({ name, help }): [string, string] => [name, help]),
  ),
);
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

interface RequestSeries {
  readonly route: string;
  readonly status: number;
  readonly buckets: number[];
  count: number;
  sum_s: number;
}

export function metricsRegistry(): MetricsRegistry {
  const sources: MetricSource[] = [];
  const requests = new Map<string, RequestSeries>();
  const told = new Map<string, Map<string, readonly LabelledValue[]>>();
  return {
    add(...added) {
      sources.push(...added);
    },
    countRequest(route, status, duration_s) {
      const key = `${route} ${status}`;
      let series = requests.get(key);
      if (series === undefined) {
        series = { route, status, buckets: BUCKETS_S.map(() => 0), count: 0, sum_s: 0 };
        requests.set(key, series);
      }
      series.count++;
      series.sum_s += duration_s;
      for (let i = BUCKETS_S.length - 1; i >= 0 && duration_s <= (BUCKETS_S[i] as number); i--) {
        series.buckets[i] = (series.buckets[i] as number) + 1;
      }
    },
    tell(source, figures) {
      if (typeof figures !== 'object' || figures === null) return;
      if (!told.has(source) && told.size >= SOURCES_MAX) return;
      const kept = new Map<string, readonly LabelledValue[]>();
      let count = 0;
      for (const [name, value] of Object.entries(figures)) {
        const known = TOLD_METRICS[source]?.[name];
        const series = typeof value === 'number' ? [{ labels: {}, value }] : labelledValues(value);
        count += series.length;
        if (series.length === 0 || !NAME.test(name) || count > FIGURES_PER_SOURCE_MAX) continue;
        kept.set(known?.name ?? name, series);
      }
      told.set(source, kept);
    },
    text() {
      const lines: string[] = [];
      const head = (name: string, help: string, type = name.endsWith('_total') ? 'counter' : 'gauge'): void => {
        lines.push(`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`);
      };
      const own = new Set(sources.map(({ name }) => name));
      for (const source of sources) {
        const { name, help } = source;
        head(name, help);
        if ('value' in source) lines.push(`${PREFIX}${name} ${figure(source.value())}`);
        else {
          for (const { labels, value } of source.series()) {
            const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
            lines.push(`${PREFIX}${name}{${pairs.join(',')}} ${figure(value)}`);
          }
        }
      }
      const names = new Set([...told.values()].flatMap((figures) => [...figures.keys()]));
      for (const name of [...names].filter((one) => !own.has(one)).sort()) {
        head(name, HELP.get(name) ?? 'As the part named by source tells it.');
        for (const [source, figures] of told) {
          for (const { labels, value } of figures.get(name) ?? []) {
            const pairs = Object.entries({ source, ...labels }).map(([label, text]) => `${label}="${escaped(text)}"`);
            lines.push(`${PREFIX}${name}{${pairs.join(',')}} ${figure(value)}`);
          }
        }
      }
      if (requests.size > 0) head('http_request_duration_seconds', 'Time until an answer was ready.', 'histogram');
      for (const { route, status, buckets, count, sum_s } of requests.values()) {
        const labels = `route="${escaped(route)}",status="${status}"`;
        const name = `${PREFIX}http_request_duration_seconds`;
        BUCKETS_S.forEach((le, i) => {
          lines.push(`${name}_bucket{${labels},le="${le}"} ${buckets[i]}`);
        });
        lines.push(
          `${name}_bucket{${labels},le="+Inf"} ${count}`,
          `${name}_sum{${labels}} ${sum_s}`,
          `${name}_count{${labels}} ${count}`,
        );
      }
      return `${lines.join('\n')}\n`;
    },
  };
}

/** Hears the other parts on `vitals.metrics.<source>`. */
export function listenToMetrics(bus: Bus, registry: MetricsRegistry): { stop(): void } {
  const subscription = bus.subscribe('vitals.metrics.>', ({ subject, data }) => {
    try {
      registry.tell(subject.slice('vitals.metrics.'.length), JSON.parse(new TextDecoder().decode(data)));
    } catch {
      // A part that tells nonsense of itself is shown with what it told last.
    }
  });
  return { stop: () => subscription.unsubscribe() };
}

const figure = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** `[{labels, value}]` as another part tells it; empty when it is anything else. */
function labelledValues(value: unknown): readonly LabelledValue[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) => {
    const { labels, value: figure } = (one ?? {}) as { labels?: unknown; value?: unknown };
    if (typeof figure !== 'number' || typeof labels !== 'object' || labels === null) return [];
    const kept = Object.entries(labels).filter(([name, text]) => NAME.test(name) && typeof text === 'string');
    return [{ labels: Object.fromEntries(kept) as Record<string, string>, value: figure }];
  });
}
