import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acquireDataLock, dataLockHolder } from './data-lock.ts';
import { processIdentity } from './process-identity.ts';
import type { ReportLine } from './report.ts';

let folder: string;
let lines: ReportLine[];
const report = (line: ReportLine): void => void lines.push(line);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-lock-'));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('is held until it is released, and told by its pid', async () => {
  const lock = await acquireDataLock(folder, { report });
  await expect(acquireDataLock(folder)).rejects.toMatchObject({
    code: 'GV-SVC-003',
    message: `the data folder is in use by gpu-vitals with pid ${process.pid}`,
  });
  expect(await dataLockHolder(folder)).toBe(process.pid);
  lock.release();
  lock.release();
  expect(await dataLockHolder(folder)).toBeNull();
  (await acquireDataLock(folder)).release();
  expect(lines).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

it('makes the folder when it is not there', async () => {
  const lock = await acquireDataLock(join(folder, 'new/data'));
  expect(await dataLockHolder(join(folder, 'new/data'))).toBe(process.pid);
  lock.release();
});

it('refuses while another running process has it, and takes over, explaining, when that one has ended', async () => {
  const child = spawn('/bin/sh', ['-c', 'read -r _'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const identity = await processIdentity(child.pid ?? 0);
  await writeFile(join(folder, 'lock.json'), JSON.stringify(identity));
  await expect(acquireDataLock(folder, { report })).rejects.toMatchObject({ code: 'GV-SVC-003' });
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  const lock = await acquireDataLock(folder, { report });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ service: 'data', step: 'lock' });
  expect(lines[0]?.detail).toContain(`left locked by pid ${child.pid}, which no longer runs: taken over`);
  lock.release();
});

const stale = [
  { name: 'a pid that was given to another process', text: JSON.stringify({ pid: process.pid, started: 'before' }) },
  { name: 'an empty file', text: '' },
  { name: 'other text', text: 'not a lock' },
  { name: 'another shape', text: '{"pid":"x"}' },
];
it.each(stale)('takes over from $name', async ({ text }) => {
  await writeFile(join(folder, 'lock.json'), text);
  const lock = await acquireDataLock(folder, { report });
  expect(lines).toHaveLength(1);
  expect(await dataLockHolder(folder)).toBe(process.pid);
  lock.release();
});

it('lets one of many win', async () => {
  await writeFile(join(folder, 'lock.json'), 'stale');
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireDataLock(folder)));
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
});
