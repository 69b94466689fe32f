import type { Asset } from '../../pipeline/contract/events.ts';
import {
  FEATURES,
  type FeatureSource,
  findFeature,
  type Given,
  type Statistic,
} from '../../pipeline/contract/features.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import {
  COUNTER_TIERS,
  COUNTERS,
  HOURLY_GAUGES,
  TALLIES,
  TALLY_TIERS,
  type WindowName,
} from '../../pipeline/contract/windows.ts';
import { deviationOf, MOMENTS, maxOf, meanOf, minOf, trendOf } from '../windows/moments.ts';
import { rises } from '../windows/rises.ts';
import { tallies, tallyIndex } from '../windows/tallies.ts';
import type { WindowCells, Windows } from '../windows/windows.ts';

/** What a GPU is, besides what its samples say. */
export interface GpuFacts {
  readonly identity: GpuIdentity;
  readonly asset: Pick<Asset, 'model' | 'deployed_at' | 'warranty_until' | 'operating_hours'> | undefined;
  /** Time in samples since it was registered. */
  readonly operated_ms: number;
  /** Deviation from its peers by metric; NaN = not enough of them. */
  peerDeviation(metric: MetricName): number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WEEK = 0;
const WEEK_PANE_MS = TALLY_TIERS[WEEK]?.pane as number;
const WEEK_MS = TALLY_TIERS[WEEK]?.length as number;

const STATISTICS: Readonly<Record<Statistic, (moments: Float64Array) => number>> = {
  mean: meanOf,
  std: deviationOf,
  min: minOf,
  max: maxOf,
  trend: trendOf,
};

/** What a GPU's features are read from: merged once a vector. */
interface View {
  readonly cells: WindowCells;
  readonly gpu: number;
  readonly t: number;
  readonly facts: GpuFacts;
  /** Rises per day, by tier. */
  readonly rates: readonly Float64Array[];
  readonly tallies: Float64Array;
  /** The vector so far: gauges are there before all others. */
  readonly out: Float64Array;
}
type Read = (view: View) => number;

/**
 * Reads all features of one GPU at `t` into `out`, NaN where a feature is unknown. Compiled once from the definitions, so
 * that a number and its documentation come from the same row. About 15 us.
 */
export function createFeatureReader(
  windows: Windows,
): (cells: WindowCells, gpu: number, t: number, facts: GpuFacts, out: Float64Array) => void {
  const moments = new Float64Array(MOMENTS);
  const gauges = gaugeReads(windows);
  const others = FEATURES.flatMap(({ source }, index) =>
    source.of === 'gauge' ? [] : [{ index, read: compile(source, windows) }],
  );
  const rates = COUNTER_TIERS.map(() => new Float64Array(COUNTERS.length + 1));
  const counts = new Float64Array(TALLIES.length);
  return (cells, gpu, t, facts, out) => {
    for (const { read, outputs } of gauges) {
      read(cells, gpu, t, moments);
      for (const { index, statistic, scale } of outputs) out[index] = statistic(moments) * scale;
    }
    for (let tier = 0; tier < rates.length; tier++) {
      rises.perDay(cells.rises, gpu, tier, t, rates[tier] as Float64Array);
    }
    tallies.read(cells.tallies, gpu, WEEK, t, counts);
    const view: View = { cells, gpu, t, facts, rates, tallies: counts, out };
    for (const { index, read } of others) out[index] = read(view);
  };
}

/** Each window of a metric is merged once for all that is told of it. */
function gaugeReads(windows: Windows) {
  const byWindow = new Map<
    string,
    {
      metric: MetricName;
      window: WindowName;
      outputs: { index: number; statistic: (m: Float64Array) => number; scale: number }[];
    }
  >();
  FEATURES.forEach(({ source }, index) => {
    if (source.of !== 'gauge') return;
    const { metric, window, scale } = source;
    const key = `${metric} ${window}`;
    const entry = byWindow.get(key) ?? { metric, window, outputs: [] };
    entry.outputs.push({ index, statistic: STATISTICS[source.statistic], scale });
    byWindow.set(key, entry);
  });
  return [...byWindow.values()].map(({ metric, window, outputs }) => ({
    read: windows.gauge(metric, window),
    outputs,
  }));
}

function compile(source: Exclude<FeatureSource, { readonly of: 'gauge' }>, windows: Windows): Read {
  switch (source.of) {
    case 'rate': {
      const counter = COUNTERS.indexOf(source.counter);
      const tier = COUNTER_TIERS.findIndex(({ window }) => window === source.window);
      return ({ rates }) => (rates[tier]?.[counter] as number) * source.scale;
    }
    case 'tally': {
      const tally = tallyIndex(source.tally);
      const given = compileGiven(source.given);
      return (view) => (given(view) ? (view.tallies[tally] as number) * source.scale : Number.NaN);
    }
    case 'tally_mean': {
      const tally = tallyIndex(source.tally);
      const per = tallyIndex(source.per);
      return ({ tallies: counts }) => ((counts[tally] as number) / (counts[per] as number)) * source.scale;
    }
    case 'quotient': {
      const over = findFeature(source.over);
      const under = findFeature(source.under);
      return ({ out }) => (out[under] === 0 ? Number.NaN : (out[over] as number) / (out[under] as number));
    }
    case 'asset':
      return ASSET_FACTS[source.fact];
    case 'model': {
      // An RTX A1000 is no A100, an A100X and an A100D are.
      const name = new RegExp(`\\b${source.text}(?!\\d)`, 'i');
      return ({ facts: { identity, asset } }) => {
        const model = identity.model || asset?.model || '';
        return model === '' ? Number.NaN : Number(name.test(model));
      };
    }
    case 'peers':
      return ({ facts }) => facts.peerDeviation(source.metric);
    case 'hour_contrast': {
      const metric = HOURLY_GAUGES.indexOf(source.metric);
      return ({ cells, gpu }) => windows.hours.contrast(cells.hours, gpu, metric);
    }
    case 'cadence':
      return ({ cells, gpu }) => (cells.time.cadence_ms[gpu] as number) / 1_000 || Number.NaN;
    case 'coverage':
      return coverage;
  }
}

const ASSET_FACTS: Readonly<Record<'age' | 'warranty' | 'hours', Read>> = {
  age: ({ t, facts: { asset } }) => (asset?.deployed_at == null ? Number.NaN : (t - asset.deployed_at) / DAY_MS),
  warranty: ({ t, facts: { asset } }) =>
    asset?.warranty_until == null ? Number.NaN : (asset.warranty_until - t) / DAY_MS,
  hours: ({ facts: { asset, operated_ms } }) =>
    asset?.operating_hours == null ? Number.NaN : asset.operating_hours + operated_ms / HOUR_MS,
};

function compileGiven(given: Given): (view: View) => boolean {
  if (typeof given === 'string') {
    const tally = tallyIndex(given);
    return ({ tallies: counts }) => (counts[tally] as number) > 0;
  }
  if ('counter' in given) {
    const counter = COUNTERS.indexOf(given.counter);
    const tier = COUNTER_TIERS.findIndex(({ window }) => window === '7d');
    return ({ cells, gpu, t }) => rises.seen(cells.rises, gpu, counter, tier, t);
  }
  const feature = findFeature(`${given.gauge}_mean_7d`);
  return ({ out }) => !Number.isNaN(out[feature]);
}

const OBSERVED = tallyIndex('observed_ms');
const coverage: Read = ({ cells, gpu, t, tallies: counts }) => {
  const first = cells.time.first_ts[gpu] as number;
  const start = Math.max(first, Math.floor((t - WEEK_MS) / WEEK_PANE_MS) * WEEK_PANE_MS);
  // The first sample stands for time before it.
  return t > start ? Math.min(1, (counts[OBSERVED] as number) / (t - start)) : Number.NaN;
};
