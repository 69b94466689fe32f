import type { Bus } from '../pipeline/contract/bus.ts';
import { type FillingHistogram, type Histogram, histogram } from '../pipeline/contract/histogram.ts';
import { REQUESTS, TOLD_METRICS } from './own-metrics.ts';

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
interface LabelledHistogram {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Histogram;
}

/** A metric with what it says now, in the order of the page. */
export type MetricFamily = {
  /** With the prefix. */
  readonly name: string;
  readonly help: string;
} & (
  | { readonly type: 'counter' | 'gauge'; readonly series: readonly LabelledValue[] }
  | { readonly type: 'histogram'; readonly series: readonly LabelledHistogram[] }
);

/** Our own metrics in the Prometheus text format (version 0.0.4). */
export interface MetricsRegistry {
  add(...sources: readonly MetricSource[]): void;
  /** Counts an answered request. */
  countRequest(route: string, status: number, duration_s: number): void;
  /**
   * Takes what another part told of itself, `{name: number | {labels, value}[] | {labels, histogram}[]}`; what is none of them
   * is left. The catalogue of a source `engine.w0` is that of `engine`.
   */
  tell(source: string, figures: unknown): void;
  families(): readonly MetricFamily[];
  text(): string;
}

const PREFIX = 'gpu_vitals_';
const FIGURES_PER_SOURCE_MAX = 500;
const SOURCES_MAX = 1_000;
const BUCKETS_MAX = 100;
const NAME = /^[a-zA-Z_]\w{0,127}$/;
const HELP: ReadonlyMap<string, string> = new Map(
  Object.values(TOLD_METRICS).flatMap((metrics) =>
    Object.values(metrics).map(({ name, help }): [string, string] => [name, help]),
  ),
);
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

type Told = readonly LabelledValue[] | readonly LabelledHistogram[];

export function metricsRegistry(): MetricsRegistry {
  const sources: MetricSource[] = [];
  const requests = new Map<
    string,
    { readonly labels: LabelledValue['labels']; readonly histogram: FillingHistogram }
  >();
  const told = new Map<string, Map<string, Told>>();

  const families = (): MetricFamily[] => {
    const found: MetricFamily[] = sources.map((source) => ({
      name: PREFIX + source.name,
      help: source.help,
      type: typeOf(source.name),
      series: 'value' in source ? [{ labels: {}, value: source.value() }] : source.series(),
    }));
    const own = new Set(sources.map(({ name }) => name));
    const names = new Set([...told.values()].flatMap((figures) => [...figures.keys()]));
    for (const name of [...names].filter((one) => !own.has(one)).sort()) {
      const values: LabelledValue[] = [];
      const histograms: LabelledHistogram[] = [];
      for (const [source, figures] of told) {
        for (const one of figures.get(name) ?? []) {
          const labels = { source, ...one.labels };
          if ('histogram' in one) histograms.push({ labels, histogram: one.histogram });
          else values.push({ labels, value: one.value });
        }
      }
      const head = { name: PREFIX + name, help: HELP.get(name) ?? 'As the part named by source tells it.' };
      // One name is one type: a part that tells it otherwise is of another release.
      if (histograms.length > 0) found.push({ ...head, type: 'histogram', series: histograms });
      else found.push({ ...head, type: typeOf(name), series: values });
    }
    if (requests.size > 0) {
      const { name, help } = REQUESTS;
      found.push({ name: PREFIX + name, help, type: 'histogram', series: [...requests.values()] });
    }
    return found;
  };

  return {
    add(...added) {
      sources.push(...added);
    },
    countRequest(route, status, duration_s) {
      const key = `${route} ${status}`;
      let series = requests.get(key);
      if (series === undefined) {
        series = { labels: { route, status: String(status) }, histogram: histogram(BUCKETS_S) };
        requests.set(key, series);
      }
      series.histogram.observe(duration_s);
    },
    tell(source, figures) {
      if (typeof figures !== 'object' || figures === null) return;
      if (!told.has(source) && told.size >= SOURCES_MAX) return;
      const catalogue = TOLD_METRICS[source.split('.')[0] ?? ''];
      const kept = new Map<string, Told>();
      let count = 0;
      for (const [name, value] of Object.entries(figures)) {
        const series = typeof value === 'number' ? [{ labels: {}, value }] : toldSeries(value);
        count += series.length;
        if (series.length === 0 || !NAME.test(name) || count > FIGURES_PER_SOURCE_MAX) continue;
        kept.set(catalogue?.[name]?.name ?? name, series);
      }
      told.set(source, kept);
    },
    families,
    text: () => `${families().flatMap(familyLines).join('\n')}\n`,
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

const typeOf = (name: string): 'counter' | 'gauge' => (name.endsWith('_total') ? 'counter' : 'gauge');

function familyLines(family: MetricFamily): string[] {
  const { name, help, type } = family;
  const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  if (family.type !== 'histogram') {
    return [...head, ...family.series.map(({ labels, value }) => `${name}${labelText(labels)} ${figure(value)}`)];
  }
  const lines = family.series.flatMap(({ labels, histogram: { le, counts, sum } }) => {
    let below = 0;
    const buckets = counts.map((count, i) => {
      below += count;
      return `${name}_bucket${labelText({ ...labels, le: i < le.length ? String(le[i]) : '+Inf' })} ${below}`;
    });
    return [...buckets, `${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${below}`];
  });
  return [...head, ...lines];
}

const labelText = (labels: LabelledValue['labels']): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const figure = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** `[{labels, value}]` or `[{labels, histogram}]` as another part tells it; empty when it is anything else. */
function toldSeries(value: unknown): Told {
  if (!Array.isArray(value)) return [];
  const values: LabelledValue[] = [];
  const histograms: LabelledHistogram[] = [];
  for (const one of value as unknown[]) {
    const told = (one ?? {}) as { labels?: unknown; value?: unknown; histogram?: unknown };
    if (typeof told.labels !== 'object' || told.labels === null) continue;
    const kept = Object.entries(told.labels).filter(([name, text]) => NAME.test(name) && typeof text === 'string');
    const labels = Object.fromEntries(kept) as Record<string, string>;
    if (typeof told.value === 'number') values.push({ labels, value: told.value });
    else if (isHistogram(told.histogram)) histograms.push({ labels, histogram: told.histogram });
  }
  return histograms.length > 0 ? histograms : values;
}

function isHistogram(value: unknown): value is Histogram {
  const { le, counts, sum } = (value ?? {}) as { le?: unknown; counts?: unknown; sum?: unknown };
  const numbers = (list: unknown): list is number[] =>
    Array.isArray(list) && list.length <= BUCKETS_MAX && list.every((one) => typeof one === 'number');
  return typeof sum === 'number' && numbers(le) && numbers(counts) && counts.length === le.length + 1;
}
