import type { AssetBook } from '../../operators/enrich.ts';
import { DEFAULT_ANALYSIS } from '../../pipeline/analysis.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import type { Topology, TopologyNode } from '../../pipeline/define-topology.ts';
import { DETECTOR_NAMES, type DetectorStep, isOn } from '../../pipeline/detectors.ts';
import { fleetVitals } from '../../pipeline/topology.ts';

/** Detectors that are off unless somebody switches them on; names of conditions are no steps, so neither on nor off. */
const OFF_BY_DEFAULT: readonly string[] = DETECTOR_NAMES.filter((name) => isOn(name as DetectorStep, {}) === false);

const PREFIX = 'anomalies of ';

/** The step whose anomalies a sink takes apart; null for the product's own sinks. */
export const optionalStepOf = (sink: string): string | null =>
  sink.startsWith(PREFIX) ? sink.slice(PREFIX.length) : null;

/**
 * The topology with its defaults and, where asked for, with what is off by default switched on: each such step's anomalies
 * then end in a sink of their own, so that the table of anomalies holds what the defaults tell and nothing else.
 */
export function judgedTopology(options: { readonly assets: AssetBook; readonly optional: boolean }): Topology {
  const detectors = options.optional
    ? Object.fromEntries(OFF_BY_DEFAULT.map((name) => [name, { enabled: true }]))
    : DEFAULT_ANALYSIS.detectors;
  const { nodes } = fleetVitals({
    ...DEFAULT_ANALYSIS,
    detectors,
    future_max: minutes(5),
    assets: options.assets,
  });
  const out: TopologyNode[] = [];
  for (const node of nodes) {
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
