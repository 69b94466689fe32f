import { FEATURES, type FeatureDefinition, findFeature } from '../../pipeline/contract/features.ts';

/** A reason for which a feature is no input of a failure model. */
export interface Exclusion {
  readonly why: string;
  matches(feature: FeatureDefinition): boolean;
}

const isGauge = (feature: FeatureDefinition, metric: RegExp, statistic?: RegExp): boolean =>
  feature.source.of === 'gauge' &&
  metric.test(feature.source.metric) &&
  (statistic === undefined || statistic.test(feature.source.statistic));

const gaugeKey = ({ source }: FeatureDefinition): string | null =>
  source.of === 'gauge' ? `${source.metric} ${source.statistic} ${source.window}` : null;

/** Extended features that are a named one in another unit. */
const NAMED_TWICE: ReadonlySet<string> = new Set(
  FEATURES.filter((feature, index) => {
    const key = gaugeKey(feature);
    return key !== null && FEATURES.findIndex((other) => gaugeKey(other) === key) < index;
  }).map(({ name }) => name),
);

/**
 * Why what is measured is not learnt from. A model must mean the same on a fleet that it has not seen: another cadence,
 * other boards, another exporter, other habits of whoever runs it. The bounds on cadence are those of
 * bench/lives/cadence-report.ts: the same lives sampled every 10 s, 2 min and 10 min.
 */
export const EXCLUSIONS: readonly Exclusion[] = [
  {
    why: 'an hour holds six samples at 10 minutes, and six hours too few for extremes: spread, extremes and trends depend on the cadence, and means of hours tell the job, not the board',
    matches: ({ source, window }) => source.of === 'gauge' && (window === '1h' || window === '6h'),
  },
  {
    why: 'the smallest utilisation of a window is a matter of how often one looks',
    matches: (feature) => isGauge(feature, /util|active|occupancy/, /min/),
  },
  {
    why: 'watts and MHz mean another thing on every model; their relative spread, time at the limit and distance from peers stay',
    matches: (feature) =>
      isGauge(feature, /power_watts/) ||
      isGauge(feature, /sm_clock/, /mean|min|max/) ||
      /^(energy_joules|power_efficiency|power_watts_peer)/.test(feature.name),
  },
  {
    why: 'boards of a node that do less than their neighbours for an hour have another job; hotter or slower ones stay',
    matches: ({ name }) => name === 'sm_active_ratio_peer_deviation_1h',
  },
  {
    why: 'a model is no cause, and most models are in no training set',
    matches: ({ source }) => source.of === 'model',
  },
  {
    why: 'warranties and book-keeping follow the buyer; age stays',
    matches: ({ source }) => source.of === 'asset' && source.fact !== 'age',
  },
  {
    why: 'how samples come is the collector’s doing',
    matches: ({ name, source }) =>
      source.of === 'cadence' || source.of === 'coverage' || /^(samples|gap_|late_)/.test(name),
  },
  {
    why: 'contrast by hour of the day follows time zones and schedules',
    matches: ({ source }) => source.of === 'hour_contrast',
  },
  {
    why: 'samples in which corrected errors rose are neither a count of errors nor a share of samples; their rate stays',
    matches: ({ name }) => name === 'ecc_sbe_event_count',
  },
  {
    why: 'no board of today reports anything but 0',
    matches: ({ name }) => /^(sync_boost|reliability)_violation/.test(name),
  },
  { why: 'the same number under a second name', matches: ({ name }) => NAMED_TWICE.has(name) },
];

/** The features that failure models learn from, in the order of FEATURES: what no exclusion matches. */
export const MODEL_FEATURES: readonly string[] = FEATURES.filter(
  (feature) => !EXCLUSIONS.some(({ matches }) => matches(feature)),
).map(({ name }) => name);

/** Counts of samples: they grow with the cadence, so a model reads them as of a week of samples every 10 minutes. */
const SAMPLE_COUNTS: ReadonlySet<string> = new Set([
  'thermal_throttle_count',
  'power_brake_count',
  'sw_power_cap_count',
  'temp_spike_count',
  'power_anomaly_count',
]);
const WEEK_SAMPLES = 1_008;

const SAMPLES = findFeature('samples_7d');

/** Writes inputs of a model from the values of a feature vector, NaN = unknown, from `at` on. */
export type InputReader = (values: ArrayLike<number>, into: Float32Array | Float64Array, at?: number) => void;

/** Counts of samples as of a week of 1,008, which makes cadences alike, or as they are stored. */
type SampleCounts = 'alike' | 'stored';

/**
 * Reads the features that a model looks at, by name. Counts of samples are told as of 1,008 samples, which is what they are
 * at one sample every 10 minutes, unless they are wanted as they are stored; and as they are where nobody knows how many
 * samples there were. Names must be features.
 */
export function inputReader(names: readonly string[], counts: SampleCounts = 'alike'): InputReader {
  const places = Uint16Array.from(names, findFeature);
  const counted = Uint8Array.from(names, (name) => Number(counts === 'alike' && SAMPLE_COUNTS.has(name)));
  return (values, into, at = 0) => {
    const samples = values[SAMPLES] as number;
    const per_sample = Number.isNaN(samples) ? 1 : WEEK_SAMPLES / samples;
    for (let k = 0; k < places.length; k++) {
      const value = values[places[k] as number] as number;
      into[at + k] = counted[k] === 1 ? value * per_sample : value;
    }
  };
}

/** The inputs of a failure model: MODEL_FEATURES.length numbers. */
export const readModelFeatures: InputReader = inputReader(MODEL_FEATURES);
