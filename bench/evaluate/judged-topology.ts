import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import type { AssetBook } from '../../operators/enrich.ts';
import { DEFAULT_ANALYSIS } from '../../pipeline/analysis.ts';
import { NO_MODELS } from '../../pipeline/contract/failure-model.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import type { Topology, TopologyNode } from '../../pipeline/define-topology.ts';
import { DETECTOR_NAMES, type DetectorSettings, type DetectorStep, isOn } from '../../pipeline/detectors.ts';
import { loadOptionalDetectors, type OptionalDetectors } from '../../pipeline/optional-detectors.ts';
import { fleetVitals } from '../../pipeline/topology.ts';

/** Detectors that are off unless somebody switches them on; names of conditions are no steps, so neither on nor off. */
const OFF_BY_DEFAULT: readonly string[] = DETECTOR_NAMES.filter((name) => isOn(name as DetectorStep, {}) === false);
const ALL_ON: DetectorSettings = Object.fromEntries(OFF_BY_DEFAULT.map((name) => [name, { enabled: true }]));

const PREFIX = 'anomalies of ';

/** The step whose anomalies a sink takes apart; null for the product's own sinks. */
export const optionalStepOf = (sink: string): string | null =>
  sink.startsWith(PREFIX) ? sink.slice(PREFIX.length) : null;

/** What `judgedTopology` needs to run the detectors that are off by default. */
export const loadOptional = (): Promise<OptionalDetectors> => loadOptionalDetectors(ALL_ON);

/**
 * The topology with its defaults and, unless `optional` is null, with what is off by default switched on: each such step's
 * anomalies then end in a sink of their own, so that the table of anomalies holds what the defaults tell and nothing else.
 */
export function judgedTopology(options: {
  readonly assets: AssetBook;
  readonly optional: OptionalDetectors | null;
}): Topology {
  const { nodes } = fleetVitals({
    ...DEFAULT_ANALYSIS,
    ...options.optional,
    detectors: options.optional === null ? DEFAULT_ANALYSIS.detectors : ALL_ON,
    future_max: minutes(5),
    assets: options.assets,
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });
  const out: TopologyNode[] = [];
  for (const node of nodes) {
    if (node.kind === 'fleet' && node.id === 'fleet_alerts') {
      // Nobody is alerted of what is off.
      const on = node.inputs.map(({ step }) => !OFF_BY_DEFAULT.includes(step));
      const kept = <T>(list: readonly T[]): readonly T[] => list.filter((_, i) => on[i]);
      out.push({ ...node, inputs: kept(node.inputs), names: kept(node.names) });
      continue;
    }
    if (node.kind !== 'sink' || node.id !== 'anomalies') {
      out.push(node);
      continue;
    }
    const apart = node.inputs.filter(({ step }) => OFF_BY_DEFAULT.includes(step));
    out.push({ ...node, inputs: node.inputs.filter((port) => !apart.includes(port)) });
    for (const port of apart) {
      out.push({ kind: 'sink', id: `${PREFIX}${port.step}`, summary: '', inputs: [port], ports: [] });
    }
  }
  return { nodes: out };
}
