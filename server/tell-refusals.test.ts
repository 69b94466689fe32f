import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { refusalTeller } from './tell-refusals.ts';

it('tells the first of a reason at once, and the number of the others a minute later', () => {
  const clock = settableClock(0);
  const lines: unknown[] = [];
  const tell = refusalTeller((fields, text) => lines.push([fields, text]), clock);
  for (let i = 0; i < 1_000; i++) tell('handshake 403', `from ${i}`);
  tell('GV-SEC-001', 'no key');
  expect(lines).toEqual([
    [{ reason: 'handshake 403' }, 'refused: from 0'],
    [{ reason: 'GV-SEC-001' }, 'refused: no key'],
  ]);
  clock.advance(60_000);
  tell('handshake 403', 'again');
  expect(lines.slice(2)).toEqual([[{ reason: 'handshake 403', more_before: 999 }, 'refused: again']]);
  // Reasons are ours, but a limit costs nothing.
  for (let i = 0; i < 1_000; i++) tell(`reason ${i}`, '');
  expect(lines.length).toBeLessThan(70);
});
