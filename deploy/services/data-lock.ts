import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { isRunning, processIdentity } from './process-identity.ts';
import type { Report } from './report.ts';

export interface DataLock {
  /** Gives the folder back; safe to call twice. */
  release(): void;
}

const holderSchema = z.object({ pid: z.number().int().positive(), started: z.string() });

/**
 * Takes a data folder for this process, making it when needed. Throws VitalsError GV-SVC-003 with the pid when a running
 * gpu-vitals has it. A lock that a killed one left is explained through `report` and taken over: pid and start time tell
 * it from a later process with the same pid.
 */
export async function acquireDataLock(data: string, options: { readonly report?: Report } = {}): Promise<DataLock> {
  const folder = resolve(data);
  const path = join(folder, 'lock.json');
  mkdirSync(folder, { recursive: true });
  const me = await processIdentity(process.pid);
  const mine = `${JSON.stringify(me ?? { pid: process.pid, started: 'unknown' })}\n`;
  const part = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(part, mine);
  try {
    while (!link(part, path)) {
      const theirs = read(path);
      const holder = parse(theirs);
      if (holder !== null && (await isRunning(holder))) throw held(holder.pid, folder);
      if (!setAside(path, theirs)) continue;
      const who = holder === null ? 'a lock that cannot be read' : `pid ${holder.pid}, which no longer runs`;
      options.report?.({ service: 'data', step: 'lock', detail: `${folder} was left locked by ${who}: taken over` });
    }
  } finally {
    rmSync(part, { force: true });
  }
  return {
    release() {
      if (read(path) === mine) rmSync(path, { force: true });
    },
  };
}

/** Pid of the running gpu-vitals that has the folder, or null. */
export async function dataLockHolder(data: string): Promise<number | null> {
  const holder = parse(read(join(resolve(data), 'lock.json')));
  return holder !== null && (await isRunning(holder)) ? holder.pid : null;
}

/** Whether a killed gpu-vitals left its claim behind, once it is known that no running one has the folder. */
export const hasStaleLock = (data: string, holder_pid: number | null): boolean =>
  holder_pid === null && read(join(resolve(data), 'lock.json')) !== '';

/** Removes the stale lock that was read; false, and nothing is changed, when another process was faster. */
function setAside(path: string, stale: string): boolean {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  const same = read(aside) === stale;
  if (!same) link(aside, path);
  rmSync(aside, { force: true });
  return same;
}

/** False when the target is there already. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parse(text: string): z.infer<typeof holderSchema> | null {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function held(pid: number, folder: string): VitalsError {
  return new VitalsError('GV-SVC-003', `the data folder is in use by gpu-vitals with pid ${pid}`, folder);
}
