import { ALERTS_STREAM, INVALID_STREAM } from '../../pipeline/bus/ensure-streams.ts';
import { storedMessages } from '../../pipeline/bus/stored-messages.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';

/** What streams hold when all is over: alerts, those of them that are there twice, and dead letters of one node. */
export interface ToldOnce {
  readonly alerts: number;
  readonly alerts_twice: number;
  readonly letters: number;
}

export async function toldOnce(bus: Bus, letters_of: string): Promise<ToldOnce> {
  const told = new Map<string, number>();
  for await (const { data } of storedMessages(bus, ALERTS_STREAM, { subject: 'alerts.>', from: 1 })) {
    const { id, state, severity } = JSON.parse(Buffer.from(data).toString('utf8')) as Alert;
    const key = `${id} ${state} ${severity}`;
    told.set(key, (told.get(key) ?? 0) + 1);
  }
  let letters = 0;
  const subject = `dcgm.invalid.*.${letters_of}`;
  for await (const _ of storedMessages(bus, INVALID_STREAM, { subject, from: 1, headers_only: true })) letters++;
  return { alerts: told.size, alerts_twice: [...told.values()].filter((n) => n > 1).length, letters };
}
