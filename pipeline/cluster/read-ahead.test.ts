import { describe, expect, it } from 'vitest';
import { GroupState, type SavedGroup } from '../../operators/core/group-state.ts';
import { ReadAhead } from './read-ahead.ts';

const SAVED = new GroupState(3).save();

/** What was read, in order, and a clock that stands. */
function start(read: (name: string) => Promise<SavedGroup | string> = async () => SAVED) {
  const asked: string[] = [];
  const time = { now: 0 };
  const ahead = new ReadAhead({
    read: (name) => {
      asked.push(name);
      return read(name);
    },
    now: () => time.now,
  });
  return { ahead, asked, time };
}

describe('reading states ahead', () => {
  it('reads each once, however often it is wanted, and gives it to one', async () => {
    const { ahead, asked } = start();
    ahead.want(['a', 'b']);
    ahead.want(['a', 'b', 'c']);
    expect(await ahead.take('a')).toBe(SAVED);
    expect(await ahead.take('a')).toBeNull();
    expect(await ahead.take('unwanted')).toBeNull();
    expect(asked.sort()).toEqual(['a', 'b', 'c']);
  });

  it('waits for what is under way', async () => {
    let done: (saved: SavedGroup) => void = () => undefined;
    const { ahead } = start(
      () =>
        new Promise((resolve) => {
          done = resolve;
        }),
    );
    ahead.want(['a']);
    const taken = ahead.take('a');
    done(SAVED);
    expect(await taken).toBe(SAVED);
  });

  it.each<[string, () => Promise<string>]>([
    ['is damaged', async () => 'damaged'],
    ['is not to be had', () => Promise.reject(new Error('away'))],
  ])('has nothing of what %s: it is read again by who needs it', async (_, read) => {
    const { ahead } = start(read);
    ahead.want(['a']);
    expect(await ahead.take('a')).toBeNull();
  });

  it('forgets what nobody has wanted for some time', async () => {
    const { ahead, time } = start();
    ahead.want(['a', 'b']);
    time.now = 4_000;
    ahead.want(['b']);
    time.now = 6_000;
    ahead.want([]);
    expect(await ahead.take('a')).toBeNull();
    expect(await ahead.take('b')).toBe(SAVED);
  });
});
