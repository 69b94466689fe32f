import type { DecisionInput } from './default-profile.ts';
import { findPrices, loadPriceBook, type ModelPrices } from './price-book.ts';

export const BOOK = loadPriceBook(null);
export const H100: ModelPrices = findPrices(BOOK, 'NVIDIA H100 80GB HBM3');

/** An H100 in good health of which everything is known. */
export const SOUND: DecisionInput = {
  health: 95,
  p7: 0.005,
  p30: 0.02,
  p90: 0.06,
  utilisation: 0.8,
  power_watts: 520,
  age_days: 400,
  warranty_days: 0,
  tier: 'training',
  resale_usd: null,
};
