import type { AssetAnswer } from '../../schemas.ts';
import type { FleetStore } from './fleet-store.ts';
import { getList } from './rest.ts';

const REFRESH_MS = 300_000;
const RETRY_MS = 15_000;
const PAGES_MAX = 200;

/** Reads racks and clusters from the inventory, now and every five minutes; the map does without until they are there. */
export function loadPlaces(fleet: FleetStore): () => void {
  const gone = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const load = async (): Promise<void> => {
    let wait = REFRESH_MS;
    try {
      const options = { pages_max: PAGES_MAX, signal: gone.signal };
      const { items } = await getList<AssetAnswer>('/assets', { limit: 1_000 }, options);
      fleet.applyPlaces(items);
    } catch {
      wait = RETRY_MS;
    }
    if (!gone.signal.aborted) timer = setTimeout(load, wait);
  };
  void load();
  return () => {
    gone.abort();
    clearTimeout(timer);
  };
}
