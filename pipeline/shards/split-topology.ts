import type { Topology, TopologyNode } from '../define-topology.ts';

type Halves = { readonly groups: Topology; readonly fleet: Topology };

/**
 * A topology as two: what is done group by group, up to what steps over the fleet pick of it, and what is done with that.
 * Fleet steps stand in both, each time with the inputs that come from there; a sink stands wherever something reaches it, and one
 * that one hand writes for all with the fleet.
 */
export function splitTopology(topology: Topology): Halves {
  const spanning = new Set(topology.nodes.filter(({ kind }) => kind === 'fleet').map(({ id }) => id));
  const half = (ofFleet: boolean): Topology => ({
    nodes: topology.nodes
      .map((node) => withInputs(node, (step) => spanning.has(step) === ofFleet))
      .filter((node) => {
        if (node.kind !== 'sink') return node.kind === 'fleet' || !ofFleet;
        return node.inputs.length > 0 || (ofFleet && node.of_several === true);
      }),
  });
  return { groups: half(false), fleet: half(true) };
}

function withInputs(node: TopologyNode, keep: (step: string) => boolean): TopologyNode {
  const kept = node.inputs.map(({ step }) => keep(step));
  const inputs = node.inputs.filter((_, i) => kept[i]);
  return node.kind === 'fleet' ? { ...node, inputs, names: node.names.filter((_, i) => kept[i]) } : { ...node, inputs };
}
