import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from './analysis.ts';
import { Assets } from './asset-book.ts';
import { NO_MODELS } from './contract/failure-model.ts';
import type { Topology } from './define-topology.ts';
import { fleetVitals } from './topology.ts';

/** The whole topology with its defaults, over messages of any time: none lies too far in the future. */
export const anyTimeTopology = (): Topology =>
  fleetVitals({
    ...DEFAULT_ANALYSIS,
    future_max: null,
    assets: new Assets(),
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });
