import { api } from './api.ts';
import { boardRisks } from './board-risk.ts';
import type { FleetStore } from './fleet-store.ts';

const MOST = 1_000;

/** Reads into the store what is foreseen for the boards where waiting costs most. Answers whether it could. */
export const riskLoader =
  (fleet: FleetStore) =>
  async (signal: AbortSignal): Promise<boolean> => {
    try {
      const { items } = await api.get('/api/v1/fleet/risks', { query: { limit: MOST }, signal });
      fleet.applyRisks(boardRisks(items));
      return true;
    } catch {
      return signal.aborted;
    }
  };
