import { REASON_CODES } from '../../pipeline/contract/events.ts';
import { METRICS } from '../../pipeline/contract/metrics.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import { EPOCH_MS_MAX } from '../../pipeline/contract/time.ts';
import { law } from './fuzz-target.ts';

/** A scrape that a parser made: identities, values in the range of their metric, reasons of the catalogue. */
export function lawfulScrape({ node, ts, gpus, refusals }: Scrape): void {
  law(node !== '', 'a scrape names no node');
  lawfulInstant(ts, 'a scrape');
  for (const gpu of gpus) {
    law(gpu.uuid !== '', 'a row has no GPU identity');
    lawfulInstant(gpu.ts, 'a row');
    METRICS.forEach(({ name, min, max }, m) => {
      const value = gpu.values[m] as number;
      law(Number.isNaN(value) || (value >= min && value <= max), `${name} is ${value}`);
    });
    for (const { xid, count } of gpu.xids)
      law(xid >= 0 && Number.isSafeInteger(count) && count >= 0, `XID ${xid}, ${count} times`);
  }
  for (const { reason } of refusals) law(Object.hasOwn(REASON_CODES, reason), `refused for ${reason}`);
}

export function lawfulInstant(ts: number, what: string): void {
  law(ts > 0 && ts <= EPOCH_MS_MAX, `${what} is of ${ts}`);
}
