import { expect, it } from 'vitest';
import { decodePart, encodePart, type PickedPart } from './picked-parts.ts';
import { takeLog } from './take-log.ts';

const HERE = 'here';
const told = (part: Partial<PickedPart>): Uint8Array => {
  const whole = { group: 7, epoch: 3, stream: HERE, from: 10, to: 20, times: [], entries: [], ...part };
  // Pieces are spelled as `encodePart` does for what is too large.
  const text = JSON.parse(Buffer.from(encodePart(whole, 1_000)[0] as Uint8Array).toString()) as object;
  return Buffer.from(JSON.stringify({ ...text, piece: part.piece ?? 0, pieces: part.pieces ?? 1 }));
};

/** A group's subject in PICKED, with somebody who is faster now and then. */
function subject(first: Uint8Array | null, faster: readonly Uint8Array[] = []) {
  const stored = first === null ? [] : [first];
  const others = [...faster];
  return {
    stored,
    last: async () =>
      stored.length === 0 ? null : { position: stored.length, data: stored[stored.length - 1] as Uint8Array },
    async append(_: number, data: Uint8Array, after: number) {
      const other = others.shift();
      if (other !== undefined) stored.push(other);
      return after === stored.length ? stored.push(data) : null;
    },
  };
}
const ours = { unit: 7, epoch: 4 };
const take = (log: ReturnType<typeof subject>, held = () => true) => takeLog(log, ours, HERE, held);

it.each([
  { name: 'nothing', before: null, to: 0 },
  { name: 'a whole part', before: told({}), to: 20 },
  { name: 'the last piece of one', before: told({ piece: 2, pieces: 3 }), to: 20 },
  { name: 'a part that broke off: nothing of it counts', before: told({ piece: 1, pieces: 3 }), to: 10 },
  { name: 'a part of another stream', before: told({ stream: 'before' }), to: 0 },
  { name: 'what nobody can read', before: Buffer.from('?'), to: 0 },
])('knows what the fleet was told by $name, and lies behind it', async ({ before, to }) => {
  const log = subject(before);
  const at = before === null ? 1 : 2;
  expect(await take(log)).toEqual({ to, at });
  expect(decodePart(log.stored[at - 1] as Uint8Array)).toMatchObject({ group: 7, epoch: 4, from: to, to, entries: [] });
});

it('counts what whoever had the group before adds in the last moment', async () => {
  const log = subject(told({ to: 20 }), [told({ from: 20, to: 25 }), told({ from: 25, to: 30 })]);
  expect(await take(log)).toEqual({ to: 30, at: 4 });
});

it('leaves the group to somebody who has it after us', async () => {
  const log = subject(told({}), [told({ epoch: 5 })]);
  await expect(take(log)).rejects.toThrow('group-07 is in other hands');
  expect(log.stored.length).toBe(2);
});

it('says nothing when others may have it', async () => {
  const log = subject(told({}));
  await expect(take(log, () => false)).rejects.toThrow('could not say in time');
  expect(log.stored.length).toBe(1);
});
