import { expect, it } from 'vitest';
import { type Board, maintainedBoards } from './maintained-boards.ts';

const board = (n: number, changes: Partial<Board> = {}): Board => ({
  gpu_uuid: `GPU-${n}`,
  node: 'n1',
  status: 'active',
  ...changes,
});
const EIGHT = Array.from({ length: 8 }, (_, n) => board(n));

it('a node that registered itself is not in maintenance because one of its boards is', () => {
  const boards = maintainedBoards();
  boards.told(board(0, { status: 'maintenance' }));
  expect(boards.node('n1')).toBe(false);
  boards.seen(EIGHT);
  expect(boards.node('n1')).toBe(false);
  expect([boards.all(['GPU-0']), boards.all(['GPU-0', 'GPU-1']), boards.all([])]).toEqual([true, false, false]);
  for (let n = 1; n < 8; n++) boards.told(board(n, { status: 'maintenance' }));
  expect(boards.node('n1')).toBe(true);
  boards.told(board(7));
  expect(boards.node('n1')).toBe(false);
  boards.told(board(7, { status: 'retired' }));
  expect(boards.node('n1')).toBe(true);
});

it('a board is where its labels say, whatever people told before it was moved', () => {
  const boards = maintainedBoards();
  for (const n of [0, 1]) boards.told(board(n, { node: 'shelf', status: 'maintenance' }));
  boards.seen([board(0), board(1), board(2, { node: 'n2' })]);
  expect(['n1', 'n2', 'shelf', '', 'nowhere'].map((node) => boards.node(node))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  boards.seen([board(0), board(1), board(2)]);
  expect(boards.node('n1')).toBe(false);
});

it('knows without labels what people said is in use', () => {
  const boards = maintainedBoards();
  expect([boards.none(), boards.node('n1')]).toEqual([true, false]);
  boards.told(board(0, { status: 'maintenance' }));
  boards.told(board(1));
  expect([boards.none(), boards.node('n1')]).toEqual([false, false]);
});
