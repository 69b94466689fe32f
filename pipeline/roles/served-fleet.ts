import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning, processIdentity } from '../../deploy/services/process-identity.ts';

/** Not in the note of `up`, which may scrape this fleet from the same data folder. */
const fileOf = (data: string): string => join(data, 'run', 'simulate.json');
const noteSchema = z.object({ pid: z.number().int().positive(), started: z.string(), fleet: z.string() });

/**
 * Notes in the data folder where `simulate` serves its fleet. The returned function takes the note back, unless it is another
 * process's by then. Throws what the disk says.
 */
export async function noteServedFleet(data: string, fleet: string): Promise<() => void> {
  const me = (await processIdentity(process.pid)) ?? { pid: process.pid, started: 'unknown' };
  const note = `${JSON.stringify({ ...me, fleet })}\n`;
  mkdirSync(join(data, 'run'), { recursive: true });
  writeFileSync(fileOf(data), note);
  return () => {
    if (read(data) === note) rmSync(fileOf(data), { force: true });
  };
}

/** Where a running `simulate` serves its fleet; null when none does: one that was killed leaves its note behind. */
export async function servedFleet(data: string): Promise<string | null> {
  try {
    const note = noteSchema.parse(JSON.parse(read(data)));
    return (await isRunning(note)) ? note.fleet : null;
  } catch {
    return null;
  }
}

function read(data: string): string {
  try {
    return readFileSync(fileOf(data), 'utf8');
  } catch {
    return '';
  }
}
