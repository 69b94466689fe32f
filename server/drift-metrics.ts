import type { MetricSource } from './metrics-registry.ts';
import type { DriftReports, ModelDrift } from './model-drift.ts';

const LABELS = ['model', 'version'];
const OF_FLEET: readonly (readonly [name: string, help: string, figure: (drift: ModelDrift) => number | null])[] = [
  [
    'feature_drift_alarms',
    'Features that are spread unlike in training.',
    ({ features }) => features.filter(({ alarm }) => alarm).length,
  ],
  [
    'feature_drift_moved_ratio',
    'Share of what the model goes by that has moved beyond doubt.',
    ({ moved_ratio }) => moved_ratio,
  ],
];
const OF_FEATURE = [
  ['feature_drift_psi', 'Population stability index against the training.', 'index'],
  ['feature_drift_ks', 'Kolmogorov-Smirnov statistic against the training.', 'ks'],
] as const;

/** Drift of the features for Prometheus, as last computed. */
export function driftMetrics(reports: Pick<DriftReports, 'known'>): readonly MetricSource[] {
  const of = (model: NonNullable<ModelDrift['model']>) => ({ model: model.name, version: model.version });
  return [
    ...OF_FLEET.map(([name, help, figure]) => ({
      name,
      help: `${help} Of the model that judges; absent while unknown.`,
      labels: LABELS,
      series: () => {
        const drift = reports.known();
        const value = drift === null ? null : figure(drift);
        return !drift?.model || value === null ? [] : [{ labels: of(drift.model), value }];
      },
    })),
    ...OF_FEATURE.map(([name, help, figure]) => ({
      name,
      help: `${help} By feature of the model that judges; absent while unknown.`,
      labels: [...LABELS, 'feature'],
      series: () => {
        const { model = null, features = [] } = reports.known() ?? {};
        if (model === null) return [];
        return features.flatMap(({ feature, [figure]: value }) =>
          value === null ? [] : [{ labels: { ...of(model), feature }, value }],
        );
      },
    })),
  ];
}
