import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import type { AssetBook } from '../../operators/enrich.ts';
import { analysisOf } from '../analysis.ts';
import type { Config } from '../config-schema.ts';
import type { ModelBook } from '../contract/failure-model.ts';
import type { DurationMs } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import { loadOptionalDetectors } from '../optional-detectors.ts';
import { fleetVitals } from '../topology.ts';

/** What decides how time is taken. */
export interface EngineTime {
  readonly config: Config;
  /** False when the fleet's clock is not ours, as in a simulation that runs faster. */
  readonly wall_time: boolean;
}

export const futureMax = ({ config, wall_time }: EngineTime): DurationMs | null =>
  wall_time ? config['future-max'] : null;

/** An engine's topology, the same in all of its threads. */
export const engineTopology = async (options: EngineTime, assets: AssetBook, models: ModelBook): Promise<Topology> =>
  (await topologyMaker(options, assets, models))();

/** Makes topologies that share nothing but what they look up. */
export async function topologyMaker(
  options: EngineTime,
  assets: AssetBook,
  models: ModelBook,
): Promise<() => Topology> {
  const analysis = analysisOf(options.config);
  const prices = loadPriceBook(options.config['price-book'] || null);
  const optional = await loadOptionalDetectors(analysis.detectors);
  return () => fleetVitals({ ...analysis, ...optional, future_max: futureMax(options), assets, models, prices });
}
