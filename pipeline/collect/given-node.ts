import type { Scrape } from '../contract/scrape.ts';
import type { Target } from './targets.ts';

/**
 * A page under the node that its target's label names. An exporter in a pod may take the pod's name for its host's, which is
 * another one after every restart. A page of several hosts keeps their names.
 */
export function underGivenNode(
  scrapes: readonly Scrape[],
  { node, node_given }: Pick<Target, 'node' | 'node_given'>,
): readonly Scrape[] {
  const [only] = scrapes;
  if (!node_given || only === undefined || scrapes.length > 1 || only.node === node) return scrapes;
  return [{ ...only, node }];
}
