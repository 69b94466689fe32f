import { describe, expect, it } from 'vitest';
import type { GroupReader } from './group-reader.ts';
import { MessagesAhead } from './messages-ahead.ts';

function start() {
  const open: string[] = [];
  const fails = new Map<string, (error: unknown) => void>();
  const failures: unknown[] = [];
  const time = { now: 0 };
  const readers = new Map<string, GroupReader>();
  const ahead = new MessagesAhead({
    open(group, position, onFailure) {
      const name = `${group} from ${position}`;
      open.push(name);
      fails.set(name, onFailure);
      const reader: GroupReader = {
        ready: false,
        waits_from: null,
        take: () => [],
        async stop() {
          open.splice(open.indexOf(name), 1);
        },
      };
      readers.set(name, reader);
      return reader;
    },
    onFailure: (error) => failures.push(error),
    now: () => time.now,
  });
  return { ahead, open, fails, failures, time, readers };
}

describe('reading messages ahead', () => {
  it('opens each group once, however often it is wanted, and gives it to one', () => {
    const { ahead, open, readers } = start();
    ahead.want(new Map([[3, 70]]));
    ahead.want(
      new Map([
        [3, 70],
        [4, 0],
      ]),
    );
    expect(open).toEqual(['3 from 70', '4 from 0']);
    expect(ahead.take(3, 70)).toBe(readers.get('3 from 70'));
    expect(ahead.take(3, 70)).toBeNull();
    expect(ahead.take(5, 0)).toBeNull();
    ahead.close();
    expect(open).toEqual(['3 from 70']);
  });

  it('has nothing for who begins elsewhere, and begins again where a newer state stands', () => {
    const { ahead, open, readers } = start();
    ahead.want(
      new Map([
        [3, 70],
        [4, 9],
      ]),
    );
    ahead.want(
      new Map([
        [3, 80],
        [4, 9],
      ]),
    );
    expect(open).toEqual(['4 from 9', '3 from 80']);
    expect(ahead.take(4, 0)).toBeNull();
    expect(open).toEqual(['3 from 80']);
    expect(ahead.take(3, 80)).toBe(readers.get('3 from 80'));
  });

  it('lets go of what nobody has wanted for some time', () => {
    const { ahead, open, time } = start();
    ahead.want(
      new Map([
        [3, 1],
        [4, 1],
      ]),
    );
    time.now = 4_000;
    ahead.want(new Map([[4, 1]]));
    time.now = 6_000;
    ahead.want(new Map());
    expect(open).toEqual(['4 from 1']);
  });

  it('keeps a failure to itself until somebody has the reader, and then it is theirs', () => {
    const { ahead, fails, failures } = start();
    const groups = new Map([
      [3, 1],
      [4, 1],
    ]);
    ahead.want(groups);
    fails.get('3 from 1')?.(new Error('away'));
    expect(ahead.take(3, 1)).toBeNull();
    expect(ahead.take(4, 1)).not.toBeNull();
    expect(failures).toEqual([]);
    fails.get('4 from 1')?.(new Error('gone'));
    expect(failures).toEqual([new Error('gone')]);
  });
});
