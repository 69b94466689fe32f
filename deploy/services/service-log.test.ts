import { appendFileSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cutLog } from './service-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cut-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('sets aside what a program has written that goes on appending', () => {
  const path = join(folder, 'nats.log');
  const file = openSync(path, 'a');
  writeSync(file, 'one\n');
  cutLog(path, 5);
  expect(existsSync(`${path}.1`)).toBe(false);
  writeSync(file, 'two\n');
  cutLog(path, 5);
  writeSync(file, 'three\n');
  appendFileSync(path, 'four\n');
  closeSync(file);
  expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['one\ntwo\n', 'three\nfour\n']);
  expect(() => cutLog(join(folder, 'none.log'), 1)).not.toThrow();
});
