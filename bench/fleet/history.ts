import type { Scrape } from '../../pipeline/contract/scrape.ts';
import type { Fleet } from './fleet.ts';

/**
 * The fleet's past, instant by instant from `from_ms` up to but not including `to_ms`: each array holds what all answering
 * nodes had at one instant. Nothing is made ahead of the consumer. Afterwards the fleet stands at the last instant, so live
 * scrapes from `to_ms` on continue the same story.
 */
export async function* history(
  fleet: Fleet,
  from_ms: number,
  to_ms: number,
  step_ms: number,
): AsyncGenerator<Scrape[]> {
  for (let ts_ms = from_ms; ts_ms < to_ms; ts_ms += step_ms) {
    const instant: Scrape[] = [];
    for (const node of fleet.node_names) {
      const scrape = fleet.scrape(node, ts_ms);
      if (scrape !== null) instant.push(scrape);
    }
    yield instant;
  }
}
