import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';

it('asks an operation as often as it is told to, from a seed', () => {
  const args = ['deploy/fuzz-api.mjs', '--cases', '1', '--seed', '7', '--operation', 'GET /api/v1/errors'];
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  expect([status, stdout.split('\n')[0]], stdout).toEqual([0, 'seed 7, 1 cases']);
  expect(stripVTControlCharacters(stdout)).toMatch(/Tests +1 passed/);
});
