import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('LICENSES.md lists what the lockfile ships, and nothing asks for more than to be named', () => {
  const program = fileURLToPath(new URL('licences.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [program, '--check'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
