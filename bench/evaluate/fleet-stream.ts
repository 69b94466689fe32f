import { encodeScrape } from '../../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../../pipeline/contract/ids.ts';
import type { RawMessage } from '../../pipeline/contract/message.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { chance } from '../fleet/random.ts';

/** What a collector would publish for a scrape that arrives as it is taken. */
export const scrapeMessage = (scrape: Scrape, position: number): RawMessage => ({
  subject: rawSubject(scrape.node),
  data: encodeScrape(scrape),
  content_type: 'application/vnd.gpu-vitals.scrape',
  position,
  arrived_at: scrape.ts,
  event_time: scrape.ts,
});

/**
 * A fleet's life as messages, interval by interval: `[messages, end of the interval]`. Every node is scraped at its own
 * moment in the interval, as a collector spreads them.
 */
export function* fleetStream(
  fleet: Fleet,
  span: { readonly to_ms: number; readonly seed: number },
): Generator<readonly [messages: readonly RawMessage[], until_ms: number]> {
  const { interval_ms } = fleet;
  const nodes = fleet.node_names
    .map((name, index) => ({ name, phase_ms: Math.floor(chance(span.seed, index) * interval_ms) }))
    .toSorted((a, b) => a.phase_ms - b.phase_ms);
  let position = 0;
  for (let from_ms = fleet.start_ms; from_ms < span.to_ms; from_ms += interval_ms) {
    const messages: RawMessage[] = [];
    for (const { name, phase_ms } of nodes) {
      const scrape = fleet.scrape(name, from_ms + phase_ms);
      if (scrape !== null) messages.push(scrapeMessage(scrape, ++position));
    }
    yield [messages, from_ms + interval_ms];
  }
}
