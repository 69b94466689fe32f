import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isRunning, processIdentity } from '../../deploy/services/process-identity.ts';
import { type RoleProcess, roleProcess } from './role-process.ts';

const SAYS_READY = 'console.log("ready", process.pid); setInterval(() => {}, 1000);';
const ENDS_WELL = 'process.on("SIGTERM", () => { console.log("drained"); process.exit(0); });';

let dir: string;
let ends: string[];
const started: RoleProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gpu-vitals-role-'));
  ends = [];
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.kill()));
  rmSync(dir, { recursive: true, force: true });
});

function role(script: string): RoleProcess {
  const one = roleProcess({
    name: 'role',
    args: () => ['-e', script],
    log: join(dir, 'role.log'),
    ready: /ready \d+/,
    onEnd: (how) => ends.push(how),
  });
  started.push(one);
  return one;
}

it('kills a process for good and starts it again as another', async () => {
  const one = role(ENDS_WELL + SAYS_READY);
  await one.start();
  const first = await processIdentity(one.pid ?? 0);
  await one.kill();
  expect(one.pid).toBeNull();
  expect(first !== null && (await isRunning(first))).toBe(false);
  expect(one.tail()).not.toContain('drained');
  await one.start();
  expect(one.pid).not.toBe(first?.pid);
  expect(await one.end()).toBe(0);
  expect(one.tail()).toContain('drained');
  expect(ends).toEqual([]);
});

it('ends one that stands still', async () => {
  const one = role(ENDS_WELL + SAYS_READY);
  await one.start();
  one.signal('SIGSTOP');
  expect(await one.end()).toBe(0);
});

it('tells of an end that nobody asked for, and of a start that fails', async () => {
  const one = role('console.log("ready", 1); setTimeout(() => process.exit(3), 50);');
  await one.start();
  await expect.poll(() => ends).toEqual(['role ended by itself with 3']);
  expect(await one.end()).toBeNull();
  await expect(role('console.log("no luck"); process.exit(1)').start()).rejects.toThrow(/ended before[\s\S]*no luck/);
});
