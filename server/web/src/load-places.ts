import { api, firstPages } from './api.ts';
import type { FleetStore } from './fleet-store.ts';

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
      const pages = api.pages('/api/v1/assets', { query: { limit: 1_000 }, signal: gone.signal });
      const { items } = await firstPages(pages, PAGES_MAX);
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
