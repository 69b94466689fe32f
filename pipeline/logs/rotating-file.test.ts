import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { settableClock, systemClock } from '../clock.ts';
import { rotatingFile } from './rotating-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotate-'));
  path = join(folder, 'logs', 'a.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const numbers = (file: string): number[] => readFileSync(file, 'utf8').trimEnd().split('\n').map(Number);
const line = (n: number): string => `${String(n).padStart(9, '0')}\n`;

it('sets files aside by size, keeps so many, and loses no line in between', () => {
  const file = rotatingFile({ path, size_max_bytes: 100, kept: 2, clock: settableClock(0) });
  for (let n = 0; n < 55; n++) file.write(line(n));
  expect(readdirSync(join(folder, 'logs')).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
  expect([...numbers(`${path}.2`), ...numbers(`${path}.1`), ...numbers(path)]).toEqual(
    Array.from({ length: 25 }, (_, i) => 30 + i),
  );
});

it('is shared: whoever comes second goes on in the new file', () => {
  const clock = settableClock(0);
  const options = { path, size_max_bytes: 100, kept: 9, clock };
  const [a, b] = [rotatingFile(options), rotatingFile(options)];
  for (let n = 0; n < 40; n++) {
    (n % 3 === 0 ? a : b).write(line(n));
    clock.advance(1_000);
  }
  const files = readdirSync(join(folder, 'logs')).map((name) => join(folder, 'logs', name));
  expect(files.flatMap(numbers).sort((x, y) => x - y)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  for (const one of files) expect(readFileSync(one).length).toBeLessThanOrEqual(120);
  expect(files.length).toBeGreaterThan(2);
});

it('goes on in a file that somebody took away, within a second', () => {
  const clock = settableClock(0);
  const file = rotatingFile({ path, size_max_bytes: 1_000, kept: 1, clock });
  file.write(line(1));
  rmSync(path);
  clock.advance(1_000);
  file.write(line(2));
  expect(numbers(path)).toEqual([2]);
});

it('neither waits for a claim that was left, nor throws when nothing can be written', () => {
  const claim = `${path}.turning`;
  mkdirSync(claim, { recursive: true });
  const file = rotatingFile({ path, size_max_bytes: 20, kept: 1, clock: systemClock });
  for (let n = 0; n < 4; n++) file.write(line(n));
  expect(existsSync(`${path}.1`)).toBe(false);
  utimesSync(claim, 0, 0);
  for (let n = 4; n < 8; n++) file.write(line(n));
  expect(existsSync(claim)).toBe(false);
  expect([...numbers(`${path}.1`), ...numbers(path)].at(-1)).toBe(7);

  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'b.log'));
  const hopeless = rotatingFile({ path: join(folder, 'b.log'), size_max_bytes: 20, kept: 1, clock: systemClock });
  expect(() => hopeless.write(line(1))).not.toThrow();
});
