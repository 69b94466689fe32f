import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetMerge, type FleetPush } from './fleet-merge.ts';
import { decodePart, encodePart, type PickedPart } from './picked-parts.ts';

const DELAY = 5;
const START = { stream: 's', position: 0, time: { began: 0, now: 0 }, delays: new Map([['peers', DELAY]]) };

interface Sent {
  readonly position: number;
  readonly group: number;
  readonly ts: number;
}

/** What a group tells of its messages, cut where `cuts` say so. */
function partsOf(sent: readonly Sent[], group: number, cuts: readonly boolean[], epoch = 1): PickedPart[] {
  const parts: PickedPart[] = [];
  let open: Sent[] = [];
  let from = 0;
  let newest = 0;
  sent
    .filter((one) => one.group === group)
    .forEach((one, i, all) => {
      open.push(one);
      if (i + 1 < all.length && cuts[i % cuts.length] !== true) return;
      parts.push({
        group,
        epoch,
        stream: 's',
        from,
        to: one.position,
        times: open.flatMap(({ position, ts }) => {
          if (ts <= newest) return [];
          newest = ts;
          return [[position, ts] as const];
        }),
        entries: open.map(({ position, ts }) => ({
          position,
          step: 'peers',
          input: 'in',
          kept: { ts, node: `n${group}`, position },
        })),
        piece: 0,
        pieces: 1,
      });
      from = one.position;
      open = [];
    });
  return parts;
}

function all(merge: FleetMerge, size: number): FleetPush[] {
  const pushes: FleetPush[] = [];
  for (let push = merge.next(size); push !== null; push = merge.next(size)) pushes.push(push);
  return pushes;
}
const told = (pushes: readonly FleetPush[]) => pushes.flatMap(({ picked }) => picked.peers ?? []);

/** As one process does it: message by message, the clock first. */
function expected(sent: readonly Sent[]): unknown[] {
  let now = 0;
  return sent.map(({ position, group, ts }) => {
    now = Math.max(now, ts);
    return { at: Math.max(ts, now - DELAY), input: 'in', kept: { ts, node: `n${group}`, position } };
  });
}

const sentMessages = fc
  .array(fc.record({ group: fc.integer({ min: 0, max: 3 }), ts: fc.integer({ min: 1, max: 40 }), gap: fc.nat(3) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((list) => {
    let position = 0;
    return list.map(({ group, ts, gap }): Sent => {
      position += 1 + gap;
      return { position, group, ts };
    });
  });
const cuts = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });

describe('what groups tell, in the order of the stream', () => {
  it('is what one process tells, however it was cut, told again and mixed', () => {
    fc.assert(
      fc.property(
        sentMessages,
        cuts,
        cuts,
        fc.array(fc.nat(1_000), { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (sent, one, other, mix, size) => {
          const merge = new FleetMerge({ ...START, onHole: () => expect.unreachable() });
          // Each group is told by two owners, the second from the beginning in other cuts.
          const queues = [0, 1, 2, 3].map((group) => [...partsOf(sent, group, one), ...partsOf(sent, group, other, 2)]);
          const pushes: FleetPush[] = [];
          const waiting = [...sent];
          for (let at = 0; queues.some(({ length }) => length > 0) || waiting.length > 0; at++) {
            const choice = (mix[at % mix.length] ?? 0) % 5;
            const any = waiting.length === 0 ? queues.find(({ length }) => length > 0) : undefined;
            const next = choice < 4 ? (queues[choice]?.shift() ?? any?.shift()) : any?.shift();
            if (next !== undefined) merge.part(next, at + 1);
            else for (const { position, group } of waiting.splice(0, 2)) merge.message(position, group);
            if (choice % 2 === 0) pushes.push(...all(merge, size));
          }
          pushes.push(...all(merge, size));
          expect(told(pushes)).toEqual(expected(sent));
          expect(merge.position).toBe(sent.at(-1)?.position);
          expect(merge.waiting).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('goes on from any position with what is read again from where it says', () => {
    fc.assert(
      fc.property(sentMessages, cuts, fc.nat(40), (sent, cut, stopAt) => {
        const parts = [0, 1, 2, 3].flatMap((group) => partsOf(sent, group, cut)).sort((a, b) => a.to - b.to);
        const first = new FleetMerge({ ...START, onHole: () => expect.unreachable() });
        const before = sent.slice(0, stopAt);
        for (const { position, group } of before) first.message(position, group);
        const heard = parts.slice(0, stopAt);
        for (const [i, part] of heard.entries()) first.part(part, i + 1);
        const pushes = all(first, 100);
        const time = pushes.at(-1)?.time ?? START.time;
        const second = new FleetMerge({ ...START, position: first.position, time, onHole: () => expect.unreachable() });
        parts.forEach((part, i) => {
          if (i + 1 >= first.read_from) second.part(part, i + 1);
        });
        for (const { position, group } of sent) if (position > first.position) second.message(position, group);
        pushes.push(...all(second, 100));
        expect(told(pushes)).toEqual(expected(sent));
      }),
      { numRuns: 300 },
    );
  });

  it('holds little of what is told ahead of a group that is behind, and loses nothing of it', () => {
    fc.assert(
      fc.property(sentMessages, cuts, fc.integer({ min: 1, max: 9 }), fc.nat(3), (sent, cut, size, behind) => {
        // All that is said in PICKED: one group speaks only when the others have told everything.
        const log = [0, 1, 2, 3]
          .flatMap((group) => partsOf(sent, group, cut))
          .sort((a, b) => Number(a.group === behind) - Number(b.group === behind) || a.to - b.to);
        const merge = new FleetMerge({ ...START, held_max: 4, onHole: () => expect.unreachable() });
        const pushes: FleetPush[] = [];
        const waiting = [...sent];
        for (let at = 1, steps = 0; merge.position < (sent.at(-1)?.position ?? 0); steps++) {
          expect(steps).toBeLessThan(10_000);
          for (const { position, group } of waiting.splice(0, 3)) merge.message(position, group);
          pushes.push(...all(merge, size));
          if (merge.lacks) at = merge.giveAgain();
          else if (log[at - 1] !== undefined && (!merge.full || merge.stuck)) {
            merge.part(log[at - 1] as PickedPart, at);
            at++;
          }
        }
        expect(told(pushes)).toEqual(expected(sent));
        expect(merge.read_from).toBeLessThanOrEqual(log.length + 1);
      }),
      { numRuns: 500 },
    );
  });

  it('takes nothing from beyond the others once it is full, and says from where it is to be given again', () => {
    const merge = new FleetMerge({ ...START, held_max: 2, onHole: () => expect.unreachable() });
    const sent = Array.from({ length: 8 }, (_, i) => ({ position: i + 1, group: i === 0 ? 1 : 0, ts: i + 1 }));
    for (const { position, group } of sent) merge.message(position, group);
    const ahead = partsOf(sent, 0, [true]);
    for (const [i, part] of ahead.entries()) merge.part(part, i + 1);
    expect([merge.full, merge.stuck, merge.lacks, merge.next(9)]).toEqual([true, true, false, null]);
    merge.part(partsOf(sent, 1, [true])[0] as PickedPart, 8);
    const before = told(all(merge, 9)).length;
    expect(before).toBeLessThan(sent.length);
    expect([merge.full, merge.lacks, merge.read_from]).toEqual([false, true, before]);
    expect(merge.giveAgain()).toBe(before);
    for (const [i, part] of ahead.entries()) if (i + 1 >= before) merge.part(part, i + 1);
    expect(told(all(merge, 9)).length).toBe(sent.length - before);
    expect(merge.read_from).toBe(8);
  });

  it('waits for a group that has not told, and for nobody where no group will', () => {
    const merge = new FleetMerge({ ...START, onHole: () => expect.unreachable() });
    merge.message(1, -1);
    merge.message(2, 7);
    expect(merge.next(10)?.position).toBe(1);
    expect(merge.next(10)).toBeNull();
    expect(merge.waits_for).toEqual({ position: 2, group: 7 });
  });

  it('tells of what is missing, and goes on', () => {
    const holes: number[][] = [];
    const merge = new FleetMerge({ ...START, onHole: (...hole) => holes.push(hole) });
    merge.message(4, 2);
    merge.message(9, 2);
    merge.part({ ...(partsOf([{ position: 9, group: 2, ts: 3 }], 2, [true])[0] as PickedPart), from: 5 }, 1);
    expect(holes).toEqual([[2, 0, 5]]);
    expect(told(all(merge, 10)).map(({ kept }) => kept.ts)).toEqual([3]);
    merge.message(12, 3);
    merge.skip();
    expect(holes.at(-1)).toEqual([3, 11, 12]);
    expect(merge.next(10)?.position).toBe(12);
  });

  it('takes a part in pieces whole or not at all', () => {
    const part = partsOf(
      Array.from({ length: 9 }, (_, i) => ({ position: i + 1, group: 0, ts: i + 1 })),
      0,
      [false],
    )[0] as PickedPart;
    const pieces = encodePart(part, 200).map((bytes) => decodePart(bytes) as PickedPart);
    expect(pieces.length).toBeGreaterThan(2);
    const merge = new FleetMerge({ ...START, onHole: () => expect.unreachable() });
    for (const position of part.entries.map((entry) => entry.position)) merge.message(position, 0);
    for (const [i, piece] of pieces.slice(0, -1).entries()) merge.part(piece, i + 1);
    expect(merge.next(100)).toBeNull();
    expect(merge.read_from).toBe(1);
    // The owner died; the next one tells all of it again.
    for (const [i, piece] of pieces.entries()) merge.part({ ...piece, epoch: 2 }, 20 + i);
    expect(told(all(merge, 100)).length).toBe(9);
    expect(merge.read_from).toBe(20 + pieces.length);
  });
});

describe('a part as bytes', () => {
  it('comes back as it was, its fields in their order', () => {
    const part = partsOf([{ position: 3, group: 1, ts: 9 }], 1, [true])[0] as PickedPart;
    const kept = { zeta: [1, { b: null }], ts: 9, a: 'ü', node: 'n' };
    const entries = Array.from({ length: 500 }, () => ({ position: 3, step: 'x', input: '', kept }));
    const back = encodePart({ ...part, entries }, 1e6).map((bytes) => decodePart(bytes));
    expect(back).toEqual([{ ...part, entries }]);
    expect(Object.keys(back[0]?.entries[0]?.kept ?? {})).toEqual(Object.keys(kept));
  });
  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another version', '{"v":2}'],
    ['a broken archive', '\u001f\u008b\u0008 broken'],
  ])('is nothing when the bytes are %s', (_, text) => {
    expect(decodePart(Buffer.from(text, 'latin1'))).toBeNull();
  });
});
