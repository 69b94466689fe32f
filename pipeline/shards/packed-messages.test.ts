import { expect, it } from 'vitest';
import { buffersOf, type ClockedMessage, packMessages, unpackMessages } from './packed-messages.ts';

const message = (position: number, text: string, rest: Partial<ClockedMessage> = {}): ClockedMessage => ({
  subject: `dcgm.raw.07.node-${position}`,
  data: Buffer.from(text),
  content_type: 'application/vnd.gpu-vitals.scrape',
  position,
  arrived_at: 1_700_000_000_000 + position,
  event_time: 1_600_000_000_000.5 + position,
  clock: 1_650_000_000_000 + position,
  ...rest,
});

it('gives messages back as they were, after a transfer', () => {
  const whole = Buffer.from('xxGPVSyy');
  const messages = [
    message(1, 'first'),
    message(2, '', { content_type: 'text/plain' }),
    message(9_007_199_254_740_000, '{"ts":1}', { content_type: 'application/json' }),
    // A view into somebody else's chunk.
    message(4, '', { data: whole.subarray(2, 6) }),
  ];
  const packed = packMessages(messages);
  const there = structuredClone(packed, { transfer: buffersOf(packed) });
  expect(packed.bytes.length).toBe(0);
  const plain = (list: readonly ClockedMessage[]) => list.map((one) => ({ ...one, data: [...one.data] }));
  expect(plain(unpackMessages(there))).toEqual(plain(messages));
  expect(whole.toString()).toBe('xxGPVSyy');
});
