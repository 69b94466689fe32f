import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const rows = readFileSync(`${ROOT}deploy/THREATS.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| who '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

it('every claim about threats names tests, and they are there', () => {
  expect(rows.length).toBeGreaterThan(12);
  const named = rows.map(([, who, , , tests = '']) => ({
    who,
    tests: [...tests.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, path = '']) =>
      path.includes('/') ? path : `server/security/${path}`,
    ),
  }));
  expect(named.filter(({ tests }) => tests.length === 0)).toEqual([]);
  expect(named.flatMap(({ tests }) => tests).filter((path) => !existsSync(ROOT + path))).toEqual([]);
});
