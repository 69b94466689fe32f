import { driftMetrics } from '../server/drift-metrics.ts';
import type { MetricSource } from '../server/metrics-registry.ts';
import { apiMetrics, engineMetrics, REQUESTS, TOLD_METRICS, type ToldMetric } from '../server/own-metrics.ts';
import { performanceMetrics } from '../server/routes/model-performance.ts';

interface Line {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

const typeOf = (name: string): string => (name.endsWith('_total') ? 'counter' : 'gauge');
const ofSource = (source: MetricSource): Line => ({
  name: source.name,
  help: source.help,
  type: typeOf(source.name),
  labels: 'labels' in source ? source.labels : [],
});
const ofTold = ({ name, help, labels, type }: ToldMetric): Line => ({
  name,
  help,
  type: type ?? typeOf(name),
  labels: ['source', ...labels],
});

/** Our own metrics as they are defined: what /metrics of the API may hold. */
export function ownMetricsPage(): string {
  const part = (title: string, lines: readonly Line[]): string[] => [
    '',
    `## ${title}`,
    '',
    '| name | type | labels | meaning |',
    '|---|---|---|---|',
    ...lines.map(
      ({ name, type, labels, help }) =>
        `| \`gpu_vitals_${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    ),
  ];
  const told = (source: string): Line[] => Object.values(TOLD_METRICS[source] ?? {}).map(ofTold);
  return [
    '# Our own metrics',
    '',
    'Generated from `server/own-metrics.ts` by `npm run generate`. `/metrics` of the API has them in the text format of Prometheus. Units stand last in a name; a name that ends in `_total` counts since the start of the part. A part that does not run has no lines.',
    ...part('Engine', [...engineMetrics({ last: () => null, workers: () => [] }).map(ofSource), ...told('engine')]),
    ...part('Collector', told('collector')),
    ...part('Alerts and their channels', told('alerts')),
    ...part('Live server', told('live')),
    ...part('API', [...apiMetrics(() => Number.NaN).map(ofSource), { ...ofTold(REQUESTS), labels: REQUESTS.labels }]),
    ...part('Models', [
      ...performanceMetrics({ known: () => [] }).map(ofSource),
      ...driftMetrics({ known: () => null }).map(ofSource),
    ]),
    '',
  ].join('\n');
}
