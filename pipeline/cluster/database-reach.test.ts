import { describe, expect, it } from 'vitest';
import { settableClock } from '../clock.ts';
import { memberKey } from './cluster-keys.ts';
import { DatabaseReach } from './database-reach.ts';
import { type MemberRecord, writeMember } from './unit-record.ts';

type Other = Partial<MemberRecord> & { silent?: true };

/** A worker among others, a second after the other. */
function cluster(...others: Other[]) {
  const clock = settableClock(0);
  const state = { answers: true, bus: true, others };
  let beat = 0;
  let asked = 0;
  const reach = new DatabaseReach({
    ask: async () => state.answers,
    worker: 'me',
    clock,
    keys: {
      async matching() {
        asked++;
        if (!state.bus) throw new Error('away');
        const me: Other = { worker: 'me', reaches_database: true };
        return [me, ...state.others].map(({ silent, ...told }, n) => {
          const record = { worker: `w${n}`, incarnation: 'x', state: 'here', started_at: 0, ...told } as MemberRecord;
          const value = writeMember({ ...record, beat: silent ? 1 : beat });
          return { key: memberKey(record.worker), value, revision: beat + 1 };
        });
      },
    },
  });
  return {
    reach,
    state,
    asked: () => asked,
    async pass(seconds: number) {
      for (let n = 0; n < seconds; n++) {
        clock.advance(1_000);
        beat += 5;
        await reach.look();
      }
    },
  };
}
const reaches: Other = { reaches_database: true };

describe('a way to the database', () => {
  it('is cut off after ten seconds in which others had it', async () => {
    const { reach, state, pass } = cluster(reaches);
    expect(reach.reached).toBeNull();
    await pass(3);
    expect([reach.reached, reach.cut_off]).toEqual([true, false]);
    state.answers = false;
    // Of the first look it is not known whether the others still live.
    await pass(11);
    expect([reach.reached, reach.cut_off]).toEqual([false, false]);
    await pass(1);
    expect(reach.cut_off).toBe(true);
  });

  it('is asked of others only while it does not answer', async () => {
    const { state, pass, asked } = cluster(reaches);
    await pass(60);
    expect(asked()).toBe(0);
    state.answers = false;
    await pass(2);
    expect(asked()).toBe(2);
  });

  it.each<[string, Other[]]>([
    ['nobody has it', [{ reaches_database: false }]],
    ['nobody else is there', []],
    ['all others are silent', [{ ...reaches, silent: true }]],
    [
      'all others are gone or leave',
      [
        { ...reaches, state: 'gone' },
        { ...reaches, state: 'leaving' },
      ],
    ],
    ['others are of a release that does not tell', [{}]],
  ])('is nobody to blame for when %s', async (_, others) => {
    const { reach, state, pass } = cluster(...others);
    state.answers = false;
    await pass(60);
    expect(reach.cut_off).toBe(false);
  });

  it('begins to count anew when it was away for all, or the bus did not tell', async () => {
    const { reach, state, pass } = cluster(reaches);
    state.answers = false;
    await pass(9);
    state.others = [{ reaches_database: false }];
    await pass(1);
    state.others = [reaches];
    await pass(10);
    expect(reach.cut_off).toBe(false);
    state.bus = false;
    await pass(1);
    state.bus = true;
    await pass(10);
    expect(reach.cut_off).toBe(false);
    await pass(1);
    expect(reach.cut_off).toBe(true);
  });

  it('counts again when it has answered for ten seconds without a break', async () => {
    const { reach, state, pass } = cluster(reaches);
    state.answers = false;
    await pass(12);
    state.answers = true;
    await pass(9);
    state.answers = false;
    await pass(1);
    state.answers = true;
    await pass(10);
    expect([reach.reached, reach.cut_off]).toEqual([true, true]);
    await pass(1);
    expect(reach.cut_off).toBe(false);
  });

  it('counts again at once when nobody has it any more: who is left does what can be done', async () => {
    const { reach, state, pass } = cluster(reaches);
    state.answers = false;
    await pass(12);
    expect(reach.cut_off).toBe(true);
    state.others = [{ reaches_database: false }];
    await pass(1);
    expect(reach.cut_off).toBe(false);
  });
});
