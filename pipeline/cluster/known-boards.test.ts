import { expect, it } from 'vitest';
import type { Bus, BusMessage } from '../contract/bus.ts';
import type { Asset } from '../contract/events.ts';
import { GROUPS } from '../contract/ids.ts';
import { askKnown } from './known-boards.ts';

const ASSETS = [{ gpu_uuid: 'GPU-1', node: 'n1', ts: 5 }] as unknown as readonly Asset[];

/** A bus on which each worker answers with these groups; who is left out does not answer. */
function busOf(groups: Readonly<Record<string, readonly number[]>>): { bus: Bus; asked: () => number } {
  let asked = 0;
  const request = async ({ subject }: { subject: string }): Promise<BusMessage> => {
    asked++;
    const own = groups[subject.slice(subject.lastIndexOf('.') + 1)];
    if (own === undefined) throw new Error('no answer');
    const known = own.includes(3) ? [{ board: true, asset: ASSETS[0] }] : [];
    return { data: Buffer.from(JSON.stringify({ groups: own, known })) } as unknown as BusMessage;
  };
  return { bus: { request } as unknown as Bus, asked: () => asked };
}

const all = Array.from({ length: GROUPS }, (_, group) => group);

it('is what all groups tell; a worker that does not say when it saw a board means when its row was made', async () => {
  const { bus } = busOf({ a: all.slice(0, 30), b: all.slice(30) });
  const known = await askKnown(bus, () => ['a', 'b'], ASSETS, new AbortController().signal);
  expect(known).toEqual([{ board: true, asset: ASSETS[0], seen_at: 5 }]);
});

it('is not waited for by a worker that is to end', async () => {
  const { bus, asked } = busOf({ a: all.slice(0, 30) });
  await expect(askKnown(bus, () => ['a', 'b'], ASSETS, AbortSignal.abort())).rejects.toMatchObject({
    code: 'GV-BUS-001',
  });
  expect(asked()).toBe(2);
});
