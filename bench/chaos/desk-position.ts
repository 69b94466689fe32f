import { openDeskMemory } from '../../pipeline/alert-desk/buckets.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';

/** Position in ALERTS up to which the alert desk has brought its table: of a desk that was killed another one takes over seconds later. */
export async function deskPosition(bus: Bus): Promise<number> {
  const place = await (await openDeskMemory(bus)).get('table');
  if (place === null) return 0;
  return (JSON.parse(Buffer.from(place.value).toString('utf8')) as { position: number }).position;
}
